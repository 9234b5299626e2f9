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

static void client_load(struct client *c, const sennit_options *options, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t room = 64u << 20, len;
    char *bytes = take(room, 1);

    if (file == NULL)
        die("no such file");
    len = fread(bytes, 1, room, file);
    fclose(file);
    must(sennit_doc_load(options, bytes, len, &c->doc, NULL), "snapshot");
    free(bytes);
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
    if (file != NULL)
        client_load(c, &doc, file);
    else
        must(sennit_doc_new(&doc, &c->doc), "document");
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

/* What to wait for; how many of them. */
static nfds_t crowd_polls(struct crowd *crowd)
{
    nfds_t n = 0;

    for (unsigned i = 0; i < crowd->n; i++) {
        sennit_transport *t = crowd->clients[i].transport;
        sennit_poll polls[POLLS];

        if (!client_takes_part(&crowd->clients[i]))
            continue;
        client_send(crowd, &crowd->clients[i]);
        size_t have = t->polls(t->self, polls, POLLS);
        for (size_t k = 0; k < have && k < POLLS; k++)
            crowd->fds[n++] = (struct pollfd){polls[k].fd, polls[k].events, 0};
    }
    return n;
}

void crowd_turn(struct crowd *crowd, int wait_ms)
{
    nfds_t n = crowd_polls(crowd);

    poll(crowd->fds, n, wait_ms);
    for (unsigned i = 0; i < crowd->n; i++) {
        struct client *c = &crowd->clients[i];

        if (!client_takes_part(c))
            continue;
        must(c->transport->service(c->transport->self, NULL, 0), "service");
        client_receive(crowd, c);
    }
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
