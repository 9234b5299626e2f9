/* Edits that come to a hub another way than by the protocol. */
#include "sync/support/meeting.h"

#include <string.h>

static sennit_status edit(meeting *m, const sennit_buf *version, size_t pos, size_t removed,
                          const char *text, sennit_buf *out, uint64_t *ticket)
{
    const sennit_edit one = {pos, removed, text, strlen(text)};

    return sennit_hub_edit(m->hub, "doc", m->now_ms, version->data, version->len, SENNIT_CODEPOINTS,
                           &one, 1, out, ticket);
}

static void an_edit_from_outside_goes_round_and_is_kept(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    sennit_buf before, after;
    uint64_t ticket = 0;
    sennit_order order;

    sennit_buf_init(&before, NULL);
    sennit_buf_init(&after, NULL);
    client_type(m, a, 0, "one two");
    meeting_settle(m);
    assert_ok(sennit_doc_version(a->doc, &before));
    client_type(m, a, 0, "> "); /* has not been seen by who edits */
    meeting_settle(m);
    assert_ok(edit(m, &before, 4, 3, "2", &after, &ticket));
    meeting_settle(m);
    client_has(a, "> one 2");
    assert_ok(sennit_version_compare(before.data, before.len, after.data, after.len, &order));
    assert_int_equal(order, SENNIT_BEFORE);
    sennit_hub_tick(m->hub, m->now_ms);
    assert_true(m->storage->durable(m->storage->self) >= ticket && ticket > 0);
    meeting_restart(m);
    client_has(meeting_join(m, 1, "doc"), "> one 2");
    sennit_buf_clear(&before);
    sennit_buf_clear(&after);
}

static void an_edit_from_outside_begins_a_document(void **state)
{
    meeting *m = *state;
    sennit_buf none, first, second;

    sennit_buf_init(&none, NULL);
    sennit_buf_init(&first, NULL);
    sennit_buf_init(&second, NULL);
    assert_ok(edit(m, &none, 0, 0, "first", &first, NULL));
    assert_ok(edit(m, &first, 5, 0, ", second", &second, NULL));
    assert_ok(edit(m, &first, 0, 1, "F", &second, NULL));
    client_has(meeting_join(m, 0, "doc"), "First, second");
    sennit_buf_clear(&none);
    sennit_buf_clear(&first);
    sennit_buf_clear(&second);
}

static void a_bad_edit_from_outside_changes_nothing(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    const sennit_buf none = {NULL, 0, 0, {NULL, NULL}};
    sennit_buf version, out;

    sennit_buf_init(&version, NULL);
    sennit_buf_init(&out, NULL);
    client_type(m, a, 0, "text");
    assert_ok(sennit_doc_version(a->doc, &version)); /* the hub does not know that yet */
    assert_int_equal(edit(m, &version, 0, 0, "x", &out, NULL), SENNIT_EGONE);
    meeting_settle(m);
    assert_int_equal(edit(m, &version, 5, 0, "x", &out, NULL), SENNIT_ERANGE);
    assert_int_equal(edit(m, &none, 1, 0, "x", &out, NULL), SENNIT_ERANGE);
    assert_int_equal(edit(m, &version, 0, 0, "\xff", &out, NULL), SENNIT_EUTF8);
    assert_int_equal(out.len, 0);
    assert_int_equal(sennit_hub_edit(m->hub, "no/../name", m->now_ms, NULL, 0, SENNIT_BYTES, NULL,
                                     0, &out, NULL), SENNIT_EINVAL);
    sennit_hub_drain(m->hub, m->now_ms);
    assert_int_equal(edit(m, &version, 0, 0, "x", &out, NULL), SENNIT_ECLOSED);
    client_has(a, "text");
    sennit_buf_clear(&version);
    sennit_buf_clear(&out);
}

/* Whoever comes under the replica by which the hub edits takes another. */
static void nobody_else_is_the_hubs_replica(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    sennit_options options = {.size = sizeof options, .random = rng_random,
                              .random_self = &m->chance};
    const sennit_buf none = {NULL, 0, 0, {NULL, NULL}};
    sennit_buf bytes;
    sennit_doc *doc;

    sennit_buf_init(&bytes, NULL);
    assert_ok(edit(m, &none, 0, 0, "mine", &bytes, NULL));
    meeting_settle(m);
    assert_ok(sennit_hub_document(m->hub, "doc", m->now_ms, &doc));
    const uint64_t hubs = options.replica = sennit_doc_replica(doc);
    bytes.len = 0;
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_SHARED, &bytes));
    assert_ok(sennit_doc_load(&options, bytes.data, bytes.len, &doc, NULL));
    client *b = meeting_client(m, 1, doc, "doc", "");
    sennit_doc_set_time(b->doc, m->now_ms);
    client_type(m, b, 0, "not ");
    assert_int_equal(sennit_doc_known(b->doc, hubs), 8);
    client_connect(m, b);
    meeting_settle(m);
    client_has(a, "not mine");
    assert_int_equal(sennit_doc_known(a->doc, hubs), 4);
    sennit_buf_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(an_edit_from_outside_goes_round_and_is_kept),
        EACH_MEETING(an_edit_from_outside_begins_a_document),
        EACH_MEETING(a_bad_edit_from_outside_changes_nothing),
        EACH_MEETING(nobody_else_is_the_hubs_replica),
    };

    return RUN_TESTS(tests);
}
