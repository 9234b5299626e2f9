/* The test vectors, done by the library: docs/FORMAT.md, "Test vectors".
 *
 *     SENNIT_VECTORS=folder    where they are; tests/vectors unless set
 */
#define _POSIX_C_SOURCE 200809L
#include "support/cm.h"
#include "vectors/show.h"

#include <dirent.h>

typedef struct run {
    const char *path;
    unsigned line;
    const char *what; /* the word of the line */
    rng r;
    sennit_options options;
    sennit_doc *doc;
    sennit_table *table;
    sennit_buf bytes, other; /* of a line */
    sennit_buf ops;          /* what op lines have to say */
    sennit_buf rich;         /* and meta and run lines */
    size_t ops_at, rich_at, entry_at;
} run;

static void expect(const run *t, bool good, const char *why)
{
    if (!good)
        fprintf(stderr, "%s:%u: %s: %s\n", t->path, t->line, t->what, why);
    assert_true(good);
}

/* ---- arguments ---- */

/* Bytes up to the next space. Returns what follows. */
static const char *read_hex(run *t, const char *args, sennit_buf *out)
{
    unsigned byte;

    out->len = 0;
    if (*args == '-')
        return args + 1 + (args[1] == ' ');
    for (; *args != '\0' && *args != ' '; args += 2) {
        expect(t, sscanf(args, "%2x", &byte) == 1, "no bytes");
        buf_add(out, &(uint8_t){(uint8_t)byte}, 1);
    }
    return args + (*args == ' ');
}

static const char *read_string(run *t, const char *args, sennit_buf *out)
{
    out->len = 0;
    expect(t, *args == '"', "no string");
    for (args++; *args != '"'; args++) {
        unsigned byte = (uint8_t)*args;

        expect(t, *args != '\0', "a string that does not end");
        if (*args == '\\') {
            byte = (uint8_t)*++args;
            if (byte == 'n')
                byte = '\n';
            else if (byte == 'x') {
                expect(t, sscanf(args + 1, "%2x", &byte) == 1, "no byte");
                args += 2;
            }
        }
        buf_add(out, &(uint8_t){(uint8_t)byte}, 1);
    }
    args++;
    return args + (*args == ' ');
}

static sennit_status read_status(run *t, const char **args)
{
    static const struct {
        const char *name;
        sennit_status status;
    } known[] = {{"CORRUPT", SENNIT_ECORRUPT}, {"VERSION", SENNIT_EVERSION},
                 {"LINEAGE", SENNIT_ELINEAGE}, {"FORK", SENNIT_EFORK}, {"GONE", SENNIT_EGONE}};
    size_t n = strcspn(*args, " ");

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].name) == n && strncmp(known[i].name, *args, n) == 0) {
            *args += n + 1;
            return known[i].status;
        }
    expect(t, false, "no status");
    return SENNIT_OK;
}

/* ---- making a document ---- */

static void use(run *t, sennit_doc *doc)
{
    sennit_doc_free(t->doc);
    t->doc = doc;
    doc_check(doc);
    t->ops.len = t->ops_at = t->rich.len = t->rich_at = 0;
}

static sennit_status open_snapshot(run *t, const sennit_buf *bytes, size_t len, sennit_doc **doc,
                                   sennit_error *err)
{
    return sennit_doc_load(&t->options, bytes->data, len, doc, err);
}

static void do_open(run *t, const char *args)
{
    sennit_doc *doc;
    const char *text;
    size_t len;

    read_hex(t, args, &t->bytes);
    expect(t, open_snapshot(t, &t->bytes, t->bytes.len, &doc, NULL) == SENNIT_OK, "refused");
    use(t, doc);
    expect(t, sennit_snapshot_text(t->bytes.data, t->bytes.len, &text, &len, NULL) == SENNIT_OK &&
              doc_text_is(doc, text, len), "the text alone is another one");
}

static void do_seed(run *t, const char *args)
{
    sennit_doc *doc;

    read_string(t, read_string(t, args, &t->bytes), &t->other);
    expect(t, sennit_doc_seed(&t->options, t->bytes.data, t->bytes.len, (const char *)t->other.data,
                              t->other.len, &doc) == SENNIT_OK, "refused");
    use(t, doc);
}

static void do_fresh(run *t, const char *args)
{
    (void)args;
    use(t, doc_new(&t->options));
}

static void take(run *t, const char *args, sennit_table *table)
{
    sennit_error err = {SENNIT_OK, 0, "refused"};

    read_hex(t, args, &t->bytes);
    sennit_status st = sennit_doc_apply(t->doc, t->bytes.data, t->bytes.len, table, NULL, &err);
    expect(t, st == SENNIT_OK, err.what);
    doc_check(t->doc);
    t->ops.len = t->ops_at = t->rich.len = t->rich_at = 0;
}

static void do_delta(run *t, const char *args)
{
    take(t, args, NULL);
}

static void do_tabled(run *t, const char *args)
{
    take(t, args, t->table);
}

/* ---- looking at it ---- */

static void do_text(run *t, const char *args)
{
    read_string(t, args, &t->bytes);
    expect(t, doc_text_is(t->doc, (const char *)t->bytes.data, t->bytes.len), "another text");
}

static void do_version(run *t, const char *args)
{
    read_hex(t, args, &t->bytes);
    doc_version(t->doc, &t->other);
    expect(t, buf_equal(&t->bytes, &t->other), "another version");
    t->entry_at = 0;
}

static void do_entry(run *t, const char *args)
{
    uint64_t replica, count, want_replica, want_count;

    doc_version(t->doc, &t->other);
    expect(t, sennit_version_next(t->other.data, t->other.len, &t->entry_at, &replica, &count) == 1,
           "no such entry");
    expect(t, sscanf(args, "%" SCNx64 " %" SCNu64, &want_replica, &want_count) == 2, "no entry");
    expect(t, replica == want_replica && count == want_count, "another entry");
}

static void do_digest(run *t, const char *args)
{
    uint64_t replica, count, want, digest;

    expect(t, sscanf(args, "%" SCNx64 " %" SCNu64 " %" SCNx64, &replica, &count, &want) == 3,
           "no digest");
    expect(t, sennit_doc_digest(t->doc, replica, &count, 1, &digest) == SENNIT_OK, "refused");
    expect(t, digest == want, "another digest");
}

static void do_waiting(run *t, const char *args)
{
    sennit_stat stat;

    sennit_doc_stat(t->doc, &stat);
    expect(t, stat.parked == strtoull(args, NULL, 10), "others wait");
}

static void do_since(run *t, const char *args)
{
    sennit_buf delta;

    sennit_buf_init(&delta, NULL);
    read_hex(t, read_hex(t, args, &t->bytes), &t->other);
    expect(t, sennit_doc_delta(t->doc, t->bytes.data, t->bytes.len, NULL, &delta, NULL) == SENNIT_OK,
           "no delta");
    expect(t, buf_equal(&delta, &t->other), "another delta");
    sennit_buf_clear(&delta);
}

static void do_save(run *t, const char *args)
{
    bool live = strncmp(args, "live ", 5) == 0;

    t->other.len = 0;
    read_hex(t, strchr(args, ' ') + 1, &t->bytes);
    expect(t, sennit_doc_save(t->doc, live ? SENNIT_SAVE_LIVE_ONLY : SENNIT_SAVE_SHARED,
                              &t->other) == SENNIT_OK, "not saved");
    expect(t, buf_equal(&t->bytes, &t->other), "another snapshot");
}

static void do_identity(run *t, const char *args)
{
    uint64_t replica, time;

    expect(t, sscanf(args, "%" SCNx64 " %" SCNu64, &replica, &time) == 2, "no identity");
    expect(t, sennit_doc_replica(t->doc) == replica && t->doc->clock.last == time, "another one");
}

static void do_anchor(run *t, const char *args)
{
    sennit_anchor anchor;
    size_t used, pos;
    const char *place = read_hex(t, args, &t->bytes);

    t->other.len = 0;
    expect(t, sennit_anchor_decode(t->bytes.data, t->bytes.len, &anchor, &used) == SENNIT_OK &&
              used == t->bytes.len, "refused");
    expect(t, sennit_anchor_encode(&anchor, &t->other) == SENNIT_OK && buf_equal(&t->bytes, &t->other),
           "encoded otherwise");
    sennit_status st = sennit_doc_resolve(t->doc, &anchor, &pos);
    if (strcmp(place, "gone") == 0)
        expect(t, st == SENNIT_EGONE, "not gone");
    else
        expect(t, st == SENNIT_OK && pos == strtoull(place, NULL, 10), "elsewhere");
}

static void do_op(run *t, const char *args)
{
    size_t n = strlen(args);

    if (t->ops.len == 0)
        show_ops(t->doc, &t->ops);
    const char *line = (const char *)t->ops.data + t->ops_at;
    expect(t, t->ops.len - t->ops_at >= n + 4 && strncmp(line, "op ", 3) == 0 &&
              strncmp(line + 3, args, n) == 0 && line[3 + n] == '\n', "another operation");
    t->ops_at += n + 4;
}

/* A line of those that show_rich writes, in turn. */
static void rich_line(run *t, const char *word, const char *args)
{
    size_t n = strlen(word), len = strlen(args);

    if (t->rich.len == 0)
        show_rich(t->doc, &t->rich);
    const char *line = (const char *)t->rich.data + t->rich_at;
    expect(t, t->rich.len - t->rich_at >= n + len + 2 && strncmp(line, word, n) == 0 &&
              strncmp(line + n + 1, args, len) == 0 && line[n + 1 + len] == '\n', "another one");
    t->rich_at += n + len + 2;
}

static void do_meta(run *t, const char *args) { rich_line(t, "meta", args); }
static void do_run(run *t, const char *args) { rich_line(t, "run", args); }

/* ---- what must not be taken ---- */

typedef sennit_status refusing(run *t, const sennit_buf *bytes, size_t len, sennit_error *err);

static sennit_status try_delta(run *t, const sennit_buf *bytes, size_t len, sennit_error *err)
{
    return sennit_doc_apply(t->doc, bytes->data, len, NULL, NULL, err);
}

static sennit_status try_tabled(run *t, const sennit_buf *bytes, size_t len, sennit_error *err)
{
    return sennit_doc_apply(t->doc, bytes->data, len, t->table, NULL, err);
}

static sennit_status try_open(run *t, const sennit_buf *bytes, size_t len, sennit_error *err)
{
    sennit_doc *doc;
    sennit_status st = open_snapshot(t, bytes, len, &doc, err);

    sennit_doc_free(doc);
    return st;
}

static sennit_status try_version(run *t, const sennit_buf *bytes, size_t len, sennit_error *err)
{
    t->other.len = 0;
    return sennit_doc_delta(t->doc, bytes->data, len, NULL, &t->other, err);
}

static sennit_status try_anchor(run *t, const sennit_buf *bytes, size_t len, sennit_error *err)
{
    sennit_anchor anchor;

    (void)t;
    err->pos = 0; /* is not told */
    return sennit_anchor_decode(bytes->data, len, &anchor, NULL);
}

static void refuse(run *t, const char *args, refusing *try)
{
    sennit_status want = read_status(t, &args);
    sennit_error err = {SENNIT_OK, 0, ""};
    doc_state before;
    char *end;
    size_t pos = strtoull(args, &end, 10);

    read_hex(t, end + 1, &t->bytes);
    doc_state_take(&before, t->doc);
    sennit_status st = try(t, &t->bytes, t->bytes.len, &err);
    expect(t, st == want, st == SENNIT_OK ? "taken" : err.what);
    expect(t, err.pos == pos, "the fault is elsewhere");
    expect(t, doc_state_same(&before, t->doc), "the document has changed");
    doc_state_free(&before);
}

static void do_refuse(run *t, const char *args) { refuse(t, args, try_delta); }
static void do_refuse_tabled(run *t, const char *args) { refuse(t, args, try_tabled); }
static void do_refuse_open(run *t, const char *args) { refuse(t, args, try_open); }
static void do_refuse_version(run *t, const char *args) { refuse(t, args, try_version); }
static void do_refuse_anchor(run *t, const char *args) { refuse(t, args, try_anchor); }

/* Copied, so that whoever reads beyond the end is found out. */
static void refuse_cut(run *t, size_t len, refusing *try)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    sennit_buf cut;

    sennit_buf_init(&cut, NULL);
    cut.data = malloc(len > 0 ? len : 1);
    require(cut.data != NULL);
    memcpy(cut.data, t->bytes.data, len);
    expect(t, try(t, &cut, len, &err) != SENNIT_OK, "a beginning was taken");
    free(cut.data);
}

static void cuts(run *t, const char *args, size_t first, refusing *try)
{
    doc_state before;

    read_hex(t, args, &t->bytes);
    doc_state_take(&before, t->doc);
    for (size_t len = first; len < t->bytes.len; len++)
        refuse_cut(t, len, try);
    expect(t, doc_state_same(&before, t->doc), "the document has changed");
    doc_state_free(&before);
}

static void flips(run *t, const char *args, refusing *try)
{
    sennit_error err = {SENNIT_OK, 0, ""};
    doc_state before;

    read_hex(t, args, &t->bytes);
    doc_state_take(&before, t->doc);
    for (size_t bit = 0; bit < 8 * t->bytes.len; bit++) {
        t->bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect(t, try(t, &t->bytes, t->bytes.len, &err) != SENNIT_OK, "taken with a bit flipped");
        t->bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    expect(t, doc_state_same(&before, t->doc), "the document has changed");
    doc_state_free(&before);
}

static void do_cuts(run *t, const char *args) { cuts(t, args, 1, try_delta); }
static void do_cuts_open(run *t, const char *args) { cuts(t, args, 0, try_open); }
static void do_flips(run *t, const char *args) { flips(t, args, try_delta); }
static void do_flips_open(run *t, const char *args) { flips(t, args, try_open); }

/* ---- files ---- */

static const struct {
    const char *word;
    void (*does)(run *t, const char *args);
} words[] = {
    {"fresh", do_fresh}, {"seed", do_seed}, {"open", do_open}, {"delta", do_delta},
    {"other", do_delta}, {"tabled", do_tabled}, {"text", do_text}, {"version", do_version},
    {"entry", do_entry}, {"digest", do_digest}, {"waiting", do_waiting}, {"since", do_since},
    {"save", do_save}, {"identity", do_identity}, {"anchor", do_anchor}, {"op", do_op},
    {"meta", do_meta}, {"run", do_run},
    {"refuse", do_refuse}, {"refuse-tabled", do_refuse_tabled}, {"refuse-open", do_refuse_open},
    {"refuse-version", do_refuse_version}, {"refuse-anchor", do_refuse_anchor},
    {"cuts", do_cuts}, {"cuts-open", do_cuts_open}, {"flips", do_flips},
    {"flips-open", do_flips_open},
};

static void run_line(run *t, char *line)
{
    char *args = strchr(line, ' ');

    if (line[0] == '#')
        return;
    t->what = line;
    expect(t, args != NULL, "no arguments");
    *args++ = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, line) == 0) {
            words[i].does(t, args);
            return;
        }
    expect(t, false, "no such word");
}

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *all = NULL;

    require(file != NULL && fseek(file, 0, SEEK_END) == 0);
    long len = ftell(file);
    require(len >= 0 && fseek(file, 0, SEEK_SET) == 0);
    all = malloc((size_t)len + 1);
    require(all != NULL && fread(all, 1, (size_t)len, file) == (size_t)len);
    all[len] = '\0';
    fclose(file);
    return all;
}

static void run_file(const char *path)
{
    run t = {.path = path, .what = "", .r = rng_seed(1)};
    sennit_buf *bufs[] = {&t.bytes, &t.other, &t.ops, &t.rich};
    char *all = file_read(path), *line = all;

    t.options = doc_options(&t.r);
    t.doc = doc_new(&t.options);
    assert_ok(sennit_table_new(NULL, &t.table));
    for (size_t i = 0; i < 4; i++)
        sennit_buf_init(bufs[i], NULL);
    while (*line != '\0') {
        char *end = strchr(line, '\n');

        t.line++;
        expect(&t, end != NULL, "a line that does not end");
        *end = '\0';
        run_line(&t, line);
        line = end + 1;
    }
    for (size_t i = 0; i < 4; i++)
        sennit_buf_clear(bufs[i]);
    sennit_table_free(t.table);
    sennit_doc_free(t.doc);
    free(all);
}

/* All files of a folder that are vectors. */
static void run_folder(const char *name)
{
    const char *root = getenv("SENNIT_VECTORS");
    char folder[400], path[700];
    struct dirent *entry;
    size_t n = 0;

    snprintf(folder, sizeof folder, "%s/%s", root != NULL ? root : "tests/vectors", name);
    DIR *dir = opendir(folder);
    if (dir == NULL)
        fail_msg("%s: no such folder; run this from the root of the sources", folder);
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);

        if (len < 4 || strcmp(entry->d_name + len - 4, ".vec") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        run_file(path);
        n++;
    }
    closedir(dir);
    assert_true(n > 0);
}

static void good_vectors_give_what_they_say(void **state)
{
    (void)state;
    run_folder("good");
}

static void bad_vectors_are_refused_and_change_nothing(void **state)
{
    (void)state;
    run_folder("bad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_vectors_give_what_they_say),
        cmocka_unit_test(bad_vectors_are_refused_and_change_nothing),
    };

    return RUN_TESTS(tests);
}
