/* A document on a server, as the command line joins it. */
#include "remote.h"
#include "common/host.h"
#include "file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- Address -- */

bool remote_option(struct remote_where *where, int key, const char *arg)
{
    if (key == REMOTE_TOKEN_FILE)
        where->token_file = arg;
    else if (key == REMOTE_CA)
        where->ca_file = arg;
    return key == REMOTE_TOKEN_FILE || key == REMOTE_CA;
}

/* ws://HOST/PATH/ID is document ID of the server at ws://HOST/PATH/sync; http and
 * https are understood as well, since that is where its text can be read. */
static int remote_address(struct remote *remote, const char *address)
{
    static const struct {
        const char *from, *to;
    } schemes[] = {
        { "ws://", "ws://" }, { "wss://", "wss://" }, { "http://", "ws://" }, { "https://", "wss://" }
    };
    const char *slash = strrchr(address, '/');

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = strlen(schemes[i].from);

        if (strncmp(address, schemes[i].from, n) != 0 || slash < address + n)
            continue;
        if (!sennit_name_valid(slash + 1, strlen(slash + 1))) {
            cli_error(address, "'%s' is no name of a document: 1 to 128 of A-Z a-z 0-9 . _ -",
                      slash + 1);
            return CLI_USAGE;
        }
        size_t size = strlen(address) + sizeof "wss://sync";
        remote->url = cli_alloc(size, 1);
        snprintf(remote->url, size, "%s%.*ssync", schemes[i].to, (int)(slash + 1 - (address + n)),
                 address + n);
        remote->document = cli_join(slash + 1, "");
        return CLI_OK;
    }
    cli_error(address, "is no address of a document, such as ws://HOST:PORT/NAME");
    return CLI_USAGE;
}

static int remote_token(struct remote *remote, const char *path)
{
    const char *environment = getenv("SENNIT_TOKEN");
    struct bytes text;
    int code;

    if (path == NULL) {
        remote->token = cli_join(environment != NULL ? environment : "", "");
        return CLI_OK;
    }
    code = file_read(path, &text);
    if (code != CLI_OK)
        return code;
    remote->token = cli_alloc(text.len + 1, 1);
    if (text.len > 0)
        memcpy(remote->token, text.data, text.len);
    remote->token[strcspn(remote->token, " \r\n")] = '\0';
    bytes_free(&text);
    return CLI_OK;
}

/* ------------------------------------------------------------- Joining -- */

int remote_reopen(struct remote *remote, sennit_doc *doc)
{
    sennit_status st;

    sennit_session_close(remote->session);
    remote->session = NULL;
    st = sennit_session_open(remote->client.link, doc, remote->document, remote->token,
                             &remote->session);
    if (st == SENNIT_EINVAL) {
        cli_error(NULL, "this is no token: it is too long");
        return CLI_USAGE;
    }
    return st == SENNIT_OK ? CLI_OK : cli_refuse(NULL, st, NULL);
}

int remote_open(struct remote *remote, const struct remote_where *where, sennit_doc *doc)
{
    sennit_websocket_options websocket = { .size = sizeof websocket, .ca_file = where->ca_file };
    sennit_link_options link = { .size = sizeof link, .random = host_random };
    sennit_transport *transport;
    int code;

    *remote = (struct remote){ .session = NULL };
    code = remote_address(remote, where->address);
    if (code == CLI_OK)
        code = remote_token(remote, where->token_file);
    if (code != CLI_OK)
        return code;
    sennit_status st = sennit_websocket_client(remote->url, &websocket, &transport);
    if (st == SENNIT_OK)
        st = client_init(&remote->client, transport, &link);
    if (st == SENNIT_EINVAL) {
        cli_error(where->address, "is no address of a server");
        return CLI_USAGE;
    }
    return st == SENNIT_OK ? remote_reopen(remote, doc) : cli_refuse(NULL, st, NULL);
}

void remote_close(struct remote *remote)
{
    if (remote->client.link != NULL) {
        client_leave(&remote->client, 1000);
        client_free(&remote->client);
    }
    free(remote->url);
    free(remote->document);
    if (remote->token != NULL)
        explicit_bzero(remote->token, strlen(remote->token));
    free(remote->token);
}

/* --------------------------------------------------------------- Steps -- */

/* Say once that there is no connection, and why. */
static void remote_show_offline(struct remote *remote)
{
    const struct client *client = &remote->client;

    if (client->up || client->reason[0] == '\0' || remote->shown_offline)
        return;
    cli_error(remote->document, "%s: %s; trying again", remote->was_live ? "offline" : "no connection",
              client->reason);
    remote->shown_offline = true;
}

int remote_wait(struct remote *remote, int more_fd, int timeout_ms)
{
    sennit_status st = client_wait(&remote->client, more_fd, timeout_ms);

    remote_show_offline(remote);
    return st == SENNIT_OK ? CLI_OK : cli_refuse(NULL, st, NULL);
}

static void remote_show_live(struct remote *remote, bool quiet)
{
    static const char *const may[] = { "nothing", "read only", "comment", "edit", "administer" };
    sennit_permission permission = sennit_session_permission(remote->session);

    if (!quiet && (!remote->was_live || remote->shown_offline)) {
        printf("%s: in step with %s (%s)\n", remote->document, remote->url,
               may[permission <= SENNIT_ADMIN ? permission : SENNIT_NOTHING]);
        fflush(stdout);
    }
    remote->was_live = true;
    remote->shown_offline = false;
}

/* Faults that pass by themselves: the session tries again. */
static bool remote_will_pass(sennit_fault fault)
{
    switch (fault) {
    case SENNIT_FAULT_TIMEOUT:
    case SENNIT_FAULT_CLOCK:
    case SENNIT_FAULT_RATE:
    case SENNIT_FAULT_STORAGE:
    case SENNIT_FAULT_AWAY: return true;
    default: return false;
    }
}

/* What a server says is shown as far as it is printable, and no further: it must
 * not move the cursor of a terminal. */
static void remote_show_refused(const struct remote *remote, const sennit_event *event)
{
    char text[200];
    size_t n = 0;

    for (const char *at = event->text; *at != '\0' && n + 1 < sizeof text; at++)
        text[n++] = (unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at;
    text[n] = '\0';
    cli_error(remote->document, "the server says: %s (%d)", text, (int)event->fault);
}

int remote_event(struct remote *remote, bool quiet, sennit_event *event, int *code)
{
    if (sennit_link_next_event(remote->client.link, event) != 1)
        return 0;
    switch (event->kind) {
    case SENNIT_EVENT_LIVE: remote_show_live(remote, quiet); break;
    case SENNIT_EVENT_REFUSED:
        remote_show_refused(remote, event);
        if (!remote_will_pass(event->fault) &&
            sennit_session_get_state(remote->session) == SENNIT_REFUSED)
            *code = CLI_REFUSED;
        break;
    case SENNIT_EVENT_CLOCK:
        cli_error(remote->document, "this clock is wrong by %" PRId64 " s", event->offset_ms / 1000);
        break;
    case SENNIT_EVENT_RESTORED:
        cli_error(remote->document, "the server was restored from a backup; it gets all again");
        break;
    default: break;
    }
    return 1;
}

int remote_join(struct remote *remote, bool quiet)
{
    sennit_event event;
    int code = CLI_OK;

    for (;;) {
        while (remote_event(remote, quiet, &event, &code) == 1)
            if (code != CLI_OK || event.kind == SENNIT_EVENT_LIVE)
                return code;
        code = remote_wait(remote, -1, -1);
        if (code != CLI_OK)
            return code;
    }
}
