#include "crowd.h"
#include "chance.h"
#include "fail.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define POLLS 4u /* descriptors of one transport at most */

/* ---- Coming and going ---- */

void crowd_init(struct crowd *crowd, const struct options *options, unsigned n)
{
    *crowd = (struct crowd){.options = options, .n = n, .chance = options->seed};
    crowd->clients = take(n, sizeof *crowd->clients);
    crowd->fds = take((size_t)n * POLLS, sizeof *crowd->fds);
}

void crowd_leave(struct crowd *crowd, unsigned i)
{
    struct client *c = &crowd->clients[i];

    sennit_transport_free(c->transport);
    sennit_link_free(c->link);
    sennit_doc_free(c->doc);
    *c = (struct client){.document = 0};
}

void crowd_clear(struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->n; i++)
        crowd_leave(crowd, i);
    free(crowd->clients);
    free(crowd->fds);
}

/* Each edit of the file is three numbers of 32 bits (where, how many bytes go, how
 * many come) and the bytes that come. */
static void client_replay(struct client *c, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint32_t edit[3];

    if (file == NULL)
        die("no such file");
    sennit_doc_set_time(c->doc, unix_ms());
    while (fread(edit, sizeof edit, 1, file) == 1) {
        char text[65536];

        if (edit[2] > sizeof text || fread(text, 1, edit[2], file) != edit[2])
            die("the file is damaged");
        must(sennit_doc_splice(c->doc, edit[0], edit[1], text, edit[2]), "edit");
    }
    fclose(file);
}

void crowd_name(const struct options *options, unsigned document, char name[SENNIT_NAME_MAX + 1])
{
    if (options->name != NULL)
        snprintf(name, SENNIT_NAME_MAX + 1, "%s-%u", options->name, document);
    else
        snprintf(name, SENNIT_NAME_MAX + 1, "load-%u-%u", (unsigned)getpid(), document);
}

void crowd_join(struct crowd *crowd, unsigned i, unsigned document, const char *file)
{
    struct client *c = &crowd->clients[i];
    sennit_options doc = {.size = sizeof doc, .random = chance_fill, .random_self = &crowd->chance};
    sennit_link_options link = {.size = sizeof link, .random = chance_fill,
                                .random_self = &crowd->chance};
    sennit_websocket_options socket = {.size = sizeof socket};
    char name[SENNIT_NAME_MAX + 1];

    *c = (struct client){.document = document};
    crowd_name(crowd->options, document, name);
    must(sennit_doc_new(&doc, &c->doc), "document");
    if (file != NULL)
        client_replay(c, file);
    must(sennit_link_new(&link, &c->link), "link");
    must(sennit_session_open(c->link, c->doc, name, "", &c->session), "session");
    must(sennit_websocket_client(crowd->options->url, &socket, &c->transport), "address");
    must(c->transport->open(c->transport->self), "connection");
}

/* ---- The loop ---- */

static void client_events(struct crowd *crowd, struct client *c)
{
    sennit_event event;

    while (sennit_link_next_event(c->link, &event)) {
        if (event.kind == SENNIT_EVENT_REFUSED)
            die(event.text);
        if (crowd->told != NULL)
            crowd->told(crowd->arg, c, &event);
    }
}

static void client_receive(struct crowd *crowd, struct client *c)
{
    const void *data;
    size_t len;

    while (c->transport->receive(c->transport->self, &data, &len) == 1) {
        must(sennit_link_receive(c->link, data, len, unix_ms()), "frame");
        client_events(crowd, c);
    }
}

static void client_closed(struct crowd *crowd, const sennit_transport *t)
{
    const char *reason;
    int code = t->closed(t->self, &reason);

    crowd->over = crowd->options->until_closed;
    if (crowd->over)
        return;
    fprintf(stderr, "load: a connection was closed: %d %s\n", code, reason);
    exit(1);
}

static void client_send(struct crowd *crowd, struct client *c)
{
    sennit_transport *t = c->transport;
    const void *data;
    size_t len;

    if (sennit_session_get_state(c->session) == SENNIT_OFFLINE &&
        t->state(t->self) == SENNIT_TRANSPORT_OPEN)
        must(sennit_link_opened(c->link, unix_ms()), "greeting");
    while (!crowd->over && t->writable(t->self) &&
           sennit_link_next_frame(c->link, unix_ms(), &data, &len) == 1)
        must(t->send(t->self, data, len), "sending");
    if (t->state(t->self) == SENNIT_TRANSPORT_CLOSED)
        client_closed(crowd, t);
}

static bool client_takes_part(const struct client *c)
{
    return c->transport != NULL && !c->stalled;
}

/* What to wait for of one client, put behind n; how many there are then. */
static nfds_t client_polls(struct crowd *crowd, struct client *c, nfds_t n, int *wait_ms)
{
    sennit_transport *t = c->transport;
    sennit_poll polls[POLLS];
    int timeout;

    client_send(crowd, c);
    timeout = t->timeout(t->self);
    c->due = timeout >= 0; /* while it connects */
    if (timeout >= 0 && timeout < *wait_ms)
        *wait_ms = timeout;
    c->fds = &crowd->fds[n];
    c->fds_len = t->polls(t->self, polls, POLLS);
    for (size_t k = 0; k < c->fds_len && k < POLLS; k++)
        crowd->fds[n++] = (struct pollfd){polls[k].fd, polls[k].events, 0};
    return n;
}

static void client_serve(struct crowd *crowd, struct client *c)
{
    for (size_t k = 0; k < c->fds_len; k++)
        c->due = c->due || c->fds[k].revents != 0;
    if (!c->due)
        return;
    must(c->transport->service(c->transport->self, NULL, 0), "service");
    client_receive(crowd, c);
}

void crowd_turn(struct crowd *crowd, int wait_ms)
{
    nfds_t n = 0;

    for (unsigned i = 0; i < crowd->n; i++)
        if (client_takes_part(&crowd->clients[i]))
            n = client_polls(crowd, &crowd->clients[i], n, &wait_ms);
    poll(crowd->fds, n, wait_ms);
    for (unsigned i = 0; i < crowd->n; i++)
        if (client_takes_part(&crowd->clients[i]))
            client_serve(crowd, &crowd->clients[i]);
}

void crowd_gather(struct crowd *crowd)
{
    for (bool all = false; !all;) {
        crowd_turn(crowd, 10);
        all = true;
        for (unsigned i = 0; i < crowd->n && all; i++)
            all = !client_takes_part(&crowd->clients[i]) ||
                  sennit_session_get_state(crowd->clients[i].session) == SENNIT_LIVE;
    }
}
