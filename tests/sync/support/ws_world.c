#include "sync/support/ws_world.h"

#include "sync/support/net_host.h"

#include "support/cm.h"
#include "support/failmem.h"

#include <stdlib.h>

typedef struct ws_world {
    net_host host;
    transport_world *world;
    failmem fm;
    unsigned opened; /* connections seen when the near end last began to open */
    uint64_t since;
} ws_world;

static void ws_step_near(void *self)
{
    ws_world *w = self;

    net_be_patient(w->since);
    if (w->world->near != NULL)
        assert_ok(w->world->near->service(w->world->near->self, NULL, 0));
}

static void ws_step(void *self)
{
    ws_world *w = self;

    ws_step_near(w);
    net_host_step(&w->host, 1);
}

static void ws_accept(void *self)
{
    ws_world *w = self;

    w->opened = w->host.opened;
    w->since = net_now_ms();
}

static bool ws_far_open(void *self)
{
    ws_world *w = self;

    return w->host.opened > w->opened && w->host.newest->closed == 0;
}

static sennit_status ws_far_send(void *self, const void *data, size_t len)
{
    ws_world *w = self;

    return sennit_listener_send(w->host.listener, w->host.newest->id, data, len);
}

static bool ws_far_receive(void *self, const void **data, size_t *len)
{
    ws_world *w = self;

    return w->host.newest != NULL && net_peer_take(w->host.newest, data, len);
}

static void ws_far_close(void *self, int code, const char *reason)
{
    ws_world *w = self;

    sennit_listener_close(w->host.listener, w->host.newest->id, code, reason);
}

static void ws_far_vanish(void *self)
{
    ws_world *w = self;

    sennit_listener_free(w->host.listener);
    w->host.listener = NULL;
}

static int ws_far_closed(void *self, const char **reason)
{
    ws_world *w = self;

    if (reason != NULL)
        *reason = w->host.newest->reason;
    return w->host.newest->closed;
}

static void ws_free(void *self)
{
    ws_world *w = self;

    net_host_stop(&w->host);
    assert_int_equal(w->fm.live, 0);
    free(w);
}

void ws_world_make(transport_world *world, const certs *tls)
{
    ws_world *w = calloc(1, sizeof *w);
    sennit_transport *near;
    char url[128];

    assert_non_null(w);
    sennit_alloc alloc = failmem_at(&w->fm, 0);
    sennit_listener_options at = {.size = sizeof at, .alloc = &alloc,
                                  .tls_cert = tls != NULL ? tls->cert : NULL,
                                  .tls_key = tls != NULL ? tls->key : NULL};
    sennit_websocket_options options = {.size = sizeof options, .alloc = &alloc,
                                        .ca_file = tls != NULL ? tls->ca : NULL,
                                        .max_queue = 300000};
    net_host_start(&w->host, &at);
    net_host_url(&w->host, tls != NULL ? "wss" : "ws", tls != NULL ? "localhost" : "127.0.0.1", url);
    assert_ok(sennit_websocket_client(url, &options, &near));
    w->world = world;
    w->since = net_now_ms();
    *world = (transport_world){w,           near,          ws_step,      ws_step_near,
                               ws_accept,   ws_far_open,   ws_far_send,  ws_far_receive,
                               ws_far_close, ws_far_vanish, ws_far_closed, ws_free};
}
