/* Writes tests/vectors/bad anew, and the two files of good/ whose bytes sennit
 * would not write. From the root of the sources:
 *
 *     make MODE=check build/check/tests/vectors/make_bad
 *     build/check/tests/vectors/make_bad
 *
 * The numbers are those of docs/FORMAT.md, section 14.
 */
#include "base/hash.h"
#include "vectors/make.h"

/* ---- bytes made up ---- */

/* A delta, or what a snapshot has of one, by its parts in hexadecimal. */
typedef struct raw {
    const char *why, *status;
    const char *ids; /* letters */
    unsigned segments_len;
    const char *segments, *heads, *refs, *counts, *extras, *text;
    unsigned flags;
} raw;

static void put_hex(sennit_buf *out, const char *hex)
{
    for (; hex != NULL && *hex != '\0'; hex++) {
        unsigned byte;

        if (*hex == ' ')
            continue;
        require(sscanf(hex, "%2x", &byte) == 1);
        buf_add(out, &(uint8_t){(uint8_t)byte}, 1);
        hex++;
    }
}

static void put_u64(sennit_buf *out, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_add(out, &(uint8_t){(uint8_t)(v >> (8 * i))}, 1);
}

static uint64_t letter(char c)
{
    return c == 'A' ? A : c == 'B' ? B : C;
}

static void put_block(sennit_buf *out, const raw *r)
{
    const char *columns[5] = {r->segments, r->heads, r->refs, r->counts, r->extras};
    sennit_buf parts[5];

    require(sn_buf_varint(out, strlen(r->ids)) == SENNIT_OK);
    require(sn_buf_varint(out, r->segments_len) == SENNIT_OK);
    for (int i = 0; i < 5; i++) {
        sennit_buf_init(&parts[i], NULL);
        put_hex(&parts[i], columns[i]);
        require(sn_buf_varint(out, parts[i].len) == SENNIT_OK);
    }
    for (const char *c = r->ids; *c != '\0'; c++)
        put_u64(out, letter(*c), 8);
    for (int i = 0; i < 5; i++) {
        buf_add(out, parts[i].data, parts[i].len);
        sennit_buf_clear(&parts[i]);
    }
}

static void put_delta(sennit_buf *out, const raw *r, const uint8_t *lineage)
{
    out->len = 0;
    put_hex(out, "d0 01");
    put_u64(out, r->flags, 1);
    if (r->flags & 2)
        buf_add(out, lineage, 16);
    put_block(out, r);
    put_hex(out, r->text);
    put_u64(out, sn_hash64(out->data, out->len, 0), 4);
}

static void put_short(sennit_buf *out, unsigned head, char author, const char *rest)
{
    out->len = 0;
    put_u64(out, head, 1);
    put_u64(out, letter(author), 8);
    put_hex(out, rest);
    put_u64(out, sn_hash64(out->data, out->len, letter(author)), 2);
}

/* Sections of a snapshot by id; NULL ends the list. */
typedef struct section {
    unsigned id;
    const char *hex; /* or what follows the operations, or their cuts if they say there are any */
    const raw *operations;
} section;

static void put_snapshot(sennit_buf *out, const section *sections, size_t n)
{
    sennit_buf body, part;

    sennit_buf_init(&body, NULL);
    sennit_buf_init(&part, NULL);
    out->len = 0;
    put_hex(out, "d5 53 45 4e 4e 49 54 01");
    put_u64(out, n, 1);
    for (size_t i = 0; i < n; i++) {
        part.len = 0;
        if (sections[i].operations != NULL) {
            put_u64(&part, sections[i].operations->flags, 1);
            if (sections[i].operations->flags & 2)
                put_hex(&part, sections[i].hex);
            put_block(&part, sections[i].operations);
        }
        if (sections[i].operations == NULL || !(sections[i].operations->flags & 2))
            put_hex(&part, sections[i].hex);
        put_u64(out, sections[i].id, 1);
        put_u64(out, part.len, 8);
        put_u64(out, sn_sum64(part.data, part.len, sections[i].id), 8);
        buf_add(&body, part.data, part.len);
    }
    put_u64(out, sn_hash64(out->data, out->len, 0), 8);
    buf_add(out, body.data, body.len);
    sennit_buf_clear(&body);
    sennit_buf_clear(&part);
}

/* ---- files ---- */

static const char *status_name(sennit_status status)
{
    switch (status) {
    case SENNIT_OK: return "OK";
    case SENNIT_ECORRUPT: return "CORRUPT";
    case SENNIT_EVERSION: return "VERSION";
    case SENNIT_ELINEAGE: return "LINEAGE";
    case SENNIT_EFORK: return "FORK";
    case SENNIT_EGONE: return "GONE";
    default: return "?";
    }
}

/* Write what has to fail, having seen that it does. */
static void bad(vector *v, const char *word, const char *why, const char *status,
                const sennit_buf *bytes)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_anchor anchor;
    sennit_doc *doc = NULL;
    sennit_buf none;
    char line[60];

    sennit_buf_init(&none, NULL);
    if (strcmp(word, "refuse-open") == 0)
        err.code = sennit_doc_load(&v->options, bytes->data, bytes->len, &doc, &err);
    else if (strcmp(word, "refuse-version") == 0)
        err.code = sennit_doc_delta(v->doc, bytes->data, bytes->len, NULL, &none, &err);
    else if (strcmp(word, "refuse-anchor") == 0)
        err.code = sennit_anchor_decode(bytes->data, bytes->len, &anchor, NULL);
    else
        err.code = sennit_doc_apply(v->doc, bytes->data, bytes->len,
                                    strcmp(word, "refuse-tabled") == 0 ? v->table : NULL, NULL, &err);
    sennit_buf_clear(&none);
    sennit_doc_free(doc);
    if (strcmp(status_name(err.code), status) != 0) {
        fprintf(stderr, "%s: %s, want %s\n", why, status_name(err.code), status);
        abort();
    }
    fprintf(v->file, "# %s\n", why);
    snprintf(line, sizeof line, "%s %s %zu", word, status, err.pos);
    vector_bytes(v, line, bytes);
}

/* A document of A: "anb" with a tilde on the n, of which the b is deleted: five
 * operations at time 1,000 and four bytes. */
static const raw base = {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 00 00",
                         .heads = "70 02", .extras = "02 00", .text = "61 c3b1 62", .flags = 2};

/* B inserts an x behind the last byte of A, at 2,000. */
static const raw plain = {.ids = "BA", .segments_len = 1, .segments = "00 d00f 00 01 00 00",
                          .heads = "10", .refs = "03", .extras = "02 02", .text = "78"};

static const uint8_t lineage[16] = "a lineage of its";

static void file_open(vector *v, const char *name, const char *about, sennit_buf *bytes)
{
    vector_open(v, name, about);
    sennit_buf_init(bytes, NULL);
    put_delta(bytes, &base, lineage);
    vector_delta(v, "delta", bytes);
}

static void file_close(vector *v, sennit_buf *bytes)
{
    vector_text(v);
    vector_close(v);
    sennit_buf_clear(bytes);
}

/* ---- deltas ---- */

#define SEG "00 d00f 00 01 00 00"  /* one record of B at 2,000 */
#define SEG2 "00 d00f 00 02 00 00" /* two */
#define ONE "BA", 1, SEG
#define TWO "BA", 1, SEG2
#define NONE NULL

static const raw bad_blocks[] = {
    {"2 a varint of two bytes for 0", "CORRUPT", "BA", 1, "00 d00f 8000 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"2 a number above 64 bits", "CORRUPT", "BA", 1, "00 ffffffffffffffffff02 00 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"2 a varint of eleven bytes", "CORRUPT", "BA", 1, "00 8080808080808080808001 00 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"2 a seq above the limit", "CORRUPT", "BA", 1, "00 d00f 00 01 f1ffffff0f 00", "10", "03", NONE, "02 02", "78", 0},
    {"2 operations that pass the limit", "CORRUPT", "BA", 1, "00 d00f 00 01 f0ffffff0f 00", "10", "03", NONE, "02 02", "78", 0},
    {"2 a number above the limit", "CORRUPT", "BA", 1, "00 d00f 00 01 f0ffffff0f 8080808004", "10", "03", NONE, "02 02", "78", 0},
    {"2 bytes that pass the limit", "CORRUPT", "BA", 1, "00 d00f 00 01 ffffffff03 ffffffff03", "10", "03", NONE, "02 02", "78", 0},
    {"2 milliseconds above the limit", "CORRUPT", "BA", 1, "00 80808080808020 00 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"2 milliseconds that add up to above the limit", "CORRUPT", "BA", 2, "00 ffffffffffff1f 00 01 00 00 00 01 00 01", "10 00", "03", NONE, "02 02", "7878", 0},
    {"8 text: a byte that is in no character", "CORRUPT", ONE, "10", "03", NONE, "02 02", "ff", 0},
    {"8 text: an overlong form", "CORRUPT", ONE, "30", "03", NONE, "02 02", "c080", 0},
    {"8 text: a surrogate", "CORRUPT", ONE, "50", "03", NONE, "02 02", "eda080", 0},
    {"8 text: above U+10FFFF", "CORRUPT", ONE, "70", "03", NONE, "02 02", "f4908080", 0},
    {"8 text: half a character", "CORRUPT", ONE, "10", "03", NONE, "02 02", "c3", 0},
    {"10 an id twice", "CORRUPT", "BB", 1, SEG, "10", "03", NONE, "02 02", "78", 0},
    {"10 a segment of an index past the ids", "CORRUPT", "BA", 1, "02 d00f 00 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"10 a record that names an index past the ids", "CORRUPT", ONE, "10", "03", NONE, "02 03", "78", 0},
    {"11 a segment without records", "CORRUPT", "BA", 1, "00 d00f 00 00 00 00", NONE, NONE, NONE, NONE, NONE, 0},
    {"11 more bytes than operations before it", "CORRUPT", "BA", 1, "00 d00f 00 01 00 01", "10", "03", NONE, "02 02", "78", 0},
    {"11 time 0", "CORRUPT", "BA", 1, "00 00 00 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"11 a counter above 65,535", "CORRUPT", "BA", 1, "00 d00f 808004 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"11 times that descend", "CORRUPT", "BA", 2, "00 d00f 05 01 00 00 01 00 04 01 05 04", "10 00", "03", NONE, "02 02", "7878", 0},
    {"11 ids that descend at one time", "CORRUPT", "BA", 2, "00 d00f 00 01 00 00 01 00 00 01 05 04", "10 00", "03", NONE, "02 02", "7878", 0},
    {"11 one time of one replica in two segments", "CORRUPT", "BA", 2, "00 d00f 00 01 00 00 00 00 00 01", "10 00", "03", NONE, "02 02", "7878", 0},
    {"12 more records than heads", "CORRUPT", TWO, "10", "03", NONE, "02 02", "78", 0},
    {"12 bytes left in heads", "CORRUPT", ONE, "10 00", "03", NONE, "02 02", "78", 0},
    {"12 bytes left in refs", "CORRUPT", ONE, "10", "03 03", NONE, "02 02", "78", 0},
    {"12 bytes left in counts", "CORRUPT", ONE, "10", "03", "00", "02 02", "78", 0},
    {"12 bytes left in extras", "CORRUPT", ONE, "10", "03", NONE, "02 02 02", "78", 0},
    {"12 bytes left in segments", "CORRUPT", "BA", 1, SEG " 00", "10", "03", NONE, "02 02", "78", 0},
    {"12 refs end too early", "CORRUPT", ONE, "10", NONE, NONE, "02 02", "78", 0},
    {"12 counts end too early", "CORRUPT", ONE, "f0", "03", NONE, "02 02", "78", 0},
    {"12 extras end too early", "CORRUPT", ONE, "10", "03", NONE, "02", "78", 0},
    {"12 segments end too early", "CORRUPT", "BA", 2, SEG, "10", "03", NONE, "02 02", "78", 0},
    {"13 the first record is foreseen", "CORRUPT", ONE, "00", NONE, NONE, NONE, "78", 0},
    {"13 foreseen behind a toggle", "CORRUPT", TWO, "10 00", "04", NONE, "06 02", "78", 0},
    {"13 foreseen below 0, behind an insert", "CORRUPT", TWO, "10 12", NONE, NONE, "02 00 10", "78", 0},
    {"13 foreseen below 0, behind a delete", "CORRUPT", TWO, "12 02", "00", NONE, "02 02", NONE, 0},
    {"13 foreseen below 0, a run towards smaller numbers", "CORRUPT", TWO, "12 33", "00", NONE, "02 02 10", NONE, 0},
    {"13 a right child below 0, behind a delete", "CORRUPT", TWO, "12 00", "00", NONE, "02 02", "78", 0},
    {"13 a place of the ring that is empty", "CORRUPT", ONE, "04", "00", NONE, NONE, "78", 0},
    {"13 the second place is still empty", "CORRUPT", TWO, "10 08", "03 00", NONE, "02 02", "7878", 0},
    {"13 named and near", "CORRUPT", ONE, "14", "03", NONE, "02 02", "78", 0},
    {"13 near, and below 0", "CORRUPT", TWO, "10 04", "03 07", NONE, "02 02", "7878", 0},
    {"13 named, and above the limit", "CORRUPT", ONE, "10", "8080808004", NONE, "02 02", "78", 0},
    {"14 an extra of 0", "CORRUPT", TWO, "10 10", "03", NONE, "02 02 00", "7878", 0},
    {"14 an insert with more", "CORRUPT", ONE, "10", "03", NONE, "03 02", "78", 0},
    {"14 an insert with a len", "CORRUPT", ONE, "10", "03", NONE, "12 02", "78", 0},
    {"14 a toggle with a len", "CORRUPT", ONE, "10", "04", NONE, "16 02", NONE, 0},
    {"14 a toggle with head bit 1", "CORRUPT", ONE, "12", "04", NONE, "06 02", NONE, 0},
    {"14 a toggle that is not named", "CORRUPT", TWO, "10 14", "03 02", NONE, "02 02 04", "78", 0},
    {"14 a toggle of the root", "CORRUPT", ONE, "10", NONE, NONE, "06 00", NONE, 0},
    {"14 two toggles in one", "CORRUPT", ONE, "30", "04", NONE, "06 02", NONE, 0},
    {"14 a left child of the root", "CORRUPT", ONE, "11", NONE, NONE, "02 00", "78", 0},
    {"14 a delete of the root", "CORRUPT", ONE, "12", NONE, NONE, "02 00", NONE, 0},
    {"15 one delete with a direction", "CORRUPT", ONE, "13", "03", NONE, "02 02", NONE, 0},
    {"15 sixty-five deletes of two bytes", "CORRUPT", ONE, "f2", "00", "39", "12 02", NONE, 0},
    {"15 a run that reaches below 0", "CORRUPT", ONE, "33", "00", NONE, "02 02", NONE, 0},
    {"15 a run that reaches above the limit", "CORRUPT", ONE, "f2", "feffffff03", "00", "02 02", NONE, 0},
    {"15 a delete of more bytes than there can be", "CORRUPT", ONE, "12", "00", NONE, "f2ffffff3f 02", NONE, 0},
    {"16 more, in a run", "CORRUPT", ONE, "32", "00", NONE, "03 02", NONE, 0},
    {"16 more, and then an insert", "CORRUPT", TWO, "12 00", "03", NONE, "03 02", "78", 0},
    {"16 more, and then a run", "CORRUPT", TWO, "12 23", "03", NONE, "03 02", NONE, 0},
    {"16 more, and then a toggle", "CORRUPT", TWO, "12 10", "03 04", NONE, "03 02 06 02", NONE, 0},
    {"16 more, and then nothing", "CORRUPT", ONE, "12", "03", NONE, "03 02", NONE, 0},
    {"16 more, and then another segment", "CORRUPT", "BA", 2, SEG " 00 01 00 01", "12 12", "03 00", NONE, "03 02 02 02", NONE, 0},
    {"15 redactions in a run", "CORRUPT", ONE, "30", "00", NONE, "0f 02", NONE, 0},
    {"15 a redaction with a flag", "CORRUPT", ONE, "11", "00", NONE, "0f 02", NONE, 0},
    {"16 more, and then a redaction", "CORRUPT", TWO, "12 10", "03 00", NONE, "03 02 0f 02", NONE, 0},
    {"16 ranges that overlap", "CORRUPT", TWO, "12 12", "01 00", NONE, "13 02 12 02", NONE, 0},
    {"16 the same range twice", "CORRUPT", TWO, "12 12", "00 00", NONE, "03 02 02 02", NONE, 0},
    {"16 a range that goes on where the one before ends", "CORRUPT", TWO, "12 12", "00 01", NONE, "03 02 12 02", NONE, 0},
    {"17 too little text", "CORRUPT", ONE, "30", "03", NONE, "02 02", "78", 0},
    {"17 too much text", "CORRUPT", ONE, "10", "03", NONE, "02 02", "7878", 0},
    {"17 an insert that begins inside a character", "CORRUPT", TWO, "10 00", "03", NONE, "02 02", "c3b1", 0},
    {"6 a flag of a later release", "VERSION", ONE, "10", "03", NONE, "02 02", "78", 4},
    {"15 a redaction that is not named", "CORRUPT", ONE, "10", NONE, NONE, "3d", NONE, 0},
    {"6 a value of a later release", "VERSION", ONE, "10", NONE, NONE, "3c", "01 61 08", 0},
    {"29 a mark that is not named", "CORRUPT", ONE, "10", NONE, NONE, "38", "01 61 01", 0},
    {"29 a mark with head bit 1", "CORRUPT", TWO, "12 10", "00 03", NONE, "0b 02 3a 02", "01 61 01", 0},
    {"29 a mark in a run", "CORRUPT", TWO, "30 10", "00 03", NONE, "0b 02 3a 02", "01 61 01", 0},
    {"29 a start that has a payload", "CORRUPT", TWO, "10 10", "00 03", NONE, "3b 02 3a 02", "01 61 01 01 61 01", 0},
    {"29 an end without a payload", "CORRUPT", TWO, "10 10", "00 03", NONE, "0b 02 0a 02", NONE, 0},
    {"29 a start without an end", "CORRUPT", ONE, "10", "00", NONE, "0b 02", NONE, 0},
    {"29 a start in another segment", "CORRUPT", "BA", 2, SEG " 00 01 00 01", "10 10", "00 03", NONE, "0b 02 3a 02", "01 61 01", 0},
    {"29 a start, and then an insert", "CORRUPT", TWO, "10 10", "00 03", NONE, "0b 02 02 02", "78", 0},
    {"29 a start, and then a start", "CORRUPT", TWO, "10 10", "00 03", NONE, "0b 02 0b 02", NONE, 0},
    {"29 a start, and then a range", "CORRUPT", TWO, "10 12", "00 03", NONE, "0b 02 02 02", NONE, 0},
    {"29 a range, and then an end", "CORRUPT", TWO, "12 10", "00 03", NONE, "03 02 3a 02", "01 61 01", 0},
    {"29 an end without a start", "CORRUPT", ONE, "10", "03", NONE, "3a 02", "01 61 01", 0},
    {"29 a set that is named", "CORRUPT", ONE, "10", "00", NONE, "3e 02", "01 61 01", 0},
    {"29 a set with a flag", "CORRUPT", ONE, "11", NONE, NONE, "3c", "01 61 01", 0},
    {"29 a set in a run", "CORRUPT", ONE, "30", NONE, NONE, "3c", "01 61 01", 0},
    {"29 a set with a place", "CORRUPT", ONE, "14", NONE, NONE, "3c", "01 61 01", 0},
    {"13 foreseen after a set", "CORRUPT", TWO, "10 00", NONE, NONE, "3c", "78 01 61 01", 0},
    {"30 too few bytes of payloads", "CORRUPT", ONE, "10", NONE, NONE, "4c", "01 61 01", 0},
    {"30 too many bytes of payloads", "CORRUPT", ONE, "10", NONE, NONE, "3c", "01 61 01 01", 0},
    {"30 a payload that is longer than it may be", "CORRUPT", ONE, "10", NONE, NONE, "bca040", "01 61 01", 0},
    {"30 a name of no bytes", "CORRUPT", ONE, "10", NONE, NONE, "3c", "00 02 02", 0},
    {"30 a name that is longer than its payload", "CORRUPT", ONE, "10", NONE, NONE, "3c", "03 61 01", 0},
    {"30 an ill-formed name", "CORRUPT", ONE, "10", NONE, NONE, "3c", "01 ff 01", 0},
    {"30 a name and no value", "CORRUPT", ONE, "10", NONE, NONE, "3c", "02 61 62", 0},
    {"30 null with content", "CORRUPT", ONE, "10", NONE, NONE, "4c", "01 61 01 00", 0},
    {"30 an integer without its digits", "CORRUPT", ONE, "10", NONE, NONE, "3c", "01 61 04", 0},
    {"30 an integer longer than needed", "CORRUPT", ONE, "10", NONE, NONE, "5c", "01 61 04 80 00", 0},
    {"30 an integer, and more", "CORRUPT", ONE, "10", NONE, NONE, "5c", "01 61 04 00 00", 0},
    {"30 a double of seven bytes", "CORRUPT", ONE, "10", NONE, NONE, "ac01", "01 61 05 00 00 00 00 00 00 00", 0},
    {"30 an ill-formed string", "CORRUPT", ONE, "10", NONE, NONE, "4c", "01 61 06 c3", 0},
    {"7 with a table, read without one", "CORRUPT", ONE, "10", "03", NONE, "02 02", "78", 1},
};

static const raw bad_here[] = {
    {"20 other text", "FORK", "A", 1, "00 e807 00 01 00 00", "70", NONE, NONE, "02 00", "61c3b163", 0},
    {"20 another time", "FORK", "A", 1, "00 d00f 00 01 00 00", "70", NONE, NONE, "02 00", "61c3b162", 0},
    {"20 another side", "FORK", "A", 1, "00 e807 00 02 00 00", "10 41", NONE, NONE, "02 00", "61c3b162", 0},
    {"20 another parent", "FORK", "A", 1, "00 e807 00 02 00 00", "50 10", "00", NONE, "02 00 02 01", "61c3b162", 0},
    {"20 an insert instead of a delete", "FORK", "A", 1, "00 e807 00 01 04 04", "10", "03", NONE, "02 01", "78", 0},
    {"20 another range", "FORK", "A", 1, "00 e807 00 01 04 04", "12", "00", NONE, "02 01", NONE, 0},
    {"20 a longer range", "FORK", "A", 1, "00 e807 00 01 04 04", "12", "00", NONE, "32 01", NONE, 0},
    {"20 a known one differs, in front of a new one", "FORK", "A", 1, "00 e807 00 02 04 04", "12 10", "00 03", NONE, "02 01 02 01", "78", 0},
    {"21 time runs backwards", "CORRUPT", "A", 1, "00 e707 00 01 05 04", "10", "03", NONE, "02 01", "78", 0},
    {"21 a number that leaves a gap", "CORRUPT", "A", 1, "00 d00f 00 01 05 05", "10", "03", NONE, "02 01", "78", 0},
    {"21 a number that is taken", "CORRUPT", "A", 1, "00 d00f 00 01 05 03", "10", "02", NONE, "02 01", "78", 0},
    {"22 older than its parent", "CORRUPT", "BA", 1, "00 e707 00 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"22 as old as its parent, by a smaller id", "CORRUPT", "CA", 1, "00 e807 00 01 00 00", "10", "03", NONE, "02 02", "78", 0},
    {"22 older than what it deletes", "CORRUPT", "BA", 1, "00 e707 00 01 00 00", "12", "00", NONE, "02 02", NONE, 0},
    {"22 older than what it toggles", "CORRUPT", "BA", 1, "00 e707 00 01 00 00", "10", "04", NONE, "06 02", NONE, 0},
    {"22 its own parent", "CORRUPT", "A", 1, "00 d00f 00 01 05 04", "10", "04", NONE, "02 01", "78", 0},
    {"22 a delete of what its author has not typed yet", "CORRUPT", "A", 1, "00 d00f 00 01 05 04", "12", "03", NONE, "12 01", NONE, 0},
    {"22 a toggle of itself", "CORRUPT", "A", 1, "00 d00f 00 01 05 04", "10", "05", NONE, "06 01", NONE, 0},
    {"23 a right child inside a character", "CORRUPT", ONE, "10", "01", NONE, "02 02", "78", 0},
    {"23 a left child inside a character", "CORRUPT", ONE, "11", "02", NONE, "02 02", "78", 0},
    {"23 a delete that ends inside a character", "CORRUPT", ONE, "12", "00", NONE, "12 02", NONE, 0},
    {"23 a delete that begins inside a character", "CORRUPT", ONE, "12", "02", NONE, "12 02", NONE, 0},
    {"23 a run of single bytes over a character", "CORRUPT", ONE, "52", "00", NONE, "02 02", NONE, 0},
    {"23 a run of two bytes each across a character", "CORRUPT", ONE, "32", "00", NONE, "12 02", NONE, 0},
    {"23 the second range cuts a character", "CORRUPT", TWO, "12 12", "00 02", NONE, "03 02 02 02", NONE, 0},
    {"23 a mark that begins inside a character", "CORRUPT", TWO, "10 11", "02 03", NONE, "0b 02 3a 02", "01 61 01", 0},
    {"23 a mark that ends inside a character", "CORRUPT", TWO, "10 11", "00 01", NONE, "0b 02 3a 02", "01 61 01", 0},
    {"22 older than what it marks", "CORRUPT", "BA", 1, "00 e707 00 02 00 00", "10 11", "00 03", NONE, "0b 02 3a 02", "01 61 01", 0},
    {"22 a mark of what its author has not typed yet", "CORRUPT", "A", 1, "00 d00f 00 02 05 04", "10 11", "00 04", NONE, "0b 01 3a 01", "01 61 01", 0},
    {"24 a toggle of an insert", "CORRUPT", ONE, "10", "00", NONE, "06 02", NONE, 0},
    {"19 another lineage", "LINEAGE", ONE, "10", "03", NONE, "02 02", "78", 2},
};

static void deltas(void)
{
    vector v;
    sennit_buf bytes;

    file_open(&v, "bad/delta", "deltas that no decoder takes", &bytes);
    for (size_t i = 0; i < sizeof bad_blocks / sizeof bad_blocks[0]; i++) {
        put_delta(&bytes, &bad_blocks[i], lineage);
        bad(&v, "refuse", bad_blocks[i].why, bad_blocks[i].status, &bytes);
    }
    bytes.len = 0;
    put_hex(&bytes, "d0 01 00 01 01 01 ff01 00 00 00");
    put_u64(&bytes, sn_hash64(bytes.data, bytes.len, 0), 4);
    bad(&v, "refuse", "12 a column longer than all there is", "CORRUPT", &bytes);
    bytes.len = 0;
    put_hex(&bytes, "d0 01 00 ffffffff0f 00 00 00 00 00 00");
    put_u64(&bytes, sn_hash64(bytes.data, bytes.len, 0), 4);
    bad(&v, "refuse", "1 more ids than bytes", "CORRUPT", &bytes);
    put_delta(&bytes, &plain, NULL);
    bytes.data[bytes.len - 1] ^= 1;
    bad(&v, "refuse", "4 a wrong checksum", "CORRUPT", &bytes);
    put_delta(&bytes, &plain, NULL);
    bytes.data[1] = 2;
    bad(&v, "refuse", "5 another format", "VERSION", &bytes);
    for (const char *first = "\x80\xd1\xd4\xff"; *first != '\0'; first++) {
        bytes.data[0] = (uint8_t)*first;
        bytes.data[1] = 1;
        bad(&v, "refuse", "3 a first byte that begins nothing", "CORRUPT", &bytes);
    }
    put_delta(&bytes, &plain, NULL);
    vector_bytes(&v, "cuts", &bytes);
    vector_bytes(&v, "flips", &bytes);
    file_close(&v, &bytes);
}

static void deltas_here(void)
{
    vector v;
    sennit_buf bytes;

    file_open(&v, "bad/delta_here", "deltas that do not fit what is known", &bytes);
    for (size_t i = 0; i < sizeof bad_here / sizeof bad_here[0]; i++) {
        put_delta(&bytes, &bad_here[i], (const uint8_t *)"another lineage.");
        bad(&v, "refuse", bad_here[i].why, bad_here[i].status, &bytes);
    }
    file_close(&v, &bytes);
}

static void tables(void)
{
    vector v;
    sennit_buf bytes;

    file_open(&v, "bad/table", "deltas through a table", &bytes);
    put_delta(&bytes, &plain, NULL);
    bad(&v, "refuse-tabled", "7 without a table, read with one", "CORRUPT", &bytes);
    put_short(&bytes, 0, 'A', "05 78");
    bad(&v, "refuse-tabled", "7 a short one without a table, read with one", "CORRUPT", &bytes);
    put_short(&bytes, 0x40, 'A', "05 78");
    bad(&v, "refuse", "7 a short one with a table, read without one", "CORRUPT", &bytes);
    for (int known = 0; known < 2; known++) {
        bytes.len = 0;
        put_hex(&bytes, "d0 01 01 01 01 06 01 00 00 02");
        put_hex(&bytes, known ? "02" : "01");
        put_u64(&bytes, B, 8);
        put_hex(&bytes, "00 d00f 00 01 00 00 10 02 00 78");
        put_u64(&bytes, sn_hash64(bytes.data, bytes.len, 0), 4);
        bad(&v, "refuse-tabled", "7 a place past the end of the table", "CORRUPT", &bytes);
        if (known)
            break;
        bytes.len = 0; /* now there is one */
        put_hex(&bytes, "40 00");
        put_u64(&bytes, A, 8);
        put_hex(&bytes, "05 78");
        put_u64(&bytes, sn_hash64(bytes.data, bytes.len, A), 2);
        vector_delta(&v, "tabled", &bytes);
    }
    bytes.len = 0;
    put_hex(&bytes, "d0 01 01 01 01 06 01 00 00 02 01");
    put_u64(&bytes, A, 8);
    put_hex(&bytes, "01 d00f 00 01 00 00 10 02 00 78");
    put_u64(&bytes, sn_hash64(bytes.data, bytes.len, 0), 4);
    bad(&v, "refuse-tabled", "7 an id that the table holds", "CORRUPT", &bytes);
    bytes.len = 0;
    put_hex(&bytes, "40 01");
    put_u64(&bytes, A, 8);
    put_hex(&bytes, "06 79");
    put_u64(&bytes, sn_hash64(bytes.data, bytes.len, A), 2);
    bad(&v, "refuse-tabled", "7 a short one with an id that the table holds", "CORRUPT", &bytes);
    bytes.len = 0;
    put_hex(&bytes, "50 00 06 00 00 79");
    put_u64(&bytes, sn_hash64(bytes.data, bytes.len, A), 2);
    bad(&v, "refuse-tabled", "18 another replica that is the author", "CORRUPT", &bytes);
    bytes.len = 0;
    put_hex(&bytes, "40 00 06 79");
    put_u64(&bytes, sn_hash64(bytes.data, bytes.len, B), 2);
    bad(&v, "refuse-tabled", "4 the checksum of another author", "CORRUPT", &bytes);
    file_close(&v, &bytes);
}

/* ---- short deltas ---- */

typedef struct short_case {
    const char *why, *status;
    unsigned head;
    const char *rest; /* behind the author, A */
} short_case;

#define NAME_A "46209e7b5a3c1d8f"
#define NAME_B "13685cd2e4917ab0"

static const short_case bad_shorts[] = {
    {"18 seq 0", "CORRUPT", 0x00, "00 78"},
    {"18 an insert with where 3", "CORRUPT", 0x18, "05 00 78"},
    {"18 a left child with where 0", "CORRUPT", 0x04, "05 78"},
    {"18 another replica that is the author, insert", "CORRUPT", 0x10, "05 " NAME_A " 00 78"},
    {"18 another replica that is the author, delete", "CORRUPT", 0x19, "05 " NAME_A " 00"},
    {"18 an insert of no bytes", "CORRUPT", 0x02, "05 00"},
    {"18 an insert of 65 bytes", "CORRUPT", 0x02,
     "05 41 78787878787878787878787878787878787878787878787878787878787878787878787878787878787878"
     "78787878787878787878787878787878787878787878"},
    {"18 a delete of no bytes", "CORRUPT", 0x05, "05 00"},
    {"18 a delete of one byte that tells so", "CORRUPT", 0x05, "05 01"},
    {"8 half a character", "CORRUPT", 0x00, "05 c3"},
    {"8 a byte that begins no character", "CORRUPT", 0x00, "05 b1"},
    {"8 an ill-formed stretch", "CORRUPT", 0x02, "05 03 61c361"},
    {"1 bytes left over", "CORRUPT", 0x00, "05 78 78"},
    {"1 a delete with bytes left over", "CORRUPT", 0x01, "05 00"},
    {"2 a seq of two bytes for 5", "CORRUPT", 0x00, "8500 78"},
    {"2 a seq above the limit", "CORRUPT", 0x00, "f1ffffff0f 78"},
    {"2 a ref above the limit", "CORRUPT", 0x08, "05 8080808004 78"},
    {"2 milliseconds above the limit", "CORRUPT", 0x20, "05 80808080808020 00 78"},
    {"11 a counter above 65,535", "CORRUPT", 0x20, "05 01 808004 78"},
    {"6 kind 3", "VERSION", 0x03, "05 78"},
    {"22 a child of itself", "CORRUPT", 0x08, "05 04 78"},
    {"22 a delete of what its author has not typed yet", "CORRUPT", 0x11, "05 04"},
    {"23 a right child inside a character", "CORRUPT", 0x08, "05 01 78"},
    {"23 a left child inside a character", "CORRUPT", 0x0c, "05 02 78"},
    {"23 a delete inside a character", "CORRUPT", 0x01, "05"},
    {"25 below 0", "CORRUPT", 0x05, "05 04"},
    {"25 behind what was inserted", "CORRUPT", 0x09, "04"},
    {"21 a new change that is as old", "CORRUPT", 0x20, "05 00 00 78"},
    {"21 a new change above the limit of time", "CORRUPT", 0x20, "05 ffffffffffff1f 00 78"},
    {"20 known, with other text", "FORK", 0x00, "03 63"},
    {"20 known, with another time", "FORK", 0x20, "03 01 00 62"},
    {"20 known, a delete of other bytes", "FORK", 0x11, "04 00"},
};

static void shorts(void)
{
    vector v;
    sennit_buf bytes;

    file_open(&v, "bad/short", "short deltas that are not taken", &bytes);
    for (size_t i = 0; i < sizeof bad_shorts / sizeof bad_shorts[0]; i++) {
        const short_case *c = &bad_shorts[i];

        put_short(&bytes, c->head, 'A', c->rest);
        bad(&v, "refuse", c->why, c->status, &bytes);
    }
    put_short(&bytes, 0, 'A', "05 78");
    bytes.data[bytes.len - 1] ^= 0x10;
    bad(&v, "refuse", "4 a wrong checksum", "CORRUPT", &bytes);
    put_short(&bytes, 0x30, 'A', "05 02 00 " NAME_B " 07 c3b1");
    vector_bytes(&v, "cuts", &bytes);
    vector_bytes(&v, "flips", &bytes);

    /* B deletes, and has nothing typed; then in two ranges; then it toggles. */
    const raw one = {.ids = "BA", .segments_len = 1, .segments = "00 d00f 00 01 00 00", .heads = "12",
                     .refs = "00", .extras = "02 02", .flags = 2};
    const raw ranges = {.ids = "BA", .segments_len = 1, .segments = "00 d00f 00 02 01 00",
                        .heads = "12 06", .refs = "03 05", .extras = "03 02", .flags = 2};
    const raw toggle = {.ids = "BA", .segments_len = 1, .segments = "00 d00f 00 01 02 00",
                        .heads = "10", .refs = "04", .extras = "06 02", .flags = 2};
    put_delta(&bytes, &one, lineage);
    vector_delta(&v, "delta", &bytes);
    put_short(&bytes, 0, 'B', "01 78");
    bad(&v, "refuse", "25 behind what was typed last, of someone who typed nothing", "CORRUPT", &bytes);
    put_delta(&bytes, &ranges, lineage);
    vector_delta(&v, "delta", &bytes);
    put_short(&bytes, 0x01, 'B', "02");
    bad(&v, "refuse", "25 beside what was deleted in several ranges", "CORRUPT", &bytes);
    put_delta(&bytes, &toggle, lineage);
    vector_delta(&v, "delta", &bytes);
    put_short(&bytes, 0x09, 'B', "03");
    bad(&v, "refuse", "25 beside a toggle", "CORRUPT", &bytes);
    file_close(&v, &bytes);
}

/* ---- snapshots ---- */

#define OPS {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 00 00", .heads = "70 02", \
             .extras = "02 00"}

static const raw good_ops = OPS;
static const raw later_ops = {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 00 00",
                              .heads = "70 02", .extras = "02 00", .flags = 8};
static const raw cut_ops = {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 00 00",
                            .heads = "70 02", .extras = "02 00", .flags = 2};

#define OPS_SET(what) {.ids = "A", .segments_len = 1, .segments = "00 e807 00 03 00 00", \
                       .heads = "70 02 10", .extras = "02 00 3c", .flags = (what)}

static const raw gap_ops = OPS_SET(4), cut_gap_ops = OPS_SET(6);

/* Payloads left out, and why they are refused: the set is the sixth operation. */
#define DIGEST "0000000000000000"
static const struct {
    const char *why, *cuts, *notes;
    const raw *ops;
} bad_gaps[] = {
    {"26 a payload left out, without cuts", NULL, "00 01", &gap_ops},
    {"26 a payload left out above the cut", "09" NAME_A "05" DIGEST, "00 01", &cut_gap_ops},
    {"26 no payloads left out", "09" NAME_A "06" DIGEST, "00 00 01 61 01", &cut_gap_ops},
    {"26 more payloads left out than there are", "09" NAME_A "06" DIGEST, "00 02", &cut_gap_ops},
    {"1 how many are left out is missing", "09" NAME_A "06" DIGEST, "00", &cut_gap_ops},
    {"1 bytes behind the payloads", "09" NAME_A "06" DIGEST, "00 01 00", &cut_gap_ops},
    {"29 a payload without a name", "09" NAME_A "06" DIGEST, "01 80 01", &cut_gap_ops},
};

/* Cuts, and why they are refused. */
static const struct {
    const char *why, *hex;
} bad_cuts[] = {
    {"26 a cut of nothing", "00"},
    {"26 a cut above what is there", "09" NAME_A "07" DIGEST},
    {"26 a cut of somebody else", "09" NAME_B "01" DIGEST},
    {"9 a cut of no operations", "09" NAME_A "00" DIGEST},
    {"1 a cut without its digest", "09" NAME_A "01"},
    {"1 a cut longer than the bytes", "7f" NAME_A "01" DIGEST},
    {"26 a cut inside a character", "09" NAME_A "02" DIGEST},
};

static const struct {
    const char *why, *status;
    raw ops;
    const char *deleted, *text;
} bad_ops[] = {
    {"26 operations before the first are missing", "CORRUPT",
     {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 01 00", .heads = "70 02", .extras = "02 00"},
     "62", "61c3b1"},
    {"26 bytes before the first are missing", "CORRUPT",
     {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 01 01", .heads = "70 02", .extras = "02 00"},
     "62", "61c3b1"},
    {"26 a parent that is not there", "CORRUPT",
     {.ids = "BA", .segments_len = 1, .segments = "00 e807 00 01 00 00", .heads = "10", .refs = "00",
      .extras = "02 02"}, NULL, "78"},
    {"26 a delete of what is not there", "CORRUPT",
     {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 00 00", .heads = "70 12", .refs = "01",
      .extras = "02 00 32 01"}, "62", "61c3b1"},
    {"26 a toggle of what is not there", "CORRUPT",
     {.ids = "BA", .segments_len = 1, .segments = "00 e807 00 01 00 00", .heads = "10", .refs = "00",
      .extras = "06 02"}, NULL, NULL},
    {"26 a parent that stands behind its child", "CORRUPT",
     {.ids = "CA", .segments_len = 2, .segments = "00 e807 00 01 00 00 01 00 00 01 00 00",
      .heads = "10 10", .refs = "00", .extras = "02 02 02 00"}, NULL, "7879"},
    {"24 a toggle of an insert", "CORRUPT",
     {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 00 00", .heads = "70 10", .refs = "00",
      .extras = "02 00 06 01"}, NULL, "61c3b162"},
    {"23 a delete that cuts a character", "CORRUPT",
     {.ids = "A", .segments_len = 1, .segments = "00 e807 00 02 00 00", .heads = "70 12", .refs = "02",
      .extras = "02 00 12 01"}, "b162", "61c3"},
    {"17 an insert that begins inside a character", "CORRUPT",
     {.ids = "A", .segments_len = 1, .segments = "00 e807 00 03 00 00", .heads = "30 20 02",
      .extras = "02 00"}, "62", "61c3b1"},
};

static void open_bad(vector *v, const char *why, const char *status, const section *sections,
                     size_t n, sennit_buf *bytes)
{
    put_snapshot(bytes, sections, n);
    bad(v, "refuse-open", why, status, bytes);
}

#define OPEN(why, status, ...)                                                           \
    open_bad(&v, why, status, (const section[]){__VA_ARGS__},                            \
             sizeof((const section[]){__VA_ARGS__}) / sizeof(section), &bytes)
#define DELETED {1, "62", NULL}
#define TEXT {2, "61c3b1", NULL}
#define OPERATIONS {3, NULL, &good_ops}

static void snapshot_heads(vector *v, sennit_buf *bytes)
{
    const section all[] = {DELETED, TEXT, OPERATIONS};
    section many[33] = {DELETED, TEXT, OPERATIONS};

    put_snapshot(bytes, all, 3);
    bytes->data[3] ^= 0x20;
    bad(v, "refuse-open", "3 a wrong magic", "CORRUPT", bytes);
    put_snapshot(bytes, all, 3);
    bytes->data[7] = 2;
    bad(v, "refuse-open", "5 another format", "VERSION", bytes);
    put_snapshot(bytes, all, 3);
    bytes->data[20] ^= 1;
    bad(v, "refuse-open", "4 a wrong checksum of the list", "CORRUPT", bytes);
    put_snapshot(bytes, all, 3);
    bytes->data[bytes->len - 1] ^= 1;
    bad(v, "refuse-open", "4 a wrong checksum of a section", "CORRUPT", bytes);
    put_snapshot(bytes, all, 3);
    put_hex(bytes, "00");
    bad(v, "refuse-open", "1 bytes left over", "CORRUPT", bytes);
    for (unsigned i = 3; i < 33; i++)
        many[i] = (section){200 + i, NULL, NULL};
    put_snapshot(bytes, many, 33);
    bad(v, "refuse-open", "26 thirty-three sections", "CORRUPT", bytes);
}

static void snapshots(void)
{
    vector v;
    sennit_buf bytes;

    vector_open(&v, "bad/snapshot", "snapshots that are not opened");
    sennit_buf_init(&bytes, NULL);
    snapshot_heads(&v, &bytes);
    OPEN("26 no text", "CORRUPT", DELETED, OPERATIONS);
    OPEN("26 no operations", "CORRUPT", DELETED, TEXT);
    OPEN("26 no deleted text", "CORRUPT", TEXT, OPERATIONS);
    for (size_t i = 0; i < sizeof bad_cuts / sizeof bad_cuts[0]; i++) {
        OPEN(bad_cuts[i].why, "CORRUPT", DELETED, TEXT, {3, bad_cuts[i].hex, &cut_ops});
    }
    OPEN("26 sections out of order", "CORRUPT", TEXT, DELETED, OPERATIONS);
    OPEN("26 a section twice", "CORRUPT", DELETED, TEXT, TEXT, OPERATIONS);
    OPEN("26 section 0", "CORRUPT", {0, NULL, NULL}, DELETED, TEXT, OPERATIONS);
    OPEN("6 a section of a later release", "VERSION", DELETED, TEXT, OPERATIONS, {5, "00", NULL});
    OPEN("26 notes of no operation", "CORRUPT", DELETED, TEXT, OPERATIONS, {4, "01 61 01", NULL});
    OPEN("26 an empty section of notes", "CORRUPT", DELETED, TEXT, OPERATIONS, {4, "", NULL});
    OPEN("6 a flag of a later release", "VERSION", DELETED, TEXT, {3, NULL, &later_ops});
    OPEN("1 bytes left in the operations", "CORRUPT", DELETED, TEXT, {3, "00", &good_ops});
    OPEN("26 visible text too short, deleted text too long", "CORRUPT", {1, "6262", NULL},
         {2, "6161", NULL}, OPERATIONS);
    OPEN("26 visible text too long, deleted text too short", "CORRUPT", {1, NULL, NULL},
         {2, "61c3b162", NULL}, OPERATIONS);
    OPEN("26 too little text of both", "CORRUPT", DELETED, {2, "6161", NULL}, OPERATIONS);
    OPEN("8 together ill-formed", "CORRUPT", {1, "b1", NULL}, TEXT, OPERATIONS);
    OPEN("26 an identity of 15 bytes", "CORRUPT", DELETED, TEXT, OPERATIONS,
         {128, NAME_A "00000000000000", NULL});
    OPEN("26 an identity from the end of time", "CORRUPT", DELETED, TEXT, OPERATIONS,
         {128, NAME_A "0000000000000080", NULL});
    for (size_t i = 0; i < sizeof bad_ops / sizeof bad_ops[0]; i++) {
        const section all[] = {{1, bad_ops[i].deleted, NULL}, {2, bad_ops[i].text, NULL},
                               {3, NULL, &bad_ops[i].ops}};

        open_bad(&v, bad_ops[i].why, bad_ops[i].status, all, 3, &bytes);
    }
    for (size_t i = 0; i < sizeof bad_gaps / sizeof bad_gaps[0]; i++)
        OPEN(bad_gaps[i].why, "CORRUPT", DELETED, TEXT, {3, bad_gaps[i].cuts, bad_gaps[i].ops},
             {4, bad_gaps[i].notes, NULL});
    put_snapshot(&bytes, (const section[]){DELETED, TEXT, OPERATIONS}, 3);
    vector_bytes(&v, "cuts-open", &bytes);
    vector_bytes(&v, "flips-open", &bytes);

    put_snapshot(&bytes, (const section[]){{1, NULL, NULL}, TEXT,
                                           {3, "09" NAME_A "05" DIGEST, &cut_ops}}, 3);
    vector_open_snapshot(&v, &bytes);
    const raw off = {.ids = "BA", .segments_len = 1, .segments = SEG, .heads = "10", .refs = "04",
                     .extras = "06 02"};
    put_delta(&bytes, &off, NULL);
    bad(&v, "refuse", "28 bring back text that is gone", "GONE", &bytes);
    vector_text(&v);
    vector_close(&v);
    sennit_buf_clear(&bytes);
}

/* ---- versions and anchors ---- */

static void others(void)
{
    static const char *const versions[][2] = {
        {"9 entries out of order", NAME_B " 01 " NAME_A " 01"},
        {"9 an entry twice", NAME_A " 01 " NAME_A " 01"},
        {"9 a count of 0", NAME_A " 00"},
        {"2 a count of two bytes for 1", NAME_A " 8100"},
        {"1 no count", NAME_A},
        {"1 half an entry", NAME_A " 01 13685c"},
    };
    static const char *const anchors[][2] = {
        {"9 side 4", "04"},
        {"1 nothing", ""},
        {"1 half a replica", "00 46209e"},
        {"1 no number", "01 " NAME_A},
        {"2 a number of two bytes for 1", "01 " NAME_A " 8100"},
    };
    vector v;
    sennit_buf bytes;

    file_open(&v, "bad/version", "versions and anchors", &bytes);
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        bytes.len = 0;
        put_hex(&bytes, versions[i][1]);
        bad(&v, "refuse-version", versions[i][0], "CORRUPT", &bytes);
    }
    for (size_t i = 0; i < sizeof anchors / sizeof anchors[0]; i++) {
        bytes.len = 0;
        put_hex(&bytes, anchors[i][1]);
        bad(&v, "refuse-anchor", anchors[i][0], "CORRUPT", &bytes);
    }
    file_close(&v, &bytes);
}

/* ---- good ones that sennit would write otherwise ---- */

static const raw forms[] = {
    {"as old as its parent, but by a greater id; runs in pieces; an id that nobody uses", "OK", "BCA", 1, "00 e807 00 03 00 00", "10 00 00", "03", NONE, "02 03", "787979", 0},
    {"named, though it is foreseen", "OK", "B", 1, "00 b817 00 01 03 03", "10", "02", NONE, "02 01", "7a", 0},
    {"named, though it is near", "OK", "BA", 1, "00 a01f 00 02 04 04", "10 10", "00 00", NONE, "02 02 02 02", "3132", 0},
    {"near, though it is foreseen", "OK", "B", 1, "00 8827 00 02 06 06", "10 04", "05 02", NONE, "02 01", "3132", 0},
    {"nothing", "OK", "", 0, NONE, NONE, NONE, NONE, NONE, NONE, 2},
    {"what is known in front", "OK", "A", 1, "00 e807 00 03 00 00", "70 02 10", "00", NONE, "02 00 02 01", "61c3b16278", 0},
};

static void other_forms(void)
{
    vector v;
    sennit_buf bytes;

    file_open(&v, "good/other_forms", "valid bytes that are not canonical", &bytes);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        fprintf(v.file, "# %s\n", forms[i].why);
        put_delta(&bytes, &forms[i], lineage);
        vector_delta(&v, "other", &bytes);
        vector_text(&v);
    }
    fprintf(v.file, "# short: one character as a stretch, typed on but told by its place\n");
    put_short(&bytes, 0x02, 'A', "06 01 79");
    vector_delta(&v, "other", &bytes);
    put_short(&bytes, 0x08, 'A', "07 05 7a");
    vector_delta(&v, "other", &bytes);
    vector_tell(&v);
    fprintf(v.file, "# a section that may be skipped, and has no good checksum\n");
    put_snapshot(&bytes, (const section[]){DELETED, TEXT, OPERATIONS, {200, "001122", NULL}}, 4);
    bytes.data[bytes.len - 1] ^= 1;
    vector_open_snapshot(&v, &bytes);
    vector_tell(&v);
    vector_close(&v);
    sennit_buf_clear(&bytes);
}

/* What waits and turns out to be at fault is dropped alone. */
static void dropped(void)
{
    const raw older = {.ids = "BA", .segments_len = 1, .segments = "00 e707 00 01 00 00",
                       .heads = "10", .extras = "02 02", .refs = "03", .text = "78"};
    const raw inside = {.ids = "CA", .segments_len = 1, .segments = SEG, .heads = "10",
                        .extras = "02 02", .refs = "01", .text = "78"};
    vector v;
    sennit_buf bytes;

    vector_open(&v, "good/dropped", "what waits and turns out to be at fault is dropped alone");
    sennit_buf_init(&bytes, NULL);
    fprintf(v.file, "# older than its parent, which is not here yet\n");
    put_delta(&bytes, &older, lineage);
    vector_delta(&v, "other", &bytes);
    vector_waiting(&v);
    fprintf(v.file, "# a child inside a character that is not here yet\n");
    put_delta(&bytes, &inside, lineage);
    vector_delta(&v, "other", &bytes);
    vector_waiting(&v);
    put_delta(&bytes, &base, lineage);
    vector_delta(&v, "delta", &bytes);
    vector_waiting(&v);
    vector_tell(&v);
    vector_close(&v);
    sennit_buf_clear(&bytes);
}

int main(void)
{
    deltas();
    deltas_here();
    tables();
    shorts();
    snapshots();
    others();
    other_forms();
    dropped();
    return 0;
}
