/* What is left of a document when its storage failed for a while, and what those who
 * have the rest make of it. */
#include "sync/support/meeting.h"

#include <stdlib.h>
#include <string.h>

/* A document of its own lineage, that reads "ab", typed key by key. */
static sennit_doc *doc_of_two_keys(meeting *m)
{
    sennit_options options = {.size = sizeof options, .random = rng_random, .random_self = &m->chance};
    sennit_doc *doc;

    assert_ok(sennit_doc_seed(&options, "mine", 4, "", 0, &doc));
    sennit_doc_set_time(doc, m->now_ms);
    assert_ok(sennit_doc_insert(doc, 0, "a", 1));
    assert_ok(sennit_doc_insert(doc, 1, "b", 1));
    return doc;
}

/* The second keystroke alone, which tells no lineage, is all that storage took before the
 * server stopped. */
static void a_document_of_which_one_keystroke_is_left_is_still_that_document(void **state)
{
    meeting *m = *state;
    sennit_doc *doc = doc_of_two_keys(m);
    sennit_buf key;
    uint64_t ticket;

    sennit_buf_init(&key, NULL);
    assert_ok(sennit_doc_own_delta(doc, 1, NULL, &key));
    assert_ok(m->storage->append(m->storage->self, "doc", key.data, key.len, &ticket));
    sennit_buf_clear(&key);

    client *a = meeting_client(m, 0, doc, "doc", "");
    client_connect(m, a);
    meeting_settle(m);
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_LIVE);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(a_document_of_which_one_keystroke_is_left_is_still_that_document),
    };

    return RUN_TESTS(tests);
}
