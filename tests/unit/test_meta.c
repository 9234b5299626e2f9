/* Metadata: values of all types, who wins, what is told, what is taken back. */
#include "support/stage.h"
#include "support/text.h"

#include <string.h>

#define KEY(k) (k), strlen(k)

static sennit_value of_int(int64_t v) { return (sennit_value){.type = SENNIT_INT, .integer = v}; }

static sennit_value of_text(const char *text)
{
    return (sennit_value){.type = SENNIT_STRING, .data = text, .len = strlen(text)};
}

static void put(sennit_doc *doc, const char *key, sennit_value value)
{
    assert_ok(sennit_meta_set(doc, KEY(key), &value));
    doc_check(doc);
}

#define assert_meta(doc, key, text)                                       \
    do {                                                                  \
        sennit_value v_;                                                  \
                                                                          \
        assert_int_equal(sennit_meta_get((doc), KEY(key), &v_), 1);       \
        assert_int_equal(v_.type, SENNIT_STRING);                         \
        assert_int_equal(v_.len, strlen(text));                           \
        assert_memory_equal(v_.data, (text), v_.len);                     \
    } while (0)

#define assert_no_meta(doc, key)                                          \
    do {                                                                  \
        sennit_value v_;                                                  \
                                                                          \
        assert_int_equal(sennit_meta_get((doc), KEY(key), &v_), 0);       \
    } while (0)

static void a_value_of_each_type_comes_back_from_a_snapshot(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, ""), *copy;
    sennit_value v;
    const sennit_value data = {.type = SENNIT_DATA, .data = "\0\xff", .len = 2};

    put(doc, "null", (sennit_value){.type = SENNIT_NULL});
    put(doc, "yes", (sennit_value){.type = SENNIT_BOOL, .integer = 7});
    put(doc, "no", (sennit_value){.type = SENNIT_BOOL});
    put(doc, "least", of_int(INT64_MIN));
    put(doc, "most", of_int(INT64_MAX));
    put(doc, "pi", (sennit_value){.type = SENNIT_DOUBLE, .number = 3.25});
    put(doc, "title", of_text("Ol\xc3\xa9"));
    put(doc, "data", data);
    put(doc, "empty", of_text(""));
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &copy, &s->err));
    stage_keep(s, copy);

    assert_int_equal(sennit_meta_get(copy, KEY("null"), &v), 1);
    assert_int_equal(v.type, SENNIT_NULL);
    assert_int_equal(sennit_meta_get(copy, KEY("yes"), &v), 1);
    assert_true(v.type == SENNIT_BOOL && v.integer == 1);
    assert_int_equal(sennit_meta_get(copy, KEY("no"), &v), 1);
    assert_true(v.type == SENNIT_BOOL && v.integer == 0);
    assert_int_equal(sennit_meta_get(copy, KEY("least"), &v), 1);
    assert_true(v.type == SENNIT_INT && v.integer == INT64_MIN);
    assert_int_equal(sennit_meta_get(copy, KEY("most"), &v), 1);
    assert_true(v.integer == INT64_MAX);
    assert_int_equal(sennit_meta_get(copy, KEY("pi"), &v), 1);
    assert_true(v.type == SENNIT_DOUBLE && v.number == 3.25);
    assert_meta(copy, "title", "Ol\xc3\xa9");
    assert_meta(copy, "empty", "");
    assert_int_equal(sennit_meta_get(copy, KEY("data"), &v), 1);
    assert_true(v.type == SENNIT_DATA && v.len == 2 && memcmp(v.data, "\0\xff", 2) == 0);
    assert_true(doc_agree(doc, copy));
}

static void keys_are_stepped_through_in_order(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    static const char *const want[] = {"a", "ab", "b", "c"};
    sennit_attr attr = {.name = NULL};
    size_t n = 0;

    for (size_t i = 4; i-- > 0;)
        put(doc, want[i], of_int((int64_t)i));
    put(doc, "aa", of_int(9));
    assert_ok(sennit_meta_delete(doc, KEY("aa")));
    for (; sennit_meta_next(doc, &attr); n++) {
        assert_true(n < 4 && attr.name_len == strlen(want[n]));
        assert_memory_equal(attr.name, want[n], attr.name_len);
        assert_int_equal(attr.value.integer, n);
    }
    assert_int_equal(n, 4);
}

static void what_was_set_last_counts_in_whatever_order_it_comes(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, ""), *b = stage_doc(s, 2, "");

    sennit_doc_set_time(a, 2000);
    put(a, "k", of_text("from a"));
    sennit_doc_set_time(b, 1000);
    put(b, "k", of_text("from b"));
    put(b, "k", of_text("from b again"));
    doc_catch_up(a, b);
    doc_catch_up(b, a);
    assert_meta(a, "k", "from a");
    assert_true(doc_agree(a, b));
    put(b, "k", of_text("seen and set"));
    doc_catch_up(a, b);
    assert_meta(a, "k", "seen and set");
}

static void what_is_deleted_stays_so_until_it_is_set_later(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, ""), *b = stage_doc(s, 2, "");

    put(a, "k", of_int(1));
    doc_catch_up(b, a);
    assert_ok(sennit_meta_delete(b, KEY("k")));
    const uint64_t made = sennit_doc_own_count(b);
    assert_ok(sennit_meta_delete(b, KEY("k")));
    assert_ok(sennit_meta_delete(b, KEY("never")));
    assert_int_equal(sennit_doc_own_count(b), made);
    doc_catch_up(a, b);
    assert_no_meta(a, "k");
    put(a, "k", of_text("back"));
    doc_catch_up(b, a);
    assert_meta(b, "k", "back");
    assert_true(doc_agree(a, b));
}

static void an_abort_brings_the_value_before_back(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");

    put(doc, "k", of_text("old"));
    doc_state before;
    doc_state_take(&before, doc);
    assert_ok(sennit_doc_begin(doc));
    put(doc, "k", of_text("new"));
    put(doc, "other", of_text("x"));
    assert_ok(sennit_doc_insert(doc, 0, "typed", 5));
    assert_meta(doc, "k", "new");
    assert_ok(sennit_doc_abort(doc));
    assert_meta(doc, "k", "old");
    assert_no_meta(doc, "other");
    doc_check(doc);
    put(doc, "k", of_text("again"));
    assert_meta(doc, "k", "again");
    doc_state_free(&before);
}

static void undo_brings_the_value_before_back_unless_others_set_one(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, ""), *b = stage_doc(s, 2, "");
    sennit_undo *undo;

    put(a, "k", of_text("old"));
    assert_ok(sennit_undo_new(a, NULL, &undo));
    put(a, "k", of_text("new"));
    assert_ok(sennit_undo_undo(undo));
    assert_meta(a, "k", "old");
    assert_ok(sennit_undo_redo(undo));
    assert_meta(a, "k", "new");
    doc_catch_up(b, a);
    put(b, "k", of_text("of b"));
    doc_catch_up(a, b);
    assert_ok(sennit_undo_undo(undo));
    assert_meta(a, "k", "of b");
    doc_check(a);
    doc_catch_up(b, a);
    assert_true(doc_agree(a, b));
    sennit_undo_free(undo);
}

static void changes_are_told_to_who_wants_them(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, "text"), *b = stage_doc(s, 2, "text");
    sennit_patch patch;

    sennit_doc_watch(a, SENNIT_WATCH_REMOTE | SENNIT_WATCH_LOCAL | SENNIT_WATCH_META);
    sennit_doc_watch(b, SENNIT_WATCH_REMOTE | SENNIT_WATCH_LOCAL);
    put(a, "key", of_int(1));
    assert_int_equal(sennit_doc_next_patch(a, &patch), 1);
    assert_true(patch.what == SENNIT_PATCH_META && patch.local && patch.name_len == 3);
    assert_memory_equal(patch.name, "key", 3);
    assert_true(patch.removed == 0 && patch.inserted == 0 && patch.len == 0);
    assert_int_equal(sennit_doc_next_patch(a, &patch), 0);
    doc_catch_up(b, a);
    assert_int_equal(sennit_doc_next_patch(b, &patch), 0);
    put(b, "key", of_int(2));
    doc_catch_up(a, b);
    assert_int_equal(sennit_doc_next_patch(a, &patch), 1);
    assert_true(patch.what == SENNIT_PATCH_META && !patch.local && patch.replica == 2);
}

static void what_is_wrong_is_refused(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    char longest[SENNIT_ATTR_NAME_MAX + 1];
    const sennit_value one = of_int(1), bad = of_text("\xc3");
    const sennit_value kind = {.type = (sennit_type)6}, none = {.type = SENNIT_DATA, .len = 1};
    const sennit_value long_one = {.type = SENNIT_DATA, .data = longest, .len = SENNIT_ATTR_VALUE_MAX + 1};

    memset(longest, 'x', sizeof longest);
    assert_refused(doc, SENNIT_EINVAL, sennit_meta_set(doc, "", 0, &one));
    assert_refused(doc, SENNIT_EINVAL, sennit_meta_set(doc, NULL, 1, &one));
    assert_refused(doc, SENNIT_EINVAL, sennit_meta_set(doc, "k", 1, NULL));
    assert_refused(doc, SENNIT_EINVAL, sennit_meta_set(doc, "k", 1, &kind));
    assert_refused(doc, SENNIT_EINVAL, sennit_meta_set(doc, "k", 1, &none));
    assert_refused(doc, SENNIT_EUTF8, sennit_meta_set(doc, "\xc3", 1, &one));
    assert_refused(doc, SENNIT_EUTF8, sennit_meta_set(doc, "k", 1, &bad));
    assert_refused(doc, SENNIT_ELIMIT, sennit_meta_set(doc, longest, sizeof longest, &one));
    assert_refused(doc, SENNIT_ELIMIT, sennit_meta_set(doc, "k", 1, &long_one));
    assert_ok(sennit_meta_set(doc, longest, sizeof longest - 1, &one));
}

static void names_and_values_have_a_limit_in_all(void **state)
{
    stage *s = *state;

    s->options.limits.text_bytes = 20;
    sennit_doc *doc = stage_doc(s, 1, ""), *peer;
    s->options.limits.text_bytes = 0;
    peer = stage_doc(s, 2, "");
    put(doc, "k", of_text("1234567890"));
    const sennit_value ten = of_text("1234567890");
    assert_refused(doc, SENNIT_ELIMIT, sennit_meta_set(doc, "k", 1, &ten));
    put(peer, "k", ten);
    sennit_buf_init(&s->buf, NULL);
    assert_ok(sennit_doc_delta(peer, NULL, 0, NULL, &s->buf, NULL));
    assert_refused(doc, SENNIT_ELIMIT,
                   sennit_doc_apply(doc, s->buf.data, s->buf.len, NULL, NULL, &s->err));
}

static void a_value_that_is_here_can_be_given_to_another_key(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "");
    sennit_value v;

    put(doc, "k0", of_text("something long enough to need memory"));
    for (char key[] = "k0"; key[1] < '9'; key[1]++) {
        char next[] = {'k', (char)(key[1] + 1), '\0'};

        assert_int_equal(sennit_meta_get(doc, key, 2, &v), 1);
        put(doc, next, v);
        assert_meta(doc, next, "something long enough to need memory");
    }
}

static void what_comes_early_waits_with_its_values(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, ""), *b = stage_doc(s, 2, "");
    sennit_applied applied;
    sennit_buf first = s->buf;

    sennit_buf_init(&first, NULL);
    put(a, "one", of_text("1"));
    assert_ok(sennit_doc_own_delta(a, 0, NULL, &first));
    put(a, "two", of_text("2"));
    sennit_buf second;
    sennit_buf_init(&second, NULL);
    assert_ok(sennit_doc_own_delta(a, 1, NULL, &second));
    for (int i = 0; i < 2; i++) {
        assert_ok(sennit_doc_apply(b, second.data, second.len, NULL, &applied, NULL));
        assert_int_equal(applied.parked, 1);
    }
    assert_no_meta(b, "two");
    assert_ok(sennit_doc_apply(b, first.data, first.len, NULL, &applied, NULL));
    assert_meta(b, "two", "2");
    assert_ok(sennit_doc_apply(b, second.data, second.len, NULL, &applied, NULL));
    assert_int_equal(applied.known, 1);
    assert_true(doc_agree(a, b));
    sennit_buf_clear(&first);
    sennit_buf_clear(&second);
}

static void the_same_operation_with_another_value_is_a_fork(void **state)
{
    stage *s = *state;
    sennit_doc *a = stage_doc(s, 1, ""), *twin = stage_doc(s, 1, "");

    put(a, "key", of_text("one"));
    put(twin, "key", of_text("two"));
    sennit_buf_init(&s->buf, NULL);
    assert_ok(sennit_doc_own_delta(twin, 0, NULL, &s->buf));
    assert_refused(a, SENNIT_EFORK,
                   sennit_doc_apply(a, s->buf.data, s->buf.len, NULL, NULL, &s->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_value_of_each_type_comes_back_from_a_snapshot),
        STAGE_TEST(keys_are_stepped_through_in_order),
        STAGE_TEST(what_was_set_last_counts_in_whatever_order_it_comes),
        STAGE_TEST(what_is_deleted_stays_so_until_it_is_set_later),
        STAGE_TEST(an_abort_brings_the_value_before_back),
        STAGE_TEST(undo_brings_the_value_before_back_unless_others_set_one),
        STAGE_TEST(changes_are_told_to_who_wants_them),
        STAGE_TEST(what_is_wrong_is_refused),
        STAGE_TEST(names_and_values_have_a_limit_in_all),
        STAGE_TEST(a_value_that_is_here_can_be_given_to_another_key),
        STAGE_TEST(what_comes_early_waits_with_its_values),
        STAGE_TEST(the_same_operation_with_another_value_is_a_fork),
    };

    return RUN_TESTS(tests);
}
