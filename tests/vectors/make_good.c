/* Writes tests/vectors/good anew, always the same. From the root of the sources:
 *
 *     make MODE=check build/check/tests/vectors/make_good
 *     build/check/tests/vectors/make_good
 */
#include "vectors/make.h"

#define START UINT64_C(1700000000000)
#define AUTHORS 3
#define SENT 200

/* Writers, and what each has sent. Everything goes to the file at once, to the
 * other writers when give() says so. */
typedef struct scene {
    vector v;
    rng chance;
    sennit_doc *author[AUTHORS];
    uint64_t sent[AUTHORS];   /* operations */
    uint64_t now;
    bool tabled;
    sennit_table *table;
    sennit_buf delta;
} scene;

static const uint64_t ids[AUTHORS] = {A, B, C};

static sennit_doc *author_new(scene *s, uint64_t id)
{
    sennit_options options = {.size = sizeof options, .random = rng_random,
                              .random_self = &s->chance, .replica = id};

    return doc_new(&options);
}

static void scene_open(scene *s, const char *name, const char *about)
{
    char path[100];

    *s = (scene){.chance = rng_seed(7), .now = START};
    snprintf(path, sizeof path, "good/%s", name);
    vector_open(&s->v, path, about);
    sennit_buf_init(&s->delta, NULL);
    require(sennit_table_new(NULL, &s->table) == SENNIT_OK);
    for (int i = 0; i < AUTHORS; i++)
        s->author[i] = author_new(s, ids[i]);
}

static void scene_close(scene *s)
{
    for (int i = 0; i < AUTHORS; i++)
        sennit_doc_free(s->author[i]);
    sennit_table_free(s->table);
    sennit_buf_clear(&s->delta);
    vector_close(&s->v);
}

/* Tell all about the end, and close. */
static void scene_end(scene *s)
{
    vector_tell(&s->v);
    scene_close(s);
}

static void pass_time(scene *s, uint64_t ms)
{
    s->now += ms;
}

static void type(scene *s, int i, size_t pos, const char *text)
{
    sennit_doc_set_time(s->author[i], s->now);
    require(sennit_doc_insert(s->author[i], pos, text, strlen(text)) == SENNIT_OK);
}

static void take(scene *s, int i, size_t pos, size_t n)
{
    sennit_doc_set_time(s->author[i], s->now);
    require(sennit_doc_delete(s->author[i], pos, n) == SENNIT_OK);
}

/* What an author did since it sent something. */
static void fetch(scene *s, int i)
{
    s->delta.len = 0;
    require(sennit_doc_own_delta(s->author[i], s->sent[i], s->tabled ? s->table : NULL,
                                 &s->delta) == SENNIT_OK);
    s->sent[i] = sennit_doc_own_count(s->author[i]);
}

static void send(scene *s, int i)
{
    fetch(s, i);
    vector_delta(&s->v, s->tabled ? "tabled" : "delta", &s->delta);
}

/* An author gets all that was sent. */
static void give(scene *s, int i)
{
    doc_catch_up(s->author[i], s->v.doc);
}

/* Each edit sent alone. */
static void keys(scene *s, int i, size_t pos, const char *text)
{
    for (size_t at = 0, n; text[at] != '\0'; at += n, pos += n) {
        char c[5] = "";

        n = (uint8_t)text[at] < 0x80 ? 1 : (uint8_t)text[at] < 0xe0 ? 2
          : (uint8_t)text[at] < 0xf0 ? 3 : 4;
        memcpy(c, text + at, n);
        type(s, i, pos, c);
        send(s, i);
    }
}

static void takes(scene *s, int i, size_t pos, size_t n, const size_t *lens, bool back)
{
    for (size_t k = 0; k < n; k++) {
        if (back)
            pos -= lens[k];
        take(s, i, pos, lens[k]);
        send(s, i);
    }
}

/* ---- single writers ---- */

static void empty(void)
{
    scene s;

    scene_open(&s, "empty", "nothing at all");
    s.delta.len = 0;
    vector_delta(&s.v, "delta", &s.delta);
    scene_end(&s);
}

static void one_key(void)
{
    scene s;

    scene_open(&s, "one_key", "one character");
    keys(&s, 0, 0, "a");
    scene_end(&s);
}

static void typing(void)
{
    static const size_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    scene s;

    scene_open(&s, "typing", "a stream of keystrokes: typing, backspacing, typing before what is there,\n"
                             "# deleting forward, a pause that begins a new change");
    keys(&s, 0, 0, "hello wrld");
    takes(&s, 0, 10, 3, ones, true);
    keys(&s, 0, 7, "orld!");
    vector_text(&s.v);
    keys(&s, 0, 0, "<");
    keys(&s, 0, 1, "p>");
    pass_time(&s, 25000);
    takes(&s, 0, 0, 3, ones, false);
    vector_text(&s.v);
    keys(&s, 0, 5, ",");
    takes(&s, 0, 6, 2, ones, true);
    keys(&s, 0, 4, "\n");
    scene_end(&s);
}

static void backwards(void)
{
    scene s;

    scene_open(&s, "backwards", "each character typed before the last");
    for (const char *c = "sdrawkcab"; *c != '\0'; c++) {
        char one[2] = {*c, '\0'};

        type(&s, 0, 0, one);
        send(&s, 0);
    }
    scene_end(&s);
}

static void retyping(void)
{
    scene s;

    scene_open(&s, "retyping", "words selected and typed anew, one delta for all and one each");
    type(&s, 0, 0, "one two three four five");
    send(&s, 0);
    for (int i = 0; i < 3; i++) {
        take(&s, 0, 4, 3);
        type(&s, 0, 4, i % 2 ? "owt" : "zwo");
    }
    send(&s, 0);
    take(&s, 0, 14, 4);
    send(&s, 0);
    type(&s, 0, 14, "IIII");
    send(&s, 0);
    type(&s, 0, 14, "[");
    take(&s, 0, 19, 5);
    send(&s, 0);
    scene_end(&s);
}

static void pasting(void)
{
    scene s;
    char text[300];

    scene_open(&s, "pasting", "inserts of many lengths: short deltas of up to 64 bytes, long ones above");
    type(&s, 0, 0, "x");
    send(&s, 0);
    for (size_t n = 2; n < sizeof text; n = n * 2 - 1) {
        memset(text, 'a' + (int)(n % 26), n);
        text[n] = '\0';
        type(&s, 0, n % 2, text);
        send(&s, 0);
    }
    memset(text, 'Z', 64);
    text[64] = '\0';
    type(&s, 0, 0, text);
    send(&s, 0);
    scene_end(&s);
}

static void characters(void)
{
    scene s;

    scene_open(&s, "characters", "of one to four bytes, typed and deleted either way");
    keys(&s, 0, 0, "n\xc3\xa4h \xe2\x82\xac\xf0\x9f\x99\x82\xe4\xb8\xad");
    vector_text(&s.v);
    takes(&s, 0, 15, 1, (const size_t[]){3}, true);
    takes(&s, 0, 12, 1, (const size_t[]){4}, true);
    keys(&s, 0, 8, "\xf0\x9f\x8f\xb4\xc3\xbc");
    takes(&s, 0, 1, 1, (const size_t[]){2}, false);
    takes(&s, 0, 3, 2, (const size_t[]){3, 4}, false);
    keys(&s, 0, 3, "\xc3\xa4\xc3\xb6\xc3\xbc");
    takes(&s, 0, 3, 3, (const size_t[]){2, 2, 2}, false);
    give(&s, 1);
    type(&s, 1, 1, "\xc3\xa4");
    send(&s, 1);
    take(&s, 1, 1, 2);
    send(&s, 1);
    scene_end(&s);
}

/* Runs of deletes of two bytes each stand for 64 at most. */
static void wide_runs(void)
{
    scene s;
    sennit_buf since;
    uint8_t version[10] = {0x46, 0x20, 0x9e, 0x7b, 0x5a, 0x3c, 0x1d, 0x8f, 0, 0};

    scene_open(&s, "wide_runs", "150 characters of two bytes, backspaced one by one; deltas that begin within\n"
                                "# a character, and within a run");
    for (int i = 0; i < 150; i++)
        type(&s, 0, (size_t)i * 2, "\xc3\xa4");
    send(&s, 0);
    for (size_t i = 149; i >= 10; i--)
        take(&s, 0, i * 2, 2);
    send(&s, 0);
    take(&s, 0, 0, 2);
    take(&s, 0, 0, 2);
    take(&s, 0, 2, 2);
    send(&s, 0);
    sennit_buf_init(&since, NULL);
    for (unsigned count = 296; count < 443; count += 29) {
        version[8] = (uint8_t)(count | 0x80);
        version[9] = (uint8_t)(count >> 7);
        since.len = 0;
        buf_add(&since, version, sizeof version);
        vector_since(&s.v, &since);
    }
    sennit_buf_clear(&since);
    scene_end(&s);
}

/* Places near and far, so that each way to tell a ref is used. */
static void places(void)
{
    scene s;
    char text[1200];
    static const size_t at[] = {900, 100, 899, 101, 500, 898, 102, 499, 1000, 100, 897, 700, 701, 20};

    scene_open(&s, "places", "edits that go to and fro between places");
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)(i % 60 == 59 ? '\n' : 'a' + (int)(i * 7 % 26));
    text[sizeof text - 1] = '\0';
    type(&s, 0, 0, text);
    send(&s, 0);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        if (i % 3 == 2)
            take(&s, 0, at[i], 2);
        else
            type(&s, 0, at[i], i % 2 ? "-" : "+++++++++");
    }
    send(&s, 0);
    give(&s, 1);
    for (size_t i = sizeof at / sizeof at[0]; i-- > 0;) {
        type(&s, 1, at[i], "B");
        take(&s, 1, at[i] + 1, 1);
    }
    send(&s, 1);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 3; k > 0; k--)
            take(&s, 1, 300 * i % 700 + k, 1);
    send(&s, 1);
    scene_end(&s);
}

static void changes(void)
{
    scene s;
    sennit_buf since;

    scene_open(&s, "changes", "several changes of each of two writers, and what some versions lack");
    sennit_buf_init(&since, NULL);
    for (size_t i = 0; i < 6; i++) {
        type(&s, (int)i % 2, 0, i % 2 ? "bbb" : "aaa");
        send(&s, (int)i % 2);
        give(&s, 0);
        give(&s, 1);
        type(&s, (int)i % 2, 2, "+");
        send(&s, (int)i % 2);
        pass_time(&s, i % 3 * 20000);
        if (i == 2)
            doc_version(s.v.doc, &since);
    }
    vector_since(&s.v, &since);
    since.len = 0;
    buf_add(&since, "\x99\x88\x77\x66\x55\x44\x33\x22\x05", 9); /* nobody here */
    buf_add(&since, "\x46\x20\x9e\x7b\x5a\x3c\x1d\x8f\x02", 9);
    vector_since(&s.v, &since);
    sennit_buf_clear(&since);
    scene_end(&s);
}

/* ---- several writers ---- */

static void concurrent(void)
{
    scene s;

    scene_open(&s, "concurrent", "two at one place: both forward, both backward, one each, at either end");
    type(&s, 0, 0, "[]");
    send(&s, 0);
    give(&s, 1);
    for (size_t round = 0; round < 4; round++) {
        for (size_t k = 0; k < 3; k++) {
            type(&s, 0, round & 1 ? 1 : 1 + k, &"c\0b\0a"[2 * (round & 1 ? k : 2 - k)]);
            send(&s, 0);
            type(&s, 1, round & 2 ? 1 : 1 + k, &"3\0002\0001"[2 * (round & 2 ? k : 2 - k)]);
            send(&s, 1);
        }
        give(&s, 0);
        give(&s, 1);
        vector_text(&s.v);
    }
    scene_end(&s);
}

static void roots(void)
{
    scene s;

    scene_open(&s, "roots", "three begin the same empty document: children of the root");
    type(&s, 0, 0, "first");
    send(&s, 0);
    give(&s, 1);
    give(&s, 2); /* for its lineage; then without knowing anything: */
    for (int i = 1; i < 3; i++) {
        memcpy(s.author[i]->lineage, s.author[0]->lineage, 16);
        sennit_doc_free(s.author[i]);
        s.author[i] = author_new(&s, ids[i]);
        sn_doc_set_lineage(s.author[i], s.author[0]->lineage);
        pass_time(&s, 1);
        type(&s, i, 0, i == 1 ? "second" : "third");
        send(&s, i);
        type(&s, i, 0, "^");
        send(&s, i);
    }
    scene_end(&s);
}

static void ranges(void)
{
    scene s;

    scene_open(&s, "ranges", "deletes of several ranges");
    type(&s, 0, 0, "aaaaaaaaaa");
    send(&s, 0);
    give(&s, 1);
    for (size_t i = 0; i < 5; i++)
        type(&s, 1, 2 + 3 * i, "BB");
    send(&s, 1);
    give(&s, 0);
    take(&s, 0, 1, 9);
    send(&s, 0);
    type(&s, 0, 1, "x");
    take(&s, 0, 0, 5);
    send(&s, 0);
    take(&s, 1, 5, 10);
    take(&s, 1, 1, 3);
    send(&s, 1);
    scene_end(&s);
}

static void overlap(void)
{
    scene s;

    scene_open(&s, "overlap", "deletes of the same bytes by several");
    type(&s, 0, 0, "0123456789");
    send(&s, 0);
    give(&s, 1);
    give(&s, 2);
    take(&s, 0, 2, 5);
    take(&s, 1, 4, 5);
    take(&s, 2, 1, 8);
    for (int i = 0; i < 3; i++)
        send(&s, i);
    scene_end(&s);
}

/* A toggle of (replica, seq), which no public call makes. */
static void toggle(scene *s, uint64_t by, uint32_t seq, uint64_t ms, uint64_t replica, uint32_t target,
                   bool on)
{
    uint64_t names[2] = {by, replica};
    sn_op op = {.kind = SN_TOGGLE, .flag = on, .seq = seq, .n = 1, .ref = target,
                .ref_replica = by != replica};
    sn_segment segment = {.seq = seq, .n = 1, .hlc = ms << 16};
    sn_batch batch = {.ids = names, .segments = &segment, .ops = &op,
                      .ids_len = by != replica ? 2 : 1, .segments_len = 1, .ops_len = 1};

    vector_made_up(&s->v, true, &batch, &s->delta);
    vector_delta(&s->v, "delta", &s->delta);
    vector_text(&s->v);
}

static void toggles(void)
{
    const uint64_t d = UINT64_C(0x00d15c0de0ddba11);
    scene s;

    scene_open(&s, "toggles", "deletes switched off and on; one of a run, one of several ranges, one that\n"
                              "# another delete overlaps; the greatest key decides");
    type(&s, 0, 0, "0123456789");
    for (size_t i = 0; i < 3; i++)
        take(&s, 0, 8 - i, 1);
    send(&s, 0);
    give(&s, 1);
    type(&s, 1, 3, "xyz");
    send(&s, 1);
    give(&s, 0);
    take(&s, 0, 2, 5);
    send(&s, 0);
    take(&s, 1, 0, 4);
    send(&s, 1);
    vector_text(&s.v);
    toggle(&s, d, 0, START + 100000, A, 11, false); /* the second of a run of three */
    toggle(&s, d, 1, START + 110000, A, 13, false);
    toggle(&s, d, 2, START + 120000, B, 3, false);
    toggle(&s, C, 0, START + 115000, B, 3, true);   /* older: does not decide */
    toggle(&s, d, 3, START + 130000, A, 13, true);
    scene_end(&s);
}

static const sennit_value yes = {.type = SENNIT_BOOL, .integer = 1};

static sennit_value string(const char *text)
{
    return (sennit_value){.type = SENNIT_STRING, .data = text, .len = strlen(text)};
}

static void mark(scene *s, int i, size_t pos, size_t n, const char *name, const sennit_value *value,
                 bool grows)
{
    sennit_doc_set_time(s->author[i], s->now);
    require(sennit_mark_add(s->author[i], pos, n, name, strlen(name), value,
                            grows ? SENNIT_MARK_GROWS : 0) == SENNIT_OK);
}

static void set(scene *s, int i, const char *key, sennit_value value)
{
    sennit_doc_set_time(s->author[i], s->now);
    require(sennit_meta_set(s->author[i], key, strlen(key), &value) == SENNIT_OK);
}

/* How the text looks, and what is known of it. */
static void tell_rich(scene *s)
{
    s->v.buf.len = 0;
    show_rich(s->v.doc, &s->v.buf);
    fprintf(s->v.file, "%.*s", (int)s->v.buf.len, (const char *)s->v.buf.data);
}

static void marks(void)
{
    const sennit_value url = string("https://example.org/"), h1 = string("h1"), image = string("a.png");
    const uint64_t d = UINT64_C(0x00d15c0de0ddba11);
    scene s;

    scene_open(&s, "marks", "bold that grows, links that do not, comments that overlap; to the end of the\n"
                            "# document; taken off; blocks and an embed; typed beside deleted ends, one of\n"
                            "# which no gap suits; switched off and on");
    type(&s, 0, 0, "The Peritext editor\n");
    mark(&s, 0, 0, 12, "strong", &yes, true);
    mark(&s, 0, 4, 8, "link", &url, false);
    mark(&s, 0, 13, 7, "em", &yes, true);
    send(&s, 0);
    give(&s, 1);
    mark(&s, 1, 4, 15, "comment:1", &(sennit_value){.type = SENNIT_INT, .integer = -7}, false);
    mark(&s, 0, 0, 9, "comment:2", &(sennit_value){.type = SENNIT_NULL}, false);
    mark(&s, 1, 4, 8, "strong", NULL, true);
    send(&s, 1);
    send(&s, 0);
    tell_rich(&s);
    give(&s, 0);
    give(&s, 1);
    pass_time(&s, 20000);
    take(&s, 1, 9, 3);
    type(&s, 1, 9, "!");
    require(sennit_mark_block(s.author[1], 0, &h1) == SENNIT_OK);
    require(sennit_mark_split(s.author[1], 4) == SENNIT_OK);
    require(sennit_mark_embed(s.author[1], 0, &image) == SENNIT_OK);
    send(&s, 1);
    tell_rich(&s);
    give(&s, 0);
    type(&s, 0, 0, "L12N");
    mark(&s, 0, 0, 3, "link", &yes, false);
    mark(&s, 0, 1, 3, "u", &yes, true);
    take(&s, 0, 1, 2);
    type(&s, 0, 1, "q");
    send(&s, 0);
    tell_rich(&s);
    toggle(&s, d, 0, START + 100000, A, 22, false);
    toggle(&s, d, 1, START + 110000, A, 20, false);
    toggle(&s, d, 2, START + 120000, A, 22, true);
    tell_rich(&s);
    scene_end(&s);
}

static void metadata(void)
{
    const uint64_t d = UINT64_C(0x00d15c0de0ddba11);
    scene s;

    scene_open(&s, "metadata", "values of every type; the later counts; one deleted, one switched off");
    set(&s, 0, "title", string("Ol\xc3\xa9"));
    set(&s, 0, "none", (sennit_value){.type = SENNIT_NULL});
    set(&s, 0, "yes", yes);
    set(&s, 0, "no", (sennit_value){.type = SENNIT_BOOL});
    set(&s, 0, "least", (sennit_value){.type = SENNIT_INT, .integer = INT64_MIN});
    set(&s, 0, "half", (sennit_value){.type = SENNIT_DOUBLE, .number = 0.5});
    set(&s, 0, "data", (sennit_value){.type = SENNIT_DATA, .data = "\0\xff", .len = 2});
    set(&s, 0, "empty", string(""));
    send(&s, 0);
    give(&s, 1);
    pass_time(&s, 20000);
    set(&s, 1, "title", string("later"));
    require(sennit_meta_delete(s.author[1], "yes", 3) == SENNIT_OK);
    pass_time(&s, 5);
    set(&s, 0, "title", string("last"));
    type(&s, 0, 0, "text");
    send(&s, 1);
    send(&s, 0);
    tell_rich(&s);
    toggle(&s, d, 0, START + 100000, A, 8, false);
    tell_rich(&s);
    scene_end(&s);
}

/* What is left out of a compacted snapshot: `save live` has all cuts raised. */
static void superseded(void)
{
    static const char *const names[] = {"a", "b", "C"};
    scene s;

    scene_open(&s, "superseded", "marks under newer ones of their names, one of which was switched off");
    type(&s, 0, 0, "abcdefghij");
    for (size_t i = 0; i < 40; i++) {
        const size_t from = 7 * i % 9, len = 1 + 5 * i % (10 - from);
        const sennit_value value = {.type = SENNIT_INT, .integer = (int64_t)i};

        mark(&s, 0, from, len, names[i % 3], &value, i % 2 == 0);
    }
    set(&s, 0, "a", yes);
    set(&s, 0, "a", string("b"));
    send(&s, 0);
    tell_rich(&s);
    toggle(&s, UINT64_C(0x00d15c0de0ddba11), 0, START + 100000, A, 48, false);
    tell_rich(&s);
    scene_end(&s);
}

/* What sennit itself does rarely: a right child where a delete ended. */
static void foreseen(void)
{
    uint64_t names[2] = {B, A};
    sn_op ops[3] = {{.kind = SN_DELETE, .seq = 0, .n = 2, .ref_replica = 1, .ref = 3, .len = 1},
                    {.kind = SN_INSERT, .seq = 2, .n = 2, .ref_replica = 1, .ref = 2},
                    {.kind = SN_DELETE, .seq = 4, .n = 1, .ref_replica = 0, .ref = 1, .len = 1}};
    sn_segment segment = {.n = 3, .hlc = (START + 1) << 16, .text = (const uint8_t *)"xy"};
    sn_batch batch = {.ids = names, .segments = &segment, .ops = ops, .ids_len = 2, .segments_len = 1,
                      .ops_len = 3};
    scene s;

    scene_open(&s, "foreseen", "a right child of the byte before what was deleted");
    type(&s, 0, 0, "abcdef");
    send(&s, 0);
    vector_made_up(&s.v, true, &batch, &s.delta);
    vector_delta(&s.v, "delta", &s.delta);
    scene_end(&s);
}

static void seeds(void)
{
    scene s;
    sennit_doc *doc;

    scene_open(&s, "seeds", "a document that begins with a text everybody has");
    vector_seed(&s.v, "notes/\xc3\xa4.txt", "Seeded \xe2\x82\xac\nby \"nobody\" \\ all\n");
    sennit_doc_free(s.author[0]);
    require(sennit_doc_fork(s.v.doc, &(sennit_options){.size = sizeof(sennit_options), .replica = A,
                                                       .random = rng_random,
                                                       .random_self = &s.chance}, &doc) == SENNIT_OK);
    s.author[0] = doc;
    type(&s, 0, 0, "> ");
    send(&s, 0);
    take(&s, 0, 5, 3);
    send(&s, 0);
    type(&s, 0, 5, "k");
    send(&s, 0);
    scene_end(&s);

    scene_open(&s, "seeds_empty", "a document that begins with no text has a lineage all the same");
    vector_seed(&s.v, "", "");
    scene_end(&s);
}

/* ---- tables ---- */

static void table(void)
{
    scene s;

    scene_open(&s, "table", "three writers whose deltas go through one connection with a table");
    s.tabled = true;
    keys(&s, 0, 0, "ab");
    give(&s, 1);
    keys(&s, 1, 1, "12");
    give(&s, 2);
    for (int i = 0; i < 3; i++) {
        keys(&s, 2, 2, "x");
        give(&s, 0);
        keys(&s, 0, 1, "y");
        take(&s, 0, 4, 1);
        send(&s, 0);
        take(&s, 2, 3, 1);
        send(&s, 2);
        pass_time(&s, 11000);
    }
    type(&s, 1, 0, "B");
    take(&s, 1, 2, 2);
    send(&s, 1);
    scene_end(&s);
}

/* More writers than a table holds. */
static void table_full(void)
{
    scene s;

    scene_open(&s, "table_full", "more writers than a table holds");
    s.tabled = true;
    keys(&s, 0, 0, "a");
    for (uint64_t i = 0; i < 130; i++) {
        sennit_doc_free(s.author[1]);
        s.author[1] = author_new(&s, i < 128 ? B + i : B + 2 * (i - 100));
        give(&s, 1);
        s.sent[1] = sennit_doc_own_count(s.author[1]);
        if (i % 2 == 0 || i > 120)
            keys(&s, 1, 1 + i % 3, i % 26 == 0 ? "\n" : "b");
        else
            keys(&s, 1, sennit_doc_len(s.author[1]), "c");
    }
    take(&s, 0, 0, 1);
    send(&s, 0);
    scene_end(&s);
}

/* ---- early arrivals, snapshots, anchors, other forms ---- */

static void early(void)
{
    scene s;
    sennit_buf sent[12];
    static const int order[] = {11, 3, 7, 2, 2, 10, 9, 0, 5, 4, 8, 1, 6, 3};

    scene_open(&s, "early", "deltas that come before what they need, and twice");
    for (int i = 0; i < 12; i++) {
        type(&s, i / 2 % 2, 0, i % 2 ? "odd" : "even");
        if (i % 4 == 3)
            take(&s, i / 2 % 2, 1, 5);
        fetch(&s, i / 2 % 2);
        sennit_buf_init(&sent[i], NULL);
        buf_add(&sent[i], s.delta.data, s.delta.len);
        if (i % 2 == 1)
            require(sennit_doc_apply(s.author[(i / 2 + 1) % 2], sent[i - 1].data, sent[i - 1].len, NULL,
                                     NULL, NULL) == SENNIT_OK &&
                    sennit_doc_apply(s.author[(i / 2 + 1) % 2], sent[i].data, sent[i].len, NULL,
                                     NULL, NULL) == SENNIT_OK);
    }
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        vector_delta(&s.v, "delta", &sent[order[i]]);
        vector_text(&s.v);
        vector_waiting(&s.v);
    }
    for (int i = 0; i < 12; i++)
        sennit_buf_clear(&sent[i]);
    scene_end(&s);
}

static void some_history(scene *s)
{
    type(s, 0, 0, "The quick brown fox\n");
    send(s, 0);
    give(s, 1);
    take(s, 1, 4, 6);
    send(s, 1);
    type(s, 1, 4, "lazy \xf0\x9f\x90\x95 ");
    send(s, 1);
    take(s, 0, 10, 6);
    send(s, 0);
    pass_time(s, 30000);
    give(s, 0);
    type(s, 0, 3, ",");
    send(s, 0);
}

static void opened(const char *name, const char *about, unsigned flags)
{
    scene s;
    sennit_buf bytes;

    scene_open(&s, name, about);
    some_history(&s);
    sennit_buf_init(&bytes, NULL);
    require(sennit_doc_save(s.author[0], flags, &bytes) == SENNIT_OK);
    vector_open_snapshot(&s.v, &bytes);
    if (flags & SENNIT_SAVE_IDENTITY)
        fprintf(s.v.file, "identity %016" PRIx64 " %" PRIu64 "\n", A, s.author[0]->clock.last);
    vector_text(&s.v);
    vector_version(&s.v);
    type(&s, 0, 0, "*");
    send(&s, 0);
    take(&s, 1, 0, 4);
    send(&s, 1);
    if (flags & SENNIT_SAVE_LIVE_ONLY) {
        vector_text(&s.v);
        vector_save(&s.v, SENNIT_SAVE_LIVE_ONLY, "live");
        scene_close(&s);
    } else {
        scene_end(&s);
    }
    sennit_buf_clear(&bytes);
}

static void snapshots(void)
{
    opened("snapshot", "a snapshot with all there is", SENNIT_SAVE_SHARED);
    opened("snapshot_live", "a snapshot without deleted text", SENNIT_SAVE_LIVE_ONLY);
    opened("snapshot_identity", "a snapshot for the device that wrote it", SENNIT_SAVE_IDENTITY);

    scene s;
    sennit_buf bytes;
    scene_open(&s, "snapshot_applied", "a snapshot taken as a delta");
    type(&s, 0, 0, "already here. ");
    send(&s, 0);
    give(&s, 1);
    some_history(&s);
    sennit_buf_init(&bytes, NULL);
    doc_snapshot(s.v.doc, &bytes);
    vector_use(&s.v, doc_new(&s.v.options));
    fprintf(s.v.file, "fresh -\n");
    s.sent[0] = 0;
    fetch(&s, 0);
    vector_delta(&s.v, "delta", &s.delta);
    vector_delta(&s.v, "delta", &bytes);
    sennit_buf_clear(&bytes);
    scene_end(&s);
}

/* A word is typed and deleted, and then erased: in one who had it, in one who never
 * did, and in a snapshot. */
static void redacted(void)
{
    static const char secret[] = "s\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x95";
    scene s;
    sennit_buf then, bytes;

    scene_open(&s, "redacted", "deleted text that is erased everywhere");
    sennit_buf_init(&then, NULL);
    sennit_buf_init(&bytes, NULL);
    some_history(&s);
    type(&s, 0, 4, secret);
    send(&s, 0);
    doc_version(s.author[0], &then);
    take(&s, 0, 4, sizeof secret - 1);
    send(&s, 0);
    require(sennit_doc_redact(s.author[0], then.data, then.len, 4, sizeof secret - 1, NULL) == SENNIT_OK);
    send(&s, 0);
    type(&s, 0, 0, "<");
    take(&s, 0, 3, 1);
    send(&s, 0);
    vector_text(&s.v);
    vector_save(&s.v, SENNIT_SAVE_SHARED, "shared");
    doc_snapshot(s.author[0], &bytes);
    vector_open_snapshot(&s.v, &bytes);
    vector_text(&s.v);
    vector_save(&s.v, SENNIT_SAVE_SHARED, "shared");
    vector_use(&s.v, doc_new(&s.v.options));
    fprintf(s.v.file, "fresh -\n");
    s.delta.len = 0;
    require(sennit_doc_delta(s.author[0], NULL, 0, NULL, &s.delta, NULL) == SENNIT_OK);
    vector_delta(&s.v, "delta", &s.delta);
    vector_text(&s.v);
    vector_save(&s.v, SENNIT_SAVE_SHARED, "shared");
    sennit_buf_clear(&then);
    sennit_buf_clear(&bytes);
    scene_close(&s);
}

/* Compacted in the middle of its history: opened, and taken by those who know the
 * cut, and those who do not. */
static void compacted(void)
{
    scene s;
    sennit_buf cut, bytes;

    scene_open(&s, "compacted", "a snapshot compacted to a version before its last");
    sennit_buf_init(&cut, NULL);
    sennit_buf_init(&bytes, NULL);
    some_history(&s);
    doc_version(s.author[0], &cut);
    take(&s, 0, 0, 3);
    type(&s, 0, 0, "A");
    fetch(&s, 0);
    require(sennit_doc_compact(s.author[0], cut.data, cut.len, NULL) == SENNIT_OK);
    doc_snapshot(s.author[0], &bytes);
    vector_open_snapshot(&s.v, &bytes);
    vector_text(&s.v);
    vector_version(&s.v);
    vector_save(&s.v, SENNIT_SAVE_SHARED, "shared");
    vector_save(&s.v, SENNIT_SAVE_LIVE_ONLY, "live");
    vector_use(&s.v, doc_new(&s.v.options));
    fprintf(s.v.file, "fresh -\n");
    vector_delta(&s.v, "delta", &bytes); /* nothing is known */
    vector_text(&s.v);
    vector_save(&s.v, SENNIT_SAVE_SHARED, "shared");
    vector_use(&s.v, doc_new(&s.v.options));
    fprintf(s.v.file, "fresh -\n");
    type(&s, 1, 0, "x");
    s.delta.len = 0;
    require(sennit_doc_delta(s.author[1], NULL, 0, NULL, &s.delta, NULL) == SENNIT_OK);
    vector_delta(&s.v, "delta", &s.delta); /* less than the cut, and something else */
    vector_delta(&s.v, "delta", &bytes);
    vector_text(&s.v);
    vector_save(&s.v, SENNIT_SAVE_SHARED, "shared");
    sennit_buf_clear(&cut);
    sennit_buf_clear(&bytes);
    scene_close(&s);
}

static void anchor_at(scene *s, uint64_t replica, uint64_t number, unsigned side)
{
    const sennit_anchor anchor = {replica, number, (uint8_t)side};
    size_t pos;

    s->delta.len = 0;
    require(sennit_anchor_encode(&anchor, &s->delta) == SENNIT_OK);
    sennit_status st = sennit_doc_resolve(s->v.doc, &anchor, &pos);
    s->v.buf.len = 0;
    show_hex(&s->v.buf, s->delta.data, s->delta.len);
    fprintf(s->v.file, "anchor %.*s ", (int)s->v.buf.len, (const char *)s->v.buf.data);
    if (st == SENNIT_OK)
        fprintf(s->v.file, "%zu\n", pos);
    else
        fprintf(s->v.file, "gone\n");
}

static void anchors(void)
{
    scene s;

    scene_open(&s, "anchors", "on either side of bytes that are there, deleted or unknown");
    some_history(&s);
    for (uint64_t n = 0; n < 20; n += 3) {
        anchor_at(&s, A, n, SENNIT_ANCHOR_BEFORE);
        anchor_at(&s, A, n, SENNIT_ANCHOR_AFTER);
    }
    anchor_at(&s, B, 5, SENNIT_ANCHOR_BEFORE);
    anchor_at(&s, B, 8, SENNIT_ANCHOR_AFTER);
    anchor_at(&s, B, 300, SENNIT_ANCHOR_AFTER);
    anchor_at(&s, C, 0, SENNIT_ANCHOR_BEFORE);
    anchor_at(&s, 0, 0, SENNIT_ANCHOR_START);
    anchor_at(&s, 0, 0, SENNIT_ANCHOR_END);
    scene_close(&s);
}

/* ---- by chance ---- */

static void random_edit(scene *s, int i)
{
    char text[4 * 5 + 1];
    sennit_doc *doc = s->author[i];
    sennit_buf all;

    sennit_buf_init(&all, NULL);
    doc_text(doc, &all);
    size_t pos = rng_below(&s->chance, all.len + 1), end;
    while (pos < all.len && (all.data[pos] & 0xc0) == 0x80)
        pos--;
    end = pos + rng_below(&s->chance, 6);
    end = end > all.len ? all.len : end;
    while (end < all.len && (all.data[end] & 0xc0) == 0x80)
        end++;
    sennit_doc_set_time(doc, s->now);
    size_t n = rng_text(&s->chance, 5, text);
    if (rng_percent(&s->chance, 65))
        require(sennit_doc_insert(doc, pos, text, n) == SENNIT_OK);
    else if (end > pos)
        require(sennit_doc_delete(doc, pos, end - pos) == SENNIT_OK);
    sennit_buf_clear(&all);
}

static void by_chance(uint64_t seed)
{
    scene s;
    char name[20];

    snprintf(name, sizeof name, "chance_%" PRIu64, seed);
    scene_open(&s, name, "three writers who edit and exchange at random");
    s.chance = rng_seed(seed);
    type(&s, 0, 0, "begin");
    send(&s, 0);
    for (int i = 0; i < AUTHORS; i++)
        give(&s, i);
    for (int step = 0; step < 60; step++) {
        int i = (int)rng_below(&s.chance, AUTHORS);

        pass_time(&s, rng_percent(&s.chance, 20) ? 15000 : 100);
        random_edit(&s, i);
        if (rng_percent(&s.chance, 60))
            send(&s, i);
        if (rng_percent(&s.chance, 30))
            give(&s, (int)rng_below(&s.chance, AUTHORS));
    }
    for (int i = 0; i < AUTHORS; i++)
        send(&s, i);
    scene_end(&s);
}

/* The examples of docs/FORMAT.md. */
static int forty(void *self, void *out, size_t len)
{
    (void)self;
    memset(out, 0x40, len);
    return 0;
}

static void example(void)
{
    const uint64_t one = UINT64_C(0x0807060504030201), two = UINT64_C(0x1111111111111111);
    scene s;

    scene_open(&s, "example", "the examples of docs/FORMAT.md");
    for (int i = 0; i < 2; i++) {
        sennit_options options = {.size = sizeof options, .random = forty, .replica = i ? two : one};

        sennit_doc_free(s.author[i]);
        s.author[i] = doc_new(&options);
    }
    s.now = 1000;
    type(&s, 0, 0, "hello");
    send(&s, 0);
    keys(&s, 0, 5, "!");
    take(&s, 0, 5, 1);
    send(&s, 0);
    s.now = 20000;
    keys(&s, 0, 0, "\xc3\xa9");
    s.tabled = true;
    for (int i = 0; i < 2; i++) {
        s.sent[0] = 7;
        send(&s, 0);
    }
    s.tabled = false;
    give(&s, 1);
    s.now = 21000;
    type(&s, 1, 7, "\nbye");
    send(&s, 1);
    anchor_at(&s, one, 0, SENNIT_ANCHOR_BEFORE);
    scene_end(&s);
}

int main(void)
{
    empty();
    example();
    one_key();
    typing();
    backwards();
    retyping();
    pasting();
    characters();
    wide_runs();
    places();
    changes();
    concurrent();
    roots();
    ranges();
    overlap();
    toggles();
    marks();
    metadata();
    superseded();
    foreseen();
    seeds();
    table();
    table_full();
    early();
    snapshots();
    compacted();
    redacted();
    anchors();
    for (uint64_t seed = 1; seed <= 6; seed++)
        by_chance(seed);
    return 0;
}
