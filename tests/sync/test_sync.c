/* Links and a hub that hand each other frames: what users see of it. */
#include "sync/support/meeting.h"

#include <stdlib.h>
#include <string.h>

static void what_one_types_the_others_read(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc"), *other = meeting_join(m, 2, "else");

    client_type(m, a, 0, "hello");
    meeting_settle(m);
    client_type(m, b, 5, " world");
    client_type(m, a, 0, "oh, ");
    meeting_settle(m);
    client_has(a, "oh, hello world");
    client_has(b, "oh, hello world");
    client_has(other, "");
    assert_true(a->changed > 0 && b->changed > 0);
    assert_int_equal(other->changed, 0);
}

static void both_ends_send_what_the_other_lacks(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    client_type(m, a, 0, "one two");
    meeting_settle(m);
    client_cut(m, a);
    client_cut(m, b);
    client_type(m, a, 3, " and");
    client_type(m, b, 7, " three");
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_OFFLINE);
    client_connect(m, a);
    meeting_settle(m);
    client_connect(m, b);
    meeting_settle(m);
    client_has(a, "one and two three");
    client_has(b, "one and two three");
}

static void acknowledged_means_durable(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "abc");
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 3);
    meeting_settle(m);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_APPLIED), 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_REPLICATED), 3);
    assert_true(a->safe > 0);
    meeting_restart(m);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "abc");
}

static void one_can_wait_for_a_version_to_be_durable(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");
    sennit_buf version;

    sennit_buf_init(&version, NULL);
    client_type(m, b, 0, "theirs");
    meeting_settle(m);
    client_type(m, a, 0, "mine ");
    assert_ok(sennit_doc_version(a->doc, &version));
    assert_ok(sennit_session_wait(a->session, version.data, version.len, SENNIT_DURABLE, 42));
    assert_int_equal(a->reached, 0);
    meeting_settle(m);
    m->now_ms += 2000; /* that what was received is durable is told when there is time */
    meeting_settle(m);
    assert_int_equal(a->reached, 1);
    assert_int_equal(a->ticket, 42);
    assert_int_equal(sennit_session_wait(a->session, "\xff", 1, SENNIT_DURABLE, 1), SENNIT_ECORRUPT);
    sennit_buf_clear(&version);
}

static void a_peer_that_does_not_read_gets_one_delta_when_it_does(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *slow = meeting_join(m, 1, "doc");
    sennit_connection *held = slow->connection;
    sennit_hub_stat stat;
    char line[1000];

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    slow->connection = NULL; /* nobody takes its frames */
    for (int i = 0; i < 2000; i++) {
        client_type(m, a, 0, line);
        meeting_settle(m);
        m->now_ms += 5;
    }
    sennit_hub_get_stat(m->hub, &stat);
    assert_true(stat.queued_bytes <= 300000);
    assert_int_equal(stat.catchups, 1);
    slow->connection = held;
    meeting_settle(m);
    assert_int_equal(sennit_doc_len(slow->doc), 2000 * (sizeof line - 1));
}

static void presence_is_shown_to_the_others_and_goes_with_its_session(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    assert_ok(sennit_session_set_presence(a->session, "cursor", 6));
    meeting_settle(m);
    assert_string_equal(b->shown, "cursor");
    client *late = meeting_join(m, 2, "doc");
    assert_string_equal(late->shown, "cursor");
    assert_int_equal(a->presences, 0);
    client_cut(m, a);
    meeting_settle(m);
    assert_string_equal(b->shown, "-");
    assert_string_equal(late->shown, "-");
}

static void a_presence_that_is_not_renewed_expires(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    assert_ok(sennit_session_set_presence(a->session, "cursor", 6));
    meeting_settle(m);
    for (int i = 0; i < 70; i++) {
        m->now_ms += 1000;
        meeting_settle(m);
    }
    assert_string_equal(b->shown, "-");
    assert_int_equal(sennit_session_get_state(b->session), SENNIT_LIVE); /* pings kept it */
}

static void a_copied_disk_goes_on_under_an_id_of_its_own(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "base ");
    meeting_settle(m);
    client *clone = meeting_client(m, 1, client_copy(m, a), "doc", "");
    client_cut(m, a);
    client_type(m, a, 5, "alpha");
    client_type(m, clone, 5, "beta!");
    client_connect(m, a);
    meeting_settle(m);
    client_connect(m, clone);
    meeting_settle(m);
    assert_int_equal(clone->rebased, 1);
    assert_int_equal(clone->rebase.from, 5);
    assert_int_equal(clone->rebase.operations, 5);
    assert_int_not_equal(sennit_doc_replica(clone->doc), sennit_doc_replica(a->doc));
    assert_int_equal(sennit_doc_len(a->doc), 15);
    assert_int_equal(sennit_doc_len(clone->doc), 15);
    assert_int_equal(a->rebased, 0);
    client_type(m, a, 0, ">");
    meeting_settle(m);
    assert_int_equal(sennit_doc_len(clone->doc), 16);
}

static void a_restored_backup_of_a_client_gets_its_own_text_back_once(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "monday ");
    meeting_settle(m);
    sennit_doc *backup = client_copy(m, a);
    client_type(m, a, 7, "tuesday ");
    meeting_settle(m);
    client_leave(a); /* its machine is gone; the server finds out later */
    client *b = meeting_client(m, 1, backup, "doc", "");
    client_connect(m, b);
    meeting_settle(m);
    client_has(b, "monday tuesday ");
    client_type(m, b, 15, "friday");
    meeting_settle(m);
    client *c = meeting_join(m, 2, "doc");
    client_has(c, "monday tuesday friday");
}

static void one_that_comes_again_before_it_was_missed_goes_on_as_it_was(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    uint64_t replica;

    client_type(m, a, 0, "abc");
    meeting_settle(m);
    replica = sennit_doc_replica(a->doc);
    a->connection = NULL; /* half open: the hub does not know */
    sennit_link_closed(a->link, m->now_ms);
    client_type(m, a, 3, "def");
    client_connect(m, a);
    meeting_settle(m);
    assert_int_equal(a->rebased, 0);
    assert_true(sennit_doc_replica(a->doc) == replica);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "abcdef");
}

static void a_clock_that_is_ahead_is_corrected_before_anything_is_sent(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", ""), *b = meeting_join(m, 1, "doc");
    sennit_change change;
    size_t at = 0;

    sennit_doc_set_time(a->doc, m->now_ms + 86400000);
    assert_ok(sennit_doc_insert(a->doc, 0, "early", 5));
    assert_ok(sennit_hub_connect(m->hub, a, m->now_ms, &a->connection));
    m->now_ms += 86400000; /* its own clock says so */
    assert_ok(sennit_link_opened(a->link, m->now_ms));
    const void *data;
    size_t len;
    assert_int_equal(sennit_link_next_frame(a->link, m->now_ms, &data, &len), 1);
    assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms - 86400000));
    assert_int_equal(sennit_hub_next_frame(a->connection, &data, &len), 1);
    assert_ok(sennit_link_receive(a->link, data, len, m->now_ms));
    assert_int_equal(sennit_link_next_frame(a->link, m->now_ms, &data, &len), 1);
    m->now_ms -= 86400000;
    assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms));
    meeting_settle(m);
    assert_int_equal(a->clock, 1);
    client_has(b, "early");
    assert_int_equal(sennit_doc_next_change(b->doc, &at, &change), 1);
    assert_true(change.unix_ms <= m->now_ms);
}

/* The server comes back from a backup in which there was nothing. */
static void forget(meeting *m)
{
    for (unsigned i = 0; i < MEETING_CLIENTS; i++)
        client_cut(m, &m->clients[i]);
    sennit_hub_free(m->hub);
    sennit_storage_close(m->storage);
    assert_ok(sennit_storage_memory(NULL, &m->storage));
    m->options.storage = m->storage;
    m->options.restored = 1;
    assert_ok(sennit_hub_new(&m->options, &m->hub));
}

static void a_server_that_forgot_gets_everything_again(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    client_type(m, a, 0, "kept ");
    client_type(m, b, 0, "too ");
    meeting_settle(m);
    forget(m);
    client_connect(m, a); /* b stays away: a has its text */
    meeting_settle(m);
    assert_int_equal(a->restored, 1);
    client *c = meeting_join(m, 2, "doc");
    assert_int_equal(sennit_doc_len(c->doc), 9);
    client_connect(m, b);
    client_type(m, b, 0, "!");
    meeting_settle(m);
    assert_int_equal(b->rebased, 0);
    assert_int_equal(sennit_doc_len(c->doc), 10);
    assert_int_equal(sennit_doc_len(a->doc), 10);
}

static void unrelated_documents_under_one_name_do_not_mix(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", ""), *b = meeting_client(m, 1, NULL, "doc", "");

    client_type(m, a, 0, "one");
    client_type(m, b, 0, "two");
    client_connect(m, a);
    meeting_settle(m);
    client_connect(m, b);
    meeting_settle(m);
    assert_int_equal(b->refused, SENNIT_FAULT_LINEAGE);
    client_has(a, "one");
    client_has(b, "two");
}

static void garbage_closes_the_connection_and_nothing_else(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        sennit_fault fault;
    } frames[] = {
        {"\xc1", 1, SENNIT_FAULT_PROTOCOL},                     /* no msgpack */
        {"x", 1, SENNIT_FAULT_PROTOCOL},                        /* no array */
        {"\x90", 1, SENNIT_FAULT_PROTOCOL},                     /* no type */
        {"\x91\x05", 2, SENNIT_FAULT_PROTOCOL},                 /* no channel */
        {"\x93\x05\x00", 3, SENNIT_FAULT_PROTOCOL},             /* cut off */
        {"\x92\x05\x00", 3, SENNIT_FAULT_PROTOCOL},             /* a ping without a number */
        {"\x93\x05\x00\xa1x", 5, SENNIT_FAULT_PROTOCOL},       /* whose number is a string */
        {"\x93\x05\x00\x90", 4, SENNIT_FAULT_PROTOCOL},        /* or an array */
        {"\xdd\xff\xff\xff\xff", 5, SENNIT_FAULT_PROTOCOL},    /* four billion elements */
        {"\xdc\xff\xff\x05\x00", 5, SENNIT_FAULT_PROTOCOL},    /* 65,535 of them */
        {"\x92\x63\x00", 3, SENNIT_FAULT_VERSION},              /* a type that is not known */
        {"\x92\x00\x01", 3, SENNIT_FAULT_PROTOCOL},             /* a hello that says nothing */
        {"\x92\x08\x00", 3, SENNIT_FAULT_PROTOCOL},             /* leaving the connection */
    };
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "safe");
    meeting_settle(m);
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        sennit_connection *bad;

        assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &bad));
        assert_int_not_equal(sennit_hub_receive(bad, frames[i].bytes, frames[i].len, m->now_ms), SENNIT_OK);
        assert_int_equal(sennit_connection_fault(bad, NULL), frames[i].fault);
        sennit_hub_disconnect(bad, m->now_ms);
    }
    client_type(m, a, 4, "!");
    meeting_settle(m);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "safe!");
}

/* ---- A storage that fails ---- */

static struct {
    sennit_storage below;
    bool full;
} faulty;

static sennit_status faulty_append(void *self, const char *name, const void *data, size_t len,
                                   uint64_t *ticket)
{
    return faulty.full ? SENNIT_EIO : faulty.below.append(self, name, data, len, ticket);
}

static sennit_status faulty_compact(void *self, const char *name, uint64_t through, const void *data,
                                    size_t len, uint64_t *ticket)
{
    return faulty.full ? SENNIT_EIO : faulty.below.compact(self, name, through, data, len, ticket);
}

static void pass_time(meeting *m, unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        m->now_ms += 1000;
        meeting_settle(m);
    }
}

static void what_could_not_be_stored_is_not_called_durable_until_it_is(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");

    faulty.below = *m->storage;
    m->storage->append = faulty_append;
    m->storage->compact = faulty_compact;
    faulty.full = true;
    client_type(m, a, 0, "text");
    meeting_settle(m);
    client_cut(m, a);
    client_connect(m, a);
    pass_time(m, 3);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 4);
    client_has(b, "text"); /* editing goes on */
    faulty.full = false;
    pass_time(m, 3);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 0);
    meeting_restart(m);
    client *c = meeting_join(m, 2, "doc");
    client_has(c, "text");
}

/* ---- Sizes ---- */

static void a_text_longer_than_a_frame_goes_in_parts(void **state)
{
    sennit_hub_options options = {.max_frame = 64000};
    meeting *m = *state;
    size_t len = 300000;
    char *text = malloc(len + 1);

    meeting_close(m);
    meeting_open(m, &options);
    m->longest = options.max_frame; /* either way */
    client *a = meeting_join(m, 0, "doc");
    memset(text, 'y', len);
    text[len] = '\0';
    client_type(m, a, 0, "<>");
    meeting_settle(m);
    client_type(m, a, 1, text);
    meeting_settle(m);
    assert_int_equal(a->refused, 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 0);
    client *b = meeting_join(m, 1, "doc");
    assert_int_equal(sennit_doc_len(b->doc), len + 2);
    free(text);
}

/* ---- Permissions: a token is the user's name, and says what it may ---- */

static sennit_status by_name(void *self, const char *token, size_t len, const char *document,
                             uint64_t now_ms, sennit_grant *out)
{
    (void)self, (void)document, (void)now_ms;
    *out = (sennit_grant){.permission = SENNIT_EDIT};
    if (len == 0)
        return SENNIT_EAUTH;
    memcpy(out->user, token, len);
    if (strncmp(token, "viewer", 6) == 0)
        out->permission = SENNIT_VIEW;
    if (strncmp(token, "critic", 6) == 0)
        out->permission = SENNIT_COMMENT;
    if (strncmp(token, "admin", 5) == 0)
        out->permission = SENNIT_ADMIN;
    return SENNIT_OK;
}

static client *joined_as(meeting *m, unsigned i, const char *user)
{
    client *c = meeting_client(m, i, NULL, "doc", user);

    client_connect(m, c);
    meeting_settle(m);
    return c;
}

static void each_user_does_what_the_permission_allows_and_no_more(void **state)
{
    sennit_hub_options options = {.authorise = by_name};
    sennit_undo *undo;
    meeting *m = *state;

    meeting_close(m);
    meeting_open(m, &options);
    client *ed = joined_as(m, 0, "ed"), *viewer = joined_as(m, 1, "viewer"), *critic = joined_as(m, 2, "critic");
    client *nobody = joined_as(m, 3, "");
    assert_int_equal(nobody->refused, SENNIT_FAULT_TOKEN);
    client_type(m, ed, 0, "keep lose");
    assert_ok(sennit_doc_delete(ed->doc, 4, 5));
    meeting_settle(m);
    client_has(viewer, "keep");
    client_type(m, viewer, 0, "no ");
    assert_ok(sennit_undo_new(critic->doc, &(sennit_undo_options){.size = sizeof(sennit_undo_options)}, &undo));
    assert_ok(sennit_undo_range(undo, NULL, 0, NULL, 0, NULL, 0)); /* deletes, and switches a delete off */
    sennit_undo_free(undo);
    meeting_settle(m);
    client_has(ed, "keep");
    assert_int_equal(critic->refused, SENNIT_FAULT_FORBIDDEN);
    client_has(viewer, "no keep");
    assert_int_equal(sennit_session_unsafe(viewer->session, SENNIT_APPLIED), 3);
}

/* Only an administrator may, and then all who are there erase it, and it is stored anew. */
static void to_redact_takes_an_administrator(void **state)
{
    sennit_hub_options options = {.authorise = by_name};
    sennit_hub_stat stat;
    sennit_buf then;
    meeting *m = *state;

    meeting_close(m);
    meeting_open(m, &options);
    client *ed = joined_as(m, 0, "ed"), *viewer = joined_as(m, 1, "viewer"), *admin = joined_as(m, 2, "admin");
    sennit_buf_init(&then, NULL);
    client_type(m, ed, 0, "keep lose");
    assert_ok(sennit_doc_version(ed->doc, &then));
    assert_ok(sennit_doc_delete(ed->doc, 4, 5));
    meeting_settle(m);
    assert_ok(sennit_doc_redact(ed->doc, then.data, then.len, 4, 5, NULL));
    meeting_settle(m);
    assert_int_equal(ed->refused, SENNIT_FAULT_FORBIDDEN);
    assert_ok(sennit_doc_redact(admin->doc, then.data, then.len, 4, 5, NULL));
    meeting_settle(m);
    assert_int_equal(admin->refused, 0);
    sennit_hub_get_stat(m->hub, &stat);
    const uint64_t compactions = stat.compactions;
    m->now_ms += 2000;
    meeting_settle(m);
    sennit_hub_get_stat(m->hub, &stat);
    assert_true(stat.compactions > compactions);
    then.len = 0;
    assert_ok(sennit_doc_save(viewer->doc, SENNIT_SAVE_SHARED, &then));
    for (size_t i = 0; i + 4 <= then.len; i++)
        assert_memory_not_equal(then.data + i, "lose", 4);
    sennit_buf_clear(&then);
}

/* The one operation that comments may hold besides marks is no back door. */
static void to_comment_is_not_to_bring_deleted_text_back(void **state)
{
    sennit_hub_options options = {.authorise = by_name};
    sennit_undo *undo;
    sennit_buf typed;
    meeting *m = *state;

    meeting_close(m);
    meeting_open(m, &options);
    client *ed = joined_as(m, 0, "ed"), *critic = joined_as(m, 1, "critic");
    sennit_buf_init(&typed, NULL);
    client_type(m, ed, 0, "keep lose");
    assert_ok(sennit_doc_version(ed->doc, &typed));
    assert_ok(sennit_doc_delete(ed->doc, 4, 5));
    meeting_settle(m);
    assert_ok(sennit_undo_new(critic->doc, &(sennit_undo_options){.size = sizeof(sennit_undo_options)}, &undo));
    assert_ok(sennit_undo_range(undo, NULL, 0, typed.data, typed.len, NULL, 0)); /* a toggle alone */
    sennit_undo_free(undo);
    sennit_buf_clear(&typed);
    client_has(critic, "keep lose");
    meeting_settle(m);
    client_has(ed, "keep");
    assert_int_equal(critic->refused, SENNIT_FAULT_FORBIDDEN);
}

static void nobody_writes_under_another_users_replica(void **state)
{
    sennit_hub_options options = {.authorise = by_name};
    meeting *m = *state;

    meeting_close(m);
    meeting_open(m, &options);
    client *ed = joined_as(m, 0, "ed");
    client_type(m, ed, 0, "mine");
    meeting_settle(m);
    client *thief = meeting_client(m, 1, client_copy(m, ed), "doc", "thief");
    client_cut(m, ed);
    client_type(m, thief, 4, "!");
    client_connect(m, thief);
    meeting_settle(m);
    assert_int_equal(thief->rebased, 1);
    client_connect(m, ed);
    client_type(m, ed, 0, ">");
    meeting_settle(m);
    assert_int_equal(ed->rebased, 0);
    client_has(ed, ">mine!");
    client_has(thief, ">mine!");
}

/* ---- What else may come ---- */

static void a_seeded_text_is_nobodys_fork(void **state)
{
    meeting *m = *state;
    sennit_options options = {.size = sizeof options, .random = rng_random, .random_self = &m->chance};
    sennit_doc *seeded;

    assert_ok(sennit_doc_seed(&options, "doc", 3, "seed", 4, &seeded));
    client *a = meeting_client(m, 0, seeded, "doc", "");
    client_connect(m, a);
    meeting_settle(m);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "seed");
    assert_int_equal(a->rebased + b->rebased, 0);
}

static void a_frame_that_comes_amid_a_transaction_can_be_given_again(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");
    const void *data;
    size_t len;

    client_type(m, a, 0, "hello");
    assert_int_equal(sennit_link_next_frame(a->link, m->now_ms, &data, &len), 1);
    assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms));
    assert_int_equal(sennit_hub_next_frame(b->connection, &data, &len), 1);
    assert_ok(sennit_doc_begin(b->doc));
    assert_int_equal(sennit_link_receive(b->link, data, len, m->now_ms), SENNIT_EBUSY);
    assert_ok(sennit_doc_commit(b->doc));
    assert_ok(sennit_link_receive(b->link, data, len, m->now_ms));
    meeting_settle(m);
    client_has(b, "hello");
}

static void a_clock_that_was_set_right_needs_no_correction_any_more(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", "");
    const void *data;
    sennit_change change;
    size_t len, at = 0;

    for (int late = 1; late >= 0; late--) { /* an hour slow, then right */
        uint64_t mine = m->now_ms - (late ? 3600000 : 0);

        assert_ok(sennit_hub_connect(m->hub, a, m->now_ms, &a->connection));
        assert_ok(sennit_link_opened(a->link, mine));
        assert_int_equal(sennit_link_next_frame(a->link, mine, &data, &len), 1);
        assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms));
        assert_int_equal(sennit_hub_next_frame(a->connection, &data, &len), 1);
        assert_ok(sennit_link_receive(a->link, data, len, mine));
        if (late)
            client_cut(m, a);
    }
    client_type(m, a, 0, "x");
    meeting_settle(m);
    assert_int_equal(a->clock, 1);
    assert_int_equal(sennit_doc_next_change(a->doc, &at, &change), 1);
    assert_true(change.unix_ms == m->now_ms);
}

static void a_server_that_always_says_fork_is_left(void **state)
{
    meeting *m = *state;
    client *a = meeting_client(m, 0, NULL, "doc", "");
    sennit_event e;
    const void *data;
    size_t len;
    unsigned rebased = 0;

    client_type(m, a, 0, "abc");
    assert_ok(sennit_link_opened(a->link, m->now_ms));
    for (int i = 0; i < 50 && sennit_session_get_state(a->session) != SENNIT_REFUSED; i++) {
        const uint8_t channel = (uint8_t)(i + 1); /* each hello opens another */
        const uint8_t forked[] = {0x94, 7, channel, 0xcd, 0x11, 0x39, 0xa0};
        uint8_t none[12] = {0x93, 12, channel, 0xcf};
        uint64_t replica = sennit_doc_replica(a->doc);

        while (sennit_link_next_frame(a->link, m->now_ms, &data, &len) == 1)
            ;
        assert_ok(sennit_link_receive(a->link, forked, sizeof forked, m->now_ms));
        while (sennit_link_next_frame(a->link, m->now_ms, &data, &len) == 1)
            ;
        for (int k = 0; k < 8; k++)
            none[4 + k] = (uint8_t)(replica >> (56 - 8 * k));
        while (sennit_session_get_state(a->session) == SENNIT_GREETING &&
               replica == sennit_doc_replica(a->doc) &&
               sennit_link_receive(a->link, none, sizeof none, m->now_ms) == SENNIT_OK)
            while (sennit_link_next_frame(a->link, m->now_ms, &data, &len) == 1)
                ;
    }
    while (sennit_link_next_event(a->link, &e) == 1)
        rebased += e.kind == SENNIT_EVENT_REBASED;
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_REFUSED);
    assert_true(rebased > 0 && rebased < 10);
    client_has(a, "abc");
}

static void what_one_typed_does_not_come_back_to_it(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc"), *b = meeting_join(m, 1, "doc");
    sennit_hub_stat stat;

    (void)b;
    for (int i = 0; i < 3; i++) {
        client_type(m, a, 0, "x");
        meeting_settle(m);
    }
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.deltas_in, 3);
    assert_int_equal(stat.deltas_out, 3); /* to b; none to a */
}

/* A client without a library: frames by hand. The hello of somebody with nothing but
 * a lineage. */
static size_t write_hello(uint8_t hello[64], uint8_t channel, const char *name, const sennit_doc *doc)
{
    const uint8_t head[] = {0x9c, 0, channel, 1, 1, (uint8_t)(0xa0 | strlen(name))};
    uint8_t *p = hello + sizeof head;

    memcpy(hello, head, sizeof head);
    memcpy(p, name, strlen(name));
    p += strlen(name);
    memcpy(p, "\xc4\x10", 2);
    sennit_doc_lineage(doc, p + 2);
    memcpy(p + 18, "\x00\x00\x00\xc4\x00\xa0\x00", 7); /* replica .. incarnation */
    return (size_t)(p + 25 - hello);
}

static sennit_connection *stranger(meeting *m, const char *name, const sennit_doc *doc)
{
    uint8_t hello[64];
    sennit_connection *c;
    const void *data;
    size_t len = write_hello(hello, 1, name, doc);

    assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &c));
    assert_ok(sennit_hub_receive(c, hello, len, m->now_ms));
    assert_int_equal(sennit_hub_next_frame(c, &data, &len), 1);
    return c;
}

/* What is under way on the one would be taken for what comes on the other. */
static void the_number_of_a_channel_is_used_once_on_a_connection(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    uint8_t hello[64];
    size_t len;

    for (uint8_t again = 0; again <= 1; again++) {
        sennit_connection *c = stranger(m, "doc", a->doc);

        len = write_hello(hello, 3, "doc", a->doc);
        assert_ok(sennit_hub_receive(c, "\x92\x08\x01", 3, m->now_ms)); /* it leaves the first */
        assert_ok(sennit_hub_receive(c, hello, len, m->now_ms));
        len = write_hello(hello, again ? 3 : 1, "doc", a->doc);
        assert_int_equal(sennit_hub_receive(c, hello, len, m->now_ms), SENNIT_ECLOSED);
        assert_int_equal(sennit_connection_fault(c, NULL), SENNIT_FAULT_PROTOCOL);
        sennit_hub_disconnect(c, m->now_ms);
    }
}

/* A delta message of one delta of less than 256 bytes. */
static sennit_status hand_over(meeting *m, sennit_connection *c, uint8_t serial, const sennit_buf *delta)
{
    uint8_t frame[300] = {0x94, 2, 1, serial, 0xc4, (uint8_t)delta->len};

    memcpy(frame + 6, delta->data, delta->len);
    return sennit_hub_receive(c, frame, 6 + delta->len, m->now_ms);
}

static sennit_doc *doc_at(meeting *m, uint64_t ms, const char *text, sennit_buf *delta)
{
    sennit_options options = {.size = sizeof options, .random = rng_random, .random_self = &m->chance};
    sennit_doc *doc;

    assert_ok(sennit_doc_new(&options, &doc));
    sennit_doc_set_time(doc, ms);
    assert_ok(sennit_doc_insert(doc, 0, text, strlen(text)));
    sennit_buf_init(delta, NULL);
    assert_ok(sennit_doc_delta(doc, NULL, 0, NULL, delta, NULL));
    return doc;
}

static void a_serial_that_does_not_follow_ends_the_connection(void **state)
{
    meeting *m = *state;
    sennit_connection *c;
    sennit_buf delta;
    sennit_doc *doc = doc_at(m, m->now_ms, "hi", &delta);

    c = stranger(m, "doc", doc);
    assert_int_not_equal(hand_over(m, c, 2, &delta), SENNIT_OK);
    assert_int_equal(sennit_connection_fault(c, NULL), SENNIT_FAULT_PROTOCOL);
    sennit_hub_disconnect(c, m->now_ms);
    sennit_buf_clear(&delta);
    sennit_doc_free(doc);
}

static void a_time_from_the_future_is_refused_at_the_door(void **state)
{
    meeting *m = *state;

    for (int late = 0; late < 2; late++) {
        sennit_connection *c;
        sennit_buf delta;
        sennit_doc *doc = doc_at(m, m->now_ms + (late ? 61000 : 59000), "hi", &delta), *there;
        const char *name = late ? "late" : "soon";

        c = stranger(m, name, doc);
        assert_ok(hand_over(m, c, 1, &delta));
        sennit_status st = sennit_hub_document(m->hub, name, m->now_ms, &there);
        assert_ok(st);
        assert_int_equal(sennit_doc_len(there), late ? 0 : 2);
        sennit_hub_disconnect(c, m->now_ms);
        sennit_buf_clear(&delta);
        sennit_doc_free(doc);
    }
}

static void of_two_that_write_under_one_id_the_older_takes_another(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");

    client_type(m, a, 0, "base");
    meeting_settle(m);
    client *twin = meeting_client(m, 1, client_copy(m, a), "doc", ""); /* both stay connected */
    client_connect(m, twin);
    meeting_settle(m);
    assert_int_equal(a->rebased, 1);
    assert_int_equal(a->rebase.operations, 0);
    client_type(m, a, 4, "A");
    client_type(m, twin, 0, "T");
    meeting_settle(m);
    client_has(a, "TbaseA");
    client_has(twin, "TbaseA");
}

static void who_sends_too_much_too_fast_is_closed(void **state)
{
    sennit_hub_options options = {.max_rate = 1000};
    uint8_t ping[] = {0x93, 5, 0, 1};
    meeting *m = *state;
    sennit_connection *c;
    unsigned taken = 0;

    meeting_close(m);
    meeting_open(m, &options);
    assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &c));
    for (; taken < 5000 && sennit_hub_receive(c, ping, sizeof ping, m->now_ms) == SENNIT_OK; taken++) {
        const void *data;
        size_t len;

        while (sennit_hub_next_frame(c, &data, &len) == 1)
            ;
    }
    assert_int_equal(taken, 2500); /* ten seconds' worth */
    assert_int_equal(sennit_connection_fault(c, NULL), SENNIT_FAULT_RATE);
    sennit_hub_disconnect(c, m->now_ms);
}

static uint64_t token_end;

static sennit_status for_a_while(void *self, const char *token, size_t len, const char *document,
                                 uint64_t now_ms, sennit_grant *out)
{
    sennit_status st = by_name(self, token, len, document, now_ms, out);

    out->expires_ms = token_end;
    out->id = 7;
    return st;
}

static void an_expired_or_revoked_token_closes_the_channel(void **state)
{
    sennit_hub_options options = {.authorise = for_a_while};
    meeting *m = *state;

    meeting_close(m);
    meeting_open(m, &options);
    token_end = m->now_ms + 5000;
    client *a = joined_as(m, 0, "ann");
    pass_time(m, 4);
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_LIVE);
    pass_time(m, 2);
    assert_int_equal(a->refused, SENNIT_FAULT_TOKEN);
    client_type(m, a, 0, "kept");
    meeting_settle(m);
    client_has(a, "kept");
    token_end = 0;
    assert_ok(sennit_session_set_token(a->session, "ann"));
    meeting_settle(m);
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_LIVE);
    client *b = joined_as(m, 1, "bob");
    client_has(b, "kept"); /* refused, kept, and sent once allowed */
    sennit_hub_revoke(m->hub, 0, "bob");
    meeting_settle(m);
    assert_int_equal(b->refused, SENNIT_FAULT_TOKEN);
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_LIVE);
}

/* Others' operations are passed over unless the server may take them. */
static void nobody_brings_what_is_bound_to_another(void **state)
{
    sennit_hub_options options = {.authorise = by_name};
    meeting *m = *state;
    sennit_buf more;

    meeting_close(m);
    meeting_open(m, &options);
    client *ed = joined_as(m, 0, "ed");
    client_type(m, ed, 0, "one");
    meeting_settle(m);
    client_cut(m, ed);
    client_type(m, ed, 3, " two");
    client *eve = joined_as(m, 1, "eve");
    client_cut(m, eve);
    sennit_buf_init(&more, NULL);
    assert_ok(sennit_doc_delta(ed->doc, NULL, 0, NULL, &more, NULL));
    assert_ok(sennit_doc_apply(eve->doc, more.data, more.len, NULL, NULL, NULL)); /* peer to peer */
    sennit_buf_clear(&more);
    client_connect(m, eve);
    client_type(m, eve, 0, ">");
    meeting_settle(m);
    assert_int_equal(eve->refused, 0);
    client *bob = joined_as(m, 2, "bob");
    client_has(bob, ">one"); /* not what eve says ed wrote */
    client_connect(m, ed);
    meeting_settle(m);
    client_has(bob, ">one two");
    client_has(eve, ">one two");
}

/* A replica is its author's also if somebody else, who never wrote, brings all of it to
 * a server that forgot whose it was. */
static void who_wrote_nothing_brings_what_others_wrote_as_theirs(void **state)
{
    sennit_hub_options options = {.authorise = by_name};
    meeting *m = *state;

    meeting_close(m);
    meeting_open(m, &options);
    client *ed = joined_as(m, 0, "ed"), *eve = joined_as(m, 1, "eve");
    client_type(m, ed, 0, "one");
    meeting_settle(m);
    forget(m);
    client_connect(m, eve);
    meeting_settle(m);
    client_type(m, eve, 3, " two");
    meeting_settle(m);
    client_connect(m, ed);
    client_type(m, ed, 0, ">");
    meeting_settle(m);
    assert_int_equal(ed->rebased, 0);
    assert_int_equal(eve->rebased, 0);
    client_has(eve, ">one two");
    client_has(ed, ">one two");
}

static void a_document_that_could_not_be_stored_stays_open(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    sennit_hub_stat stat;

    faulty.below = *m->storage;
    m->storage->append = faulty_append;
    m->storage->compact = faulty_compact;
    faulty.full = true;
    client_type(m, a, 0, "text");
    meeting_settle(m);
    client_cut(m, a);
    client_leave(a);
    m->now_ms += 60000;
    for (int i = 0; i < 50; i++, m->now_ms += 1000)
        sennit_hub_tick(m->hub, m->now_ms);
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.documents, 1);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "text");
    faulty.full = false;
}

static void what_was_applied_is_told_soon_though_it_is_not_durable(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    const void *data;
    size_t len;

    while (sennit_hub_next_ready(m->hub) != NULL)
        continue;
    faulty.below = *m->storage;
    m->storage->append = faulty_append;
    m->storage->compact = faulty_compact;
    faulty.full = true;
    client_type(m, a, 0, "x");
    while (sennit_link_next_frame(a->link, m->now_ms, &data, &len) == 1)
        assert_ok(sennit_hub_receive(a->connection, data, len, m->now_ms));
    assert_null(sennit_hub_next_ready(m->hub)); /* it may have company in a moment */
    assert_in_range(sennit_hub_timeout(m->hub, m->now_ms), 1, 50);
    m->now_ms += sennit_hub_timeout(m->hub, m->now_ms);
    sennit_hub_tick(m->hub, m->now_ms);
    assert_ptr_equal(sennit_hub_next_ready(m->hub), a->connection);
    meeting_settle(m);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_APPLIED), 0);
    assert_int_equal(sennit_session_unsafe(a->session, SENNIT_DURABLE), 1);
    faulty.full = false;
}

static void a_connection_that_says_nothing_is_closed(void **state)
{
    meeting *m = *state;
    sennit_connection *mute;

    assert_ok(sennit_hub_connect(m->hub, NULL, m->now_ms, &mute));
    sennit_hub_tick(m->hub, m->now_ms + 9000);
    assert_int_equal(sennit_connection_fault(mute, NULL), 0);
    sennit_hub_tick(m->hub, m->now_ms + 10001);
    assert_int_equal(sennit_connection_fault(mute, NULL), SENNIT_FAULT_TIMEOUT);
    assert_ptr_equal(sennit_hub_next_ready(m->hub), mute);
    sennit_hub_disconnect(mute, m->now_ms);
}

static void documents_nobody_is_at_are_unloaded_and_come_back(void **state)
{
    meeting *m = *state;
    client *a = meeting_join(m, 0, "doc");
    sennit_hub_stat stat;

    client_type(m, a, 0, "text");
    meeting_settle(m);
    client_cut(m, a);
    m->now_ms += 20000;
    sennit_hub_tick(m->hub, m->now_ms);
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.documents, 1);
    m->now_ms += 40000;
    sennit_hub_tick(m->hub, m->now_ms);
    sennit_hub_get_stat(m->hub, &stat);
    assert_int_equal(stat.documents, 0);
    client *b = meeting_join(m, 1, "doc");
    client_has(b, "text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(what_one_types_the_others_read),
        EACH_MEETING(both_ends_send_what_the_other_lacks),
        EACH_MEETING(acknowledged_means_durable),
        EACH_MEETING(one_can_wait_for_a_version_to_be_durable),
        EACH_MEETING(a_peer_that_does_not_read_gets_one_delta_when_it_does),
        EACH_MEETING(presence_is_shown_to_the_others_and_goes_with_its_session),
        EACH_MEETING(a_presence_that_is_not_renewed_expires),
        EACH_MEETING(a_copied_disk_goes_on_under_an_id_of_its_own),
        EACH_MEETING(a_restored_backup_of_a_client_gets_its_own_text_back_once),
        EACH_MEETING(one_that_comes_again_before_it_was_missed_goes_on_as_it_was),
        EACH_MEETING(a_clock_that_is_ahead_is_corrected_before_anything_is_sent),
        EACH_MEETING(a_server_that_forgot_gets_everything_again),
        EACH_MEETING(unrelated_documents_under_one_name_do_not_mix),
        EACH_MEETING(garbage_closes_the_connection_and_nothing_else),
        EACH_MEETING(what_could_not_be_stored_is_not_called_durable_until_it_is),
        EACH_MEETING(a_text_longer_than_a_frame_goes_in_parts),
        EACH_MEETING(each_user_does_what_the_permission_allows_and_no_more),
        EACH_MEETING(to_comment_is_not_to_bring_deleted_text_back),
        EACH_MEETING(to_redact_takes_an_administrator),
        EACH_MEETING(nobody_writes_under_another_users_replica),
        EACH_MEETING(a_seeded_text_is_nobodys_fork),
        EACH_MEETING(a_frame_that_comes_amid_a_transaction_can_be_given_again),
        EACH_MEETING(a_clock_that_was_set_right_needs_no_correction_any_more),
        EACH_MEETING(a_server_that_always_says_fork_is_left),
        EACH_MEETING(what_one_typed_does_not_come_back_to_it),
        EACH_MEETING(the_number_of_a_channel_is_used_once_on_a_connection),
        EACH_MEETING(a_serial_that_does_not_follow_ends_the_connection),
        EACH_MEETING(a_time_from_the_future_is_refused_at_the_door),
        EACH_MEETING(of_two_that_write_under_one_id_the_older_takes_another),
        EACH_MEETING(who_sends_too_much_too_fast_is_closed),
        EACH_MEETING(an_expired_or_revoked_token_closes_the_channel),
        EACH_MEETING(nobody_brings_what_is_bound_to_another),
        EACH_MEETING(who_wrote_nothing_brings_what_others_wrote_as_theirs),
        EACH_MEETING(a_document_that_could_not_be_stored_stays_open),
        EACH_MEETING(what_was_applied_is_told_soon_though_it_is_not_durable),
        EACH_MEETING(a_connection_that_says_nothing_is_closed),
        EACH_MEETING(documents_nobody_is_at_are_unloaded_and_come_back),
    };

    return RUN_TESTS(tests);
}
