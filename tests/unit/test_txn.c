#include "core/doc/doc.h"

#include "support/stage.h"

/* Two documents of one lineage; the second has something the first lacks. */
static sennit_doc *with_news(stage *s, sennit_buf *news)
{
    sennit_doc *doc = stage_doc(s, 1, "text"), *other = stage_doc(s, 2, "text");

    assert_ok(sennit_doc_insert(other, 4, "!", 1));
    sennit_buf_init(news, NULL);
    assert_ok(sennit_doc_delta(other, NULL, 0, NULL, news, NULL));
    return doc;
}

static void what_shows_more_than_text_is_refused_in_a_transaction(void **state)
{
    stage *s = *state;
    sennit_buf news;
    sennit_error err = {SENNIT_OK, 0, NULL};
    sennit_applied applied;
    sennit_doc *copy, *doc = with_news(s, &news);
    doc_state before;

    doc_state_take(&before, doc);
    assert_ok(sennit_doc_begin(doc));
    for (unsigned edited = 0; edited < 2; edited++) {
        s->buf.len = 0;
        assert_int_equal(sennit_doc_begin(doc), SENNIT_EBUSY);
        assert_int_equal(sennit_doc_save(doc, 0, &s->buf), SENNIT_EBUSY);
        assert_int_equal(sennit_doc_version(doc, &s->buf), SENNIT_EBUSY);
        assert_int_equal(sennit_doc_delta(doc, NULL, 0, NULL, &s->buf, &err), SENNIT_EBUSY);
        assert_int_equal(err.code, SENNIT_EBUSY);
        assert_int_equal(sennit_doc_own_delta(doc, 0, NULL, &s->buf), SENNIT_EBUSY);
        err.code = SENNIT_OK;
        assert_int_equal(sennit_doc_apply(doc, news.data, news.len, NULL, &applied, &err),
                         SENNIT_EBUSY);
        assert_int_equal(err.code, SENNIT_EBUSY);
        assert_int_equal(sennit_doc_apply(doc, news.data, 0, NULL, NULL, NULL), SENNIT_EBUSY);
        assert_int_equal(sennit_doc_fork(doc, NULL, &copy), SENNIT_EBUSY);
        assert_null(copy);
        assert_int_equal(s->buf.len, 0);
        assert_text(doc, "text");
        assert_ok(sennit_doc_insert(doc, 0, "x", 1));
        assert_ok(sennit_doc_delete(doc, 0, 1));
    }
    assert_ok(sennit_doc_abort(doc));
    assert_true(doc_state_same(&before, doc));
    doc_state_free(&before);
    sennit_buf_clear(&news);
}

static void closing_what_is_not_open_is_a_mistake(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "text");

    assert_refused(doc, SENNIT_EINVAL, sennit_doc_commit(doc));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_abort(doc));
    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_commit(doc));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_commit(doc));
    assert_refused(doc, SENNIT_EINVAL, sennit_doc_abort(doc));
}

static void an_empty_transaction_leaves_no_trace(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "text");

    assert_refused(doc, SENNIT_OK, (assert_ok(sennit_doc_begin(doc)), sennit_doc_commit(doc)));
    assert_refused(doc, SENNIT_OK, (assert_ok(sennit_doc_begin(doc)), sennit_doc_abort(doc)));
}

/* Edits of all kinds, in text of its own and of others, dead and alive. */
static void edit_much(sennit_doc *doc)
{
    assert_ok(sennit_doc_insert(doc, 3, "\xf0\x9f\x98\x80", 4));
    assert_ok(sennit_doc_delete(doc, 0, 3));
    assert_ok(sennit_doc_insert(doc, 4, "mno", 3));
    assert_ok(sennit_doc_delete(doc, 5, 1));
    assert_ok(sennit_doc_splice(doc, 4, 4, "-", 1));
    assert_ok(sennit_doc_replace(doc, 0, sennit_doc_len(doc), "all of it anew\n", 15));
    assert_ok(sennit_doc_delete(doc, 14, 1));
    assert_ok(sennit_doc_delete(doc, 13, 1));
    assert_ok(sennit_doc_insert(doc, 13, "abc", 3));
    sennit_doc_set_time(doc, 1 << 30);
    assert_ok(sennit_doc_insert(doc, 0, "later", 5));
}

static void abort_takes_everything_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "the seeded text"), *other = stage_doc(s, 2, "the seeded text");
    doc_state before;
    sennit_anchor anchor;
    size_t pos;

    for (unsigned i = 0; i < 3; i++) {
        if (i == 1) { /* text and deletes of its own, and of another */
            assert_ok(sennit_doc_insert(doc, 4, "own words ", 10));
            assert_ok(sennit_doc_delete(doc, 6, 3));
        } else if (i == 2) {
            assert_ok(sennit_doc_delete(other, 2, 6));
            assert_ok(sennit_doc_insert(other, 2, "other words", 11));
            doc_catch_up(doc, other);
        }
        assert_ok(sennit_doc_anchor(doc, 5, SENNIT_ANCHOR_AFTER, &anchor));
        doc_state_take(&before, doc);
        assert_ok(sennit_doc_begin(doc));
        edit_much(doc);
        doc_check(doc);
        assert_ok(sennit_doc_abort(doc));
        assert_true(doc_state_same(&before, doc));
        assert_ok(sennit_doc_resolve(doc, &anchor, &pos));
        assert_int_equal(pos, 5);
        assert_true(doc->tree.spare_leaves <= 4);
        doc_state_free(&before);
    }
    doc_catch_up(doc, other);
    doc_catch_up(other, doc);
    assert_true(doc_agree(doc, other));
}

static void what_is_committed_is_as_if_it_had_been_typed(void **state)
{
    stage *s = *state;
    sennit_doc *one = stage_doc(s, 1, "the seeded text"), *two = stage_doc(s, 1, "the seeded text");

    assert_ok(sennit_doc_begin(one));
    edit_much(one);
    assert_ok(sennit_doc_commit(one));
    edit_much(two);
    assert_true(doc_agree(one, two));
}

static void the_first_edit_of_all_is_taken_back_with_its_lineage(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_keep(s, doc_new(&s->options));
    uint8_t lineage[16], none[16] = {0};

    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_insert(doc, 0, "abc", 3));
    assert_ok(sennit_doc_delete(doc, 1, 1));
    assert_ok(sennit_doc_abort(doc));
    assert_text(doc, "");
    sennit_doc_lineage(doc, lineage);
    assert_memory_equal(lineage, none, 16);
    assert_int_equal(sennit_doc_replica(doc), 0);
    assert_ok(sennit_doc_insert(doc, 0, "abc", 3));
    assert_text(doc, "abc");
}

/* A patch list followed by hand. */
static void follow(stage *s, sennit_doc *doc, unsigned *patches)
{
    sennit_patch p;

    for (*patches = 0; sennit_doc_next_patch(doc, &p); ++*patches) {
        sennit_buf next;

        assert_true(p.local && !p.reset);
        sennit_buf_init(&next, NULL);
        assert_true(p.pos + p.removed <= s->buf.len);
        buf_add(&next, s->buf.data, p.pos);
        buf_add(&next, p.text, p.len);
        buf_add(&next, s->buf.data + p.pos + p.removed, s->buf.len - p.pos - p.removed);
        sennit_buf_clear(&s->buf);
        s->buf = next;
    }
    assert_true(doc_text_is(doc, (const char *)s->buf.data, s->buf.len));
}

static void an_abort_is_seen_in_patches_when_local_edits_are_watched(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "the seeded text");
    unsigned patches;

    doc_text(doc, &s->buf);
    sennit_doc_watch(doc, SENNIT_WATCH_LOCAL);
    assert_ok(sennit_doc_begin(doc));
    edit_much(doc);
    follow(s, doc, &patches);
    assert_true(patches > 5);
    assert_ok(sennit_doc_abort(doc));
    follow(s, doc, &patches);
    assert_true(patches > 0);
    assert_text(doc, "the seeded text");
    assert_ok(sennit_doc_begin(doc)); /* also if none was taken in between */
    edit_much(doc);
    assert_ok(sennit_doc_abort(doc));
    follow(s, doc, &patches);
    sennit_doc_watch(doc, SENNIT_WATCH_REMOTE);
    assert_ok(sennit_doc_begin(doc));
    edit_much(doc);
    assert_ok(sennit_doc_abort(doc));
    follow(s, doc, &patches);
    assert_int_equal(patches, 0);
}

static void an_abort_needs_no_memory(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "the seeded text");
    doc_state before;

    doc_state_take(&before, doc);
    assert_ok(sennit_doc_begin(doc));
    edit_much(doc);
    s->fm.calls = 0;
    s->fm.fail_at = 1;
#ifdef SENNIT_SELFCHECK
    doc->unchecked = 1; /* nor does the self-check of this build look at it */
#endif
    assert_ok(sennit_doc_abort(doc));
    s->fm.fail_at = 0;
    assert_true(doc_state_same(&before, doc));
    doc_state_free(&before);
}

static void an_edit_that_fails_leaves_the_transaction_open(void **state)
{
    sennit_doc *doc = stage_doc(*state, 1, "text");

    assert_ok(sennit_doc_begin(doc));
    assert_ok(sennit_doc_insert(doc, 4, "!", 1));
    assert_int_equal(sennit_doc_insert(doc, 9, "x", 1), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_replace(doc, 0, 9, "x", 1), SENNIT_ERANGE);
    assert_int_equal(sennit_doc_begin(doc), SENNIT_EBUSY);
    assert_ok(sennit_doc_commit(doc));
    assert_text(doc, "text!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(what_shows_more_than_text_is_refused_in_a_transaction),
        STAGE_TEST(closing_what_is_not_open_is_a_mistake),
        STAGE_TEST(an_empty_transaction_leaves_no_trace),
        STAGE_TEST(abort_takes_everything_back),
        STAGE_TEST(what_is_committed_is_as_if_it_had_been_typed),
        STAGE_TEST(the_first_edit_of_all_is_taken_back_with_its_lineage),
        STAGE_TEST(an_abort_is_seen_in_patches_when_local_edits_are_watched),
        STAGE_TEST(an_abort_needs_no_memory),
        STAGE_TEST(an_edit_that_fails_leaves_the_transaction_open),
    };

    return RUN_TESTS(tests);
}
