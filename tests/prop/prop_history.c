/* The past beside the naive document: whatever a version counts, the text is what
 * those operations alone make; differences lead from one text to another; and an
 * edit of an old text does to the new one what it says. */
#include "support/cluster.h"
#include "support/cm.h"
#include "support/require.h"
#include "support/seeds.h"
#include "support/text.h"

#include "base/bytes.h"
#include "base/utf8.h"

#include <string.h>

#define MOMENTS 8

/* A version, and the text that a document with it showed, if one did. */
typedef struct moment {
    uint32_t known[CLUSTER_SITES + 1]; /* the last: of what was seeded */
    sennit_buf version, text;
    bool real;
} moment;

typedef struct past {
    cluster c;
    moment moments[MOMENTS];
    size_t n;
} past;

static uint64_t site_id(const past *p, size_t i)
{
    return i < p->c.n ? p->c.sites[i].id : 0;
}

static void moment_free(moment *m)
{
    sennit_buf_clear(&m->version);
    sennit_buf_clear(&m->text);
}

/* ---- versions ---- */

static void moment_encode(const past *p, moment *m)
{
    size_t order[CLUSTER_SITES + 1], n = p->c.n + 1;
    uint8_t bytes[8 + SN_VARINT_MAX];

    sennit_buf_init(&m->version, NULL);
    for (size_t i = 0; i < n; i++) {
        size_t k = i;

        for (; k > 0 && site_id(p, order[k - 1]) > site_id(p, i); k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    for (size_t i = 0; i < n; i++)
        if (m->known[order[i]] > 0) {
            uint8_t *end = sn_put_varint(sn_put_u64(bytes, site_id(p, order[i])),
                                         m->known[order[i]]);

            buf_add(&m->version, bytes, (size_t)(end - bytes));
        }
}

/* What a site knows, and shows. */
static moment moment_at(const past *p, site *s)
{
    moment m = {.real = true};

    for (size_t i = 0; i <= p->c.n; i++)
        m.known[i] = naive_known(s->model, site_id(p, i));
    moment_encode(p, &m);
    sennit_buf_init(&m.text, NULL);
    doc_text(s->doc, &m.text);
    sennit_buf version;
    sennit_buf_init(&version, NULL);
    doc_version(s->doc, &version);
    require(buf_equal(&version, &m.version));
    sennit_buf_clear(&version);
    return m;
}

static bool moment_is_known(const past *p, const site *s, const moment *m)
{
    for (size_t i = 0; i <= p->c.n; i++)
        if (m->known[i] > naive_known(s->model, site_id(p, i)))
            return false;
    return true;
}

static bool moment_counts(const past *p, const moment *m, naive_id seq)
{
    for (size_t i = 0; i <= p->c.n; i++)
        if (site_id(p, i) == seq.replica)
            return seq.n < m->known[i];
    return false;
}

/* ---- the text of a version, from its operations alone ---- */

static bool was_on(const past *p, const moment *m, const naive_op *delete)
{
    const naive_op *decides = NULL;

    for (size_t i = 0; i < p->c.log.len; i++) {
        const naive_op *op = p->c.log.ops[i];

        if (op->kind == NAIVE_TOGGLE && op->ref.replica == delete->id.replica &&
            op->ref.n == delete->id.n && moment_counts(p, m, op->id) &&
            (decides == NULL || op->hlc > decides->hlc ||
             (op->hlc == decides->hlc && (op->id.replica > decides->id.replica ||
              (op->id.replica == decides->id.replica && op->id.n > decides->id.n)))))
            decides = op;
    }
    return decides == NULL || decides->on;
}

static bool *deleted_then(const past *p, site *s, const moment *m, size_t *n)
{
    naive_node *const *order = naive_order(s->model, n);
    bool *dead = calloc(*n + 1, 1);

    require(dead != NULL);
    for (size_t i = 0; i < p->c.log.len; i++) {
        const naive_op *op = p->c.log.ops[i];

        if (op->kind != NAIVE_DELETE || !moment_counts(p, m, op->id) || !was_on(p, m, op))
            continue;
        for (size_t t = 0; t < op->targets_len; t++)
            for (size_t k = 0; k < *n; k++)
                if (order[k]->op->id.replica == op->targets[t].replica &&
                    order[k]->op->number == op->targets[t].n)
                    dead[k] = true;
    }
    for (size_t k = 0; k < *n; k++)
        dead[k] = dead[k] || !moment_counts(p, m, order[k]->op->id);
    return dead;
}

/* Of a character that a version cuts, nothing shows. */
static void drop_halves(site *s, bool *dead, size_t n)
{
    naive_node *const *order = naive_order(s->model, &n);

    for (size_t i = 0; i < n; i++) {
        size_t width = sn_utf8_width(order[i]->op->byte);

        if (text_is_inside((char)order[i]->op->byte) || dead[i])
            continue;
        for (size_t k = 1; k < width; k++)
            if (dead[i + k])
                for (size_t j = 0; j < width; j++)
                    dead[i + j] = true;
    }
}

static void text_then(const past *p, site *s, const moment *m, sennit_buf *out)
{
    size_t n;
    bool *dead = deleted_then(p, s, m, &n);
    naive_node *const *order = naive_order(s->model, &n);

    drop_halves(s, dead, n);
    out->len = 0;
    for (size_t i = 0; i < n; i++)
        if (!dead[i])
            buf_add(out, &order[i]->op->byte, 1);
    free(dead);
}

/* ---- comparing ---- */

static void compare_text(const past *p, site *s, const moment *m)
{
    sennit_buf text, want;

    sennit_buf_init(&text, NULL);
    sennit_buf_init(&want, NULL);
    sennit_status st = sennit_history_text(s->doc, m->version.data, m->version.len, &text);
    if (moment_is_known(p, s, m)) {
        require(st == SENNIT_OK);
        text_then(p, s, m, &want);
        require(buf_equal(&text, &want));
        require(!m->real || buf_equal(&text, &m->text));
    } else {
        require(st == SENNIT_EGONE && text.len == 0);
    }
    sennit_buf_clear(&text);
    sennit_buf_clear(&want);
}

static void diff_apply(const site *s, const sennit_patch *patch, sennit_buf *shown)
{
    const char *text = shown->data != NULL ? (const char *)shown->data : "";
    size_t at = text_at(text, shown->len, s->unit, patch->pos);
    size_t end = text_at(text, shown->len, s->unit, patch->pos + patch->removed);
    sennit_buf next;

    require(text_units(text, at, s->unit) == patch->pos);
    require(text_units(text + at, end - at, s->unit) == patch->removed);
    require(text_units(patch->text, patch->len, s->unit) == patch->inserted);
    require((patch->removed > 0) != (patch->inserted > 0) && !patch->reset);
    sennit_buf_init(&next, NULL);
    buf_add(&next, text, at);
    buf_add(&next, patch->text, patch->len);
    buf_add(&next, text + end, shown->len - end);
    sennit_buf_clear(shown);
    *shown = next;
}

static void compare_diff(const past *p, site *s, const moment *from, const moment *to)
{
    sennit_buf text, want;
    sennit_patch patch;
    sennit_diff *diff;
    size_t pos = 0;

    if (!moment_is_known(p, s, from) || !moment_is_known(p, s, to)) {
        require(sennit_history_diff(s->doc, from->version.data, from->version.len,
                                    to->version.data, to->version.len, &diff) == SENNIT_EGONE);
        require(diff == NULL);
        return;
    }
    sennit_buf_init(&text, NULL);
    sennit_buf_init(&want, NULL);
    text_then(p, s, from, &text);
    text_then(p, s, to, &want);
    require(sennit_history_diff(s->doc, from->version.data, from->version.len, to->version.data,
                                to->version.len, &diff) == SENNIT_OK);
    while (sennit_diff_next(diff, &patch)) {
        require(patch.pos >= pos);
        pos = patch.pos;
        diff_apply(s, &patch, &text);
    }
    require(buf_equal(&text, &want));
    sennit_diff_free(diff);
    sennit_buf_clear(&text);
    sennit_buf_clear(&want);
}

/* Stretches cover the range, and each byte was written by whom it says. */
static void compare_blame(site *s)
{
    size_t len = sennit_doc_len(s->doc), n, at = 0, end = len, pos = 0;
    naive_node *const *order = naive_order(s->model, &n);
    sennit_blame blame, last = {0, 0, 0, 0};
    sennit_buf text;
    int more;

    sennit_buf_init(&text, NULL);
    doc_text(s->doc, &text);
    const char *t = text.data != NULL ? (const char *)text.data : "";
    while ((more = sennit_history_blame(s->doc, &pos, end, &blame)) == 1) {
        require(blame.len > 0 && blame.pos + blame.len == pos);
        size_t bytes = text_at(t, text.len, s->unit, pos) - text_at(t, text.len, s->unit, blame.pos);
        require(blame.pos == 0 || blame.replica != last.replica || blame.unix_ms != last.unix_ms);
        for (; bytes > 0; at++)
            if (!order[at]->dead) {
                require(order[at]->op->id.replica == blame.replica);
                require(order[at]->op->hlc >> 16 == blame.unix_ms);
                bytes--;
            }
        last = blame;
    }
    require(more == 0 && pos == len);
    require(sennit_history_blame(s->doc, &pos, len + 1, &blame) == SENNIT_ERANGE);
    sennit_buf_clear(&text);
}

/* ---- times and changes ---- */

/* The text of all changes up to a time, and of each change what it did. */
static void compare_times(const past *p, site *s)
{
    moment m = {.real = false};
    uint64_t ms = p->c.wall_ms - rng_below(p->c.r, 40000) + 20000;
    sennit_buf version;

    sennit_buf_init(&version, NULL);
    for (size_t i = 0; i < p->c.log.len; i++) {
        const naive_op *op = p->c.log.ops[i];

        for (size_t k = 0; k <= p->c.n; k++)
            if (op->id.replica == site_id(p, k) && op->hlc >> 16 <= ms &&
                op->id.n < naive_known(s->model, op->id.replica))
                m.known[k]++;
    }
    moment_encode(p, &m);
    require(sennit_history_at(s->doc, ms, &version) == SENNIT_OK);
    require(buf_equal(&version, &m.version));
    compare_text(p, s, &m);
    sennit_buf_clear(&version);
    moment_free(&m);
}

/* Going through all changes, one makes what the next begins with. */
static void compare_changes(site *s)
{
    sennit_change change;
    sennit_buf before, after;
    size_t at = 0, largest = 0;
    sennit_order order;

    sennit_buf_init(&before, NULL);
    sennit_buf_init(&after, NULL);
    while (sennit_doc_next_change(s->doc, &at, &change)) {
        before.len = after.len = 0;
        require(sennit_history_change(s->doc, at, &before, &after) == SENNIT_OK);
        require(sennit_version_compare(before.data, before.len, after.data, after.len, &order) ==
                SENNIT_OK && order == SENNIT_BEFORE);
        size_t pos = 0, sum = 0;
        uint64_t replica, count, own = 0;
        while (sennit_version_next(after.data, after.len, &pos, &replica, &count) == 1) {
            sum += count;
            own = replica == change.replica ? count : own;
        }
        require(own == change.first + change.operations);
        largest = sum > largest ? sum : largest;
    }
    sennit_stat stat;
    sennit_doc_stat(s->doc, &stat);
    require(largest == stat.operations); /* the last one makes the text of now */
    require(sennit_history_change(s->doc, 0, &before, &after) == SENNIT_ERANGE);
    require(sennit_history_change(s->doc, at + 1, &before, &after) == SENNIT_ERANGE);
    sennit_buf_clear(&before);
    sennit_buf_clear(&after);
}

/* ---- splicing ---- */

/* What an edit of the text of then makes of the text of now, byte by byte. */
static size_t splice_want(const past *p, site *s, const moment *m, size_t pos, size_t gone,
                          const char *insert, size_t len, sennit_buf *out)
{
    size_t n, seen = 0, landed = 0, left = SIZE_MAX;
    bool *dead = deleted_then(p, s, m, &n);
    naive_node *const *order = naive_order(s->model, &n);

    drop_halves(s, dead, n);
    for (size_t i = 0; i < n && seen < pos; i++)
        if (!dead[i] && ++seen == pos)
            left = i;
    seen = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i == (left == SIZE_MAX ? 0 : left + 1)) {
            landed = out->len;
            buf_add(out, insert, len);
        }
        if (i == n)
            break;
        bool taken = !dead[i] && seen >= pos && seen < pos + gone;
        seen += !dead[i];
        if (!taken && !order[i]->dead)
            buf_add(out, &order[i]->op->byte, 1);
    }
    free(dead);
    return landed;
}

static void compare_splice(past *p, site *s, const moment *m)
{
    sennit_doc *copy;
    sennit_buf then, want;
    char insert[4 * 5];
    size_t landed = 0;

    if (!moment_is_known(p, s, m))
        return;
    sennit_buf_init(&then, NULL);
    sennit_buf_init(&want, NULL);
    text_then(p, s, m, &then);
    const char *t = then.data != NULL ? (const char *)then.data : "";
    size_t pos = text_place(p->c.r, t, then.len);
    size_t end = text_start(t, then.len, pos + rng_below(p->c.r, 9));
    end = end > then.len ? then.len : end < pos ? pos : end;
    size_t len = rng_percent(p->c.r, 70) ? rng_text(p->c.r, 5, insert) : 0;
    require(sennit_doc_fork(s->doc, NULL, &copy) == SENNIT_OK);
    require(sennit_history_splice(copy, m->version.data, m->version.len,
                                  text_units(t, pos, s->unit), text_units(t + pos, end - pos, s->unit),
                                  insert, len, &landed) == SENNIT_OK);
    size_t at = splice_want(p, s, m, pos, end - pos, insert, len, &want);
    require(doc_text_is(copy, want.data != NULL ? (const char *)want.data : "", want.len));
    if (len > 0)
        require(text_units((const char *)want.data, at, s->unit) == landed);
    doc_check(copy);
    sennit_doc_free(copy);
    sennit_buf_clear(&then);
    sennit_buf_clear(&want);
}

#define EDITS 4

/* Choose edits of a text at random; they may overlap. Returns how many. */
static size_t some_edits(past *p, const site *s, const sennit_buf *then, char (*inserts)[4 * 5],
                         sennit_edit *edits)
{
    const char *t = then->data != NULL ? (const char *)then->data : "";
    size_t n = 1 + rng_below(p->c.r, EDITS);

    for (size_t i = 0; i < n; i++) {
        size_t pos = text_place(p->c.r, t, then->len);
        size_t end = text_start(t, then->len, pos + rng_below(p->c.r, 9));

        end = end > then->len ? then->len : end < pos ? pos : end;
        edits[i] = (sennit_edit){.pos = text_units(t, pos, s->unit),
                                 .removed = text_units(t + pos, end - pos, s->unit),
                                 .text = inserts[i], .len = rng_text(p->c.r, 5, inserts[i])};
    }
    return n;
}

/* Several edits do what they do one by one, the last first. */
static void compare_edits(past *p, site *s, const moment *m)
{
    char inserts[EDITS][4 * 5];
    sennit_edit edits[EDITS];
    sennit_doc *at_once, *one_by_one;
    sennit_buf then, want;

    if (!moment_is_known(p, s, m))
        return;
    sennit_buf_init(&then, NULL);
    sennit_buf_init(&want, NULL);
    text_then(p, s, m, &then);
    size_t n = some_edits(p, s, &then, inserts, edits);
    require(sennit_doc_fork(s->doc, NULL, &at_once) == SENNIT_OK);
    require(sennit_doc_fork(s->doc, NULL, &one_by_one) == SENNIT_OK);
    require(sennit_history_edit(at_once, m->version.data, m->version.len, s->unit, edits, n) ==
            SENNIT_OK);
    for (size_t i = n; i-- > 0;)
        require(sennit_history_splice(one_by_one, m->version.data, m->version.len, edits[i].pos,
                                      edits[i].removed, edits[i].text, edits[i].len,
                                      NULL) == SENNIT_OK);
    doc_text(one_by_one, &want);
    require(doc_text_is(at_once, want.data != NULL ? (const char *)want.data : "", want.len));
    doc_check(at_once);
    sennit_doc_free(at_once);
    sennit_doc_free(one_by_one);
    sennit_buf_clear(&then);
    sennit_buf_clear(&want);
}

/* ---- life ---- */

static void remember(past *p, site *s)
{
    moment *m = &p->moments[p->n < MOMENTS ? p->n : rng_below(p->c.r, MOMENTS)];

    if (p->n < MOMENTS)
        p->n++;
    else
        moment_free(m);
    *m = moment_at(p, s);
}

/* A version that nobody ever had, and that may cut characters. */
static moment made_up(const past *p, const site *s)
{
    moment m = {.real = false};

    for (size_t i = 0; i <= p->c.n; i++)
        m.known[i] = (uint32_t)rng_below(p->c.r, naive_known(s->model, site_id(p, i)) + 1u);
    moment_encode(p, &m);
    sennit_buf_init(&m.text, NULL);
    return m;
}

static void look_back(past *p, site *s)
{
    moment m = made_up(p, s);
    const moment *a = &p->moments[rng_below(p->c.r, p->n)], *b = &p->moments[rng_below(p->c.r, p->n)];

    compare_text(p, s, a);
    compare_text(p, s, &m);
    compare_diff(p, s, a, b);
    compare_diff(p, s, a, &m);
    compare_splice(p, s, a);
    compare_splice(p, s, &m);
    compare_edits(p, s, a);
    compare_blame(s);
    compare_times(p, s);
    compare_changes(s);
    moment_free(&m);
}

static void live(rng *r)
{
    past p = {.n = 0};

    cluster_init(&p.c, r, rng_percent(r, 60) ? 30 : 0);
    remember(&p, &p.c.sites[0]);
    for (size_t i = rng_in(r, 5, 40); i > 0; i--) {
        site *s = &p.c.sites[rng_below(r, p.c.n)];

        if (rng_percent(r, 65))
            cluster_edit(&p.c, s);
        else
            cluster_deliver(&p.c, s);
        if (rng_percent(r, 30))
            remember(&p, s);
        if (rng_percent(r, 15))
            look_back(&p, s);
    }
    cluster_settle(&p.c);
    for (unsigned i = 0; i < 3; i++)
        look_back(&p, &p.c.sites[rng_below(r, p.c.n)]);
    for (size_t i = 0; i < p.n; i++)
        moment_free(&p.moments[i]);
    cluster_free(&p.c);
}

static void the_past_is_what_its_operations_make(void **state)
{
    (void)state;
    seeds_run(1500, live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_past_is_what_its_operations_make),
    };

    return RUN_TESTS(tests);
}
