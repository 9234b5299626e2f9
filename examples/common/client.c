/* A link kept over a transport. */
#include "common/client.h"
#include "common/host.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define CLIENT_PROTOCOL_ERROR 4400 /* SENNIT_FAULT_PROTOCOL, said by this end */
#define CLIENT_SILENT 4408         /* SENNIT_FAULT_TIMEOUT */
#define CLIENT_LEAVE 1000
#define CLIENT_FULL_MS 1000 /* how often to see whether an end that takes nothing is gone */

sennit_status client_init(struct client *client, sennit_transport *transport,
                          const sennit_link_options *options)
{
    *client = (struct client){ .transport = transport };
    sennit_status st = sennit_link_new(options, &client->link);

    if (st != SENNIT_OK)
        client_free(client);
    return st;
}

void client_free(struct client *client)
{
    sennit_link_free(client->link);
    sennit_transport_free(client->transport);
    *client = (struct client){ .link = NULL };
}

static sennit_transport_state client_state(const struct client *client)
{
    return client->transport->state(client->transport->self);
}

/* ---------------------------------------------------------- Connecting -- */

static void client_ended(struct client *client, uint64_t now_ms)
{
    const char *reason;
    int code = client->transport->closed(client->transport->self, &reason);

    snprintf(client->reason, sizeof client->reason, "%s (%d)", *reason != '\0' ? reason : "closed",
             code);
    client->retry_ms = now_ms + sennit_link_closed(client->link, now_ms);
    client->tried = client->up = false;
}

static sennit_status client_connect(struct client *client, uint64_t now_ms)
{
    if (client->tried)
        client_ended(client, now_ms);
    if (now_ms < client->retry_ms)
        return SENNIT_OK;
    client->tried = true;
    return client->transport->open(client->transport->self);
}

/* -------------------------------------------------------------- Frames -- */

static sennit_status client_take(struct client *client, uint64_t now_ms)
{
    const void *data;
    size_t len;

    while (client->up && client->transport->receive(client->transport->self, &data, &len) == 1) {
        sennit_status st = sennit_link_receive(client->link, data, len, now_ms);

        if (st == SENNIT_ENOMEM)
            return st;
        if (st != SENNIT_OK) {
            client->transport->close(client->transport->self, CLIENT_PROTOCOL_ERROR,
                                     "not understood");
            break;
        }
    }
    return SENNIT_OK;
}

sennit_status client_receive(struct client *client, const sennit_poll *polls, size_t n)
{
    uint64_t now = host_now();
    sennit_status st = client->transport->service(client->transport->self, polls, n);

    if (st == SENNIT_OK && client_state(client) == SENNIT_TRANSPORT_OPEN && !client->up) {
        st = sennit_link_opened(client->link, now);
        client->up = st == SENNIT_OK;
    }
    if (st == SENNIT_OK)
        st = client_take(client, now);
    if (client->up && sennit_link_gone(client->link, now))
        client->transport->close(client->transport->self, CLIENT_SILENT, "silent for too long");
    if (st == SENNIT_OK && client_state(client) == SENNIT_TRANSPORT_CLOSED)
        st = client_connect(client, now);
    return st;
}

sennit_status client_send(struct client *client)
{
    sennit_transport *transport = client->transport;
    uint64_t now = host_now();
    const void *data;
    size_t len;
    int more = 0;

    while (client->up && transport->writable(transport->self) &&
           (more = sennit_link_next_frame(client->link, now, &data, &len)) == 1) {
        sennit_status st = transport->send(transport->self, data, len);

        if (st == SENNIT_ENOMEM)
            return st;
        if (st != SENNIT_OK) { /* the next connection sends what this one did not */
            transport->close(transport->self, CLIENT_LEAVE, NULL);
            break;
        }
    }
    return more < 0 ? (sennit_status)more : SENNIT_OK;
}

/* ------------------------------------------------------------- Waiting -- */

size_t client_polls(struct client *client, sennit_poll *out)
{
    size_t n = client->transport->polls(client->transport->self, out, CLIENT_POLLS_MAX);

    return n < CLIENT_POLLS_MAX ? n : CLIENT_POLLS_MAX;
}

static int client_least(int a, uint64_t b)
{
    return a >= 0 && (uint64_t)a < b ? a : b < INT32_MAX ? (int)b : INT32_MAX;
}

int client_timeout(struct client *client)
{
    uint64_t now = host_now();
    int least = client->transport->timeout(client->transport->self);

    if (client->up) /* what waits to be sent is due, and waits for room */
        least = client_least(least, client->transport->writable(client->transport->self)
                                        ? sennit_link_timeout(client->link, now) : CLIENT_FULL_MS);
    if (!client->tried && client_state(client) == SENNIT_TRANSPORT_CLOSED)
        least = client_least(least, client->retry_ms > now ? client->retry_ms - now : 0);
    return least;
}

sennit_status client_wait(struct client *client, int more_fd, int timeout_ms)
{
    sennit_status st = client_send(client);
    sennit_poll polls[CLIENT_POLLS_MAX];
    struct pollfd fds[CLIENT_POLLS_MAX + 1];
    size_t n = client_polls(client, polls);
    int least = client_timeout(client);

    if (st != SENNIT_OK)
        return st;
    if (timeout_ms >= 0)
        least = client_least(least, (uint64_t)timeout_ms);
    for (size_t i = 0; i < n; i++)
        fds[i] = (struct pollfd){ .fd = polls[i].fd, .events = polls[i].events };
    fds[n] = (struct pollfd){ .fd = more_fd, .events = POLLIN };
    if (poll(fds, n + 1, least) < 0)
        return client_receive(client, NULL, 0);
    for (size_t i = 0; i < n; i++)
        polls[i].revents = fds[i].revents;
    return client_receive(client, polls, n);
}

void client_leave(struct client *client, uint64_t most_ms)
{
    uint64_t until = host_now() + most_ms;

    client->transport->close(client->transport->self, CLIENT_LEAVE, NULL);
    while (client_state(client) == SENNIT_TRANSPORT_CLOSING && host_now() < until)
        if (sennit_transport_wait(client->transport, 50) != SENNIT_OK)
            break;
}
