/* What whose token allows: a token is the user's name, and says what it may. */
#include "sync/support/meeting.h"

#include <string.h>

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

static bool knows(sennit_doc *doc, const char *text)
{
    sennit_buf all;
    bool found = false;

    sennit_buf_init(&all, NULL);
    assert_ok(sennit_doc_save(doc, SENNIT_SAVE_SHARED, &all));
    for (size_t i = 0; i + strlen(text) <= all.len; i++)
        found = found || memcmp(all.data + i, text, strlen(text)) == 0;
    sennit_buf_clear(&all);
    return found;
}

/* The hub compacts and begins anew around it; one comes back who knows the text, and has
 * written inside it; and a copy of another, which goes on under an id of its own. */
static void what_was_redacted_is_brought_back_by_nobody(void **state)
{
    const sennit_hub_options options = {.authorise = by_name, .compact_bytes = 1, .keep_deleted_ms = 60000};
    meeting *m = *state;
    sennit_buf then;

    meeting_close(m);
    meeting_open(m, &options);
    client *ed = joined_as(m, 0, "ed"), *away = joined_as(m, 1, "away"), *admin = joined_as(m, 2, "admin");
    sennit_buf_init(&then, NULL);
    client_type(m, ed, 0, "keep lose");
    assert_ok(sennit_doc_version(ed->doc, &then));
    meeting_settle(m);
    client_cut(m, away);
    client_type(m, away, 7, "--");
    sennit_doc *copy = client_copy(m, ed);
    client_type(m, ed, 9, "!");
    assert_ok(sennit_doc_delete(ed->doc, 4, 5));
    meeting_settle(m);
    assert_ok(sennit_doc_redact(admin->doc, then.data, then.len, 5, 4, NULL));
    meeting_settle(m);
    m->now_ms += 2000;
    sennit_hub_tick(m->hub, m->now_ms); /* it is stored without the text */
    meeting_restart(m);
    client_connect(m, ed);
    client_connect(m, away);
    meeting_settle(m);
    client *other = meeting_client(m, 3, copy, "doc", "ed");
    client_type(m, other, 4, "+");
    client_connect(m, other);
    meeting_settle(m);
    m->now_ms += 100000;
    client_cut(m, admin);
    client_connect(m, admin);
    client_type(m, admin, 0, "<");
    meeting_settle(m);
    m->now_ms += 2000;
    sennit_hub_tick(m->hub, m->now_ms); /* dropped */
    meeting_restart(m);
    for (unsigned i = 0; i < 4; i++) {
        client_connect(m, &m->clients[i]);
        meeting_settle(m);
        client_has(&m->clients[i], "<keep+--!");
        assert_false(knows(m->clients[i].doc, "lose"));
        assert_int_equal(m->clients[i].refused, 0);
        assert_int_equal(sennit_session_unsafe(m->clients[i].session, SENNIT_DURABLE), 0);
    }
    client *newcomer = joined_as(m, 4, "ed");
    client_has(newcomer, "<keep+--!");
    assert_false(knows(newcomer->doc, "lose"));
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
    meeting_pass_time(m, 4);
    assert_int_equal(sennit_session_get_state(a->session), SENNIT_LIVE);
    meeting_pass_time(m, 2);
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
    meeting_forget(m);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH_MEETING(each_user_does_what_the_permission_allows_and_no_more),
        EACH_MEETING(to_comment_is_not_to_bring_deleted_text_back),
        EACH_MEETING(to_redact_takes_an_administrator),
        EACH_MEETING(what_was_redacted_is_brought_back_by_nobody),
        EACH_MEETING(nobody_writes_under_another_users_replica),
        EACH_MEETING(an_expired_or_revoked_token_closes_the_channel),
        EACH_MEETING(nobody_brings_what_is_bound_to_another),
        EACH_MEETING(who_wrote_nothing_brings_what_others_wrote_as_theirs),
    };

    return RUN_TESTS(tests);
}
