#include "core/doc/doc.h"

#include "support/stage.h"

#include <string.h>

static void a_dump_reads_like_this(void **state)
{
    stage *s = *state;
    static const char want[] =
        "spans\n"
        "         -  0@0000000000000000  R  [1 gone]\n"
        "         -  0@00000000000000b2  L  [1 gone]\n"
        "         0  1@0000000000000000  R  \"e\"\n"
        "         -  2@0000000000000000  R  [2 gone]\n"
        "         1  0@00000000000000a1  R  \"a\"\n"
        "         -  1@00000000000000a1  R  [2 gone]\n"
        "         2  3@00000000000000a1  R  \"\\x0a\\x7f\xc3\xa9\"\n"
        "replica 0000000000000000\n"
        "    at 0+1\n"
        "         0  insert 4 after root\n"
        "replica 00000000000000a1\n"
        "    at 1000+0\n"
        "         0  insert 7 after 3@0000000000000000\n"
        "         7  delete 1 of 2 at 1@00000000000000a1\n"
        "replica 00000000000000b2\n"
        "    at 2000+0\n"
        "         0  insert 1 before 1@0000000000000000\n"
        "         1  delete 2 down of 1 at 3@0000000000000000\n"
        "         3  delete and 1 of 1 at 0@0000000000000000\n"
        "         3  delete 1 of 1 at 0@00000000000000b2\n"
        "replica 00000000000000c3\n"
        "    at 3000+7\n"
        "         0  off 7@00000000000000a1\n"
        "         1  on 7@00000000000000a1\n";
    sennit_doc *doc = stage_doc(s, 0xa1, "seed"), *other = stage_doc(s, 0xb2, "seed");

    sennit_doc_set_time(doc, 1000);
    assert_ok(sennit_doc_insert(doc, 4, "a\"\\\n\x7f\xc3\xa9", 7));
    assert_ok(sennit_doc_delete(doc, 5, 2));
    sennit_doc_set_time(other, 2000);
    assert_ok(sennit_doc_insert(other, 1, "x", 1));
    assert_ok(sennit_doc_delete(other, 4, 1));
    assert_ok(sennit_doc_delete(other, 3, 1));
    assert_ok(sennit_doc_delete(other, 0, 2));
    doc_catch_up(doc, other);
    assert_ok(stage_apply(s, doc, &(stage_ops){
        .ids = {0xc3, 0xa1}, .ids_len = 2, .hlc = UINT64_C(3000) << 16 | 7, .n = 2,
        .ops = {{.kind = SN_TOGGLE, .n = 1, .ref_replica = 1, .ref = 7},
                {.kind = SN_TOGGLE, .flag = 1, .seq = 1, .n = 1, .ref_replica = 1, .ref = 7}}}));
    doc_dump(doc, &s->buf);
    if (!buf_is(&s->buf, want, sizeof want - 1))
        fail_msg("%.*s", (int)s->buf.len, (const char *)s->buf.data);
}

static void a_dump_of_nothing_is_almost_nothing(void **state)
{
    stage *s = *state;

    doc_dump(stage_doc(s, 1, ""), &s->buf);
    assert_true(buf_is(&s->buf, "spans\n", 6));
}

static void a_dump_does_not_tell_where_leaves_end(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text"), *other;

    for (unsigned i = 0; i < 200; i++) /* each in the middle of the one before, then whole again */
        assert_ok(sennit_doc_insert(doc, 1 + i, "()", 2));
    for (unsigned i = 0; i < 40; i++)
        assert_ok(sennit_doc_delete(doc, 3 * i, 2));
    assert_ok(sennit_doc_delete(doc, 0, 200));
    doc_snapshot(doc, &s->buf);
    assert_ok(sennit_doc_load(&s->options, s->buf.data, s->buf.len, &other, NULL));
    assert_true(doc_agree(doc, stage_keep(s, other)));
}

static void a_dump_appends_or_leaves_the_buffer_alone(void **state)
{
    stage *s = *state;
    sennit_doc *doc = stage_doc(s, 1, "text");
    failmem fm;
    sennit_alloc alloc = failmem_at(&fm, 2);
    sennit_buf out;

    sennit_buf_init(&out, &alloc);
    buf_add(&out, "before", 6);
    assert_int_equal(sennit_doc_dump(doc, &out), SENNIT_ENOMEM);
    assert_true(buf_is(&out, "before", 6));
    s->fm.calls = 0;
    s->fm.fail_at = 1;
    assert_int_equal(sennit_doc_dump(doc, &out), SENNIT_ENOMEM);
    assert_ok(sennit_doc_dump(doc, &out));
    assert_memory_equal(out.data, "beforespans\n", 12);
    sennit_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_dump_reads_like_this),
        STAGE_TEST(a_dump_of_nothing_is_almost_nothing),
        STAGE_TEST(a_dump_does_not_tell_where_leaves_end),
        STAGE_TEST(a_dump_appends_or_leaves_the_buffer_alone),
    };

    return RUN_TESTS(tests);
}
