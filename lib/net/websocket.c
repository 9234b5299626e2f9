/* A WebSocket client.
 *
 *   open ----> OPENING ----> OPEN --- close ---> CLOSING ----> CLOSED
 *                 |            |                    |             ^
 *                 +------------+---- over, noticed in `service` --+
 *
 * While there is a connection or an attempt at one, the client owns a context of
 * libwebsockets. Callbacks only note what happened; what ends a connection sets
 * `over`, and the context goes once no callback is on the stack.
 */
#include <sennit/transport.h>

#include "net/farewell.h"
#include "net/inbox.h"
#include "net/lws.h"
#include "net/outbox.h"
#include "net/url.h"

#include <poll.h>
#include <sys/socket.h>

#define WEBSOCKET_MAX_FRAME (UINT32_C(16) << 20)
#define WEBSOCKET_MAX_QUEUE (UINT32_C(1) << 20)
#define WEBSOCKET_CONNECT_MS 10000u
#define WEBSOCKET_READ 4096u  /* bytes read at a time */
#define WEBSOCKET_FDS 5       /* one connection, and what libwebsockets needs itself */
#define WEBSOCKET_ROUNDS 64   /* of looking for more to do, in one `service` */
#define WEBSOCKET_LOOK_MS 250 /* while it opens or closes, look at least so often */

typedef struct websocket_frame {
    struct websocket_frame *next;
    uint8_t *data;
    size_t len, cap;
} websocket_frame;

typedef struct websocket_client {
    sennit_transport table;
    sn_mem mem;
    sn_url url;
    char *ca_file, *origin;
    SSL_CTX *trust;       /* NULL until it is needed */
    uint32_t max_frame, max_queue, connect_ms;

    sennit_transport_state state;
    struct lws_context *context;
    struct lws *wsi;      /* NULL once libwebsockets has freed it */
    uint64_t deadline_ms; /* while OPENING or CLOSING */
    bool busy;            /* a callback did something: look again */
    bool over;
    bool asked;           /* for the upgrade */
    bool said_it;         /* the farewell is out */
    sennit_status failure;
    sn_farewell bye;      /* why it is closed, or is going to be */

    sn_outbox out;
    sn_inbox in;
    websocket_frame *first, *last, *held; /* arrived; held is lent by `receive` */
    size_t arrived;       /* bytes of those not taken */
    bool reading;
} websocket_client;

/* ------------------------------------------------------------- Arrived -- */

static void websocket_drop(sn_mem *mem, websocket_frame *frame)
{
    if (frame == NULL)
        return;
    sn_mem_free(mem, frame->data, frame->cap);
    sn_mem_free(mem, frame, sizeof *frame);
}

static websocket_frame *websocket_pop(websocket_client *c)
{
    websocket_frame *frame = c->first;

    if (frame == NULL)
        return NULL;
    c->first = frame->next;
    if (c->first == NULL)
        c->last = NULL;
    c->arrived -= sizeof *frame + frame->cap;
    return frame;
}

static void websocket_drop_arrived(websocket_client *c)
{
    websocket_frame *frame;

    while ((frame = websocket_pop(c)) != NULL)
        websocket_drop(&c->mem, frame);
}

/* Fill in a frame: with what the inbox put together, or a copy. */
static bool websocket_keep(websocket_client *c, websocket_frame *frame, const void *data, size_t len)
{
    frame->len = len;
    if (data == c->in.data && len > 0) {
        frame->data = c->in.data;
        frame->cap = c->in.cap;
        c->in = (sn_inbox){NULL, 0, 0};
        return true;
    }
    frame->cap = len > 0 ? len : 1; /* data is never NULL */
    frame->data = sn_mem_resize(&c->mem, NULL, 0, frame->cap);
    if (frame->data != NULL && len > 0)
        memcpy(frame->data, data, len);
    return frame->data != NULL;
}

static bool websocket_arrive(websocket_client *c, const void *data, size_t len)
{
    websocket_frame *frame = sn_mem_resize(&c->mem, NULL, 0, sizeof *frame);

    if (frame == NULL)
        return false;
    if (!websocket_keep(c, frame, data, len)) {
        sn_mem_free(&c->mem, frame, sizeof *frame);
        return false;
    }
    frame->next = NULL;
    if (c->last != NULL)
        c->last->next = frame;
    else
        c->first = frame;
    c->last = frame;
    c->arrived += sizeof *frame + frame->cap;
    return true;
}

/* Stop reading while too much has not been taken. */
static void websocket_pace(websocket_client *c)
{
    bool reading = c->reading ? c->arrived < c->max_queue : c->arrived < c->max_queue / 2;

    if (reading == c->reading || c->wsi == NULL)
        return;
    c->reading = reading;
    lws_rx_flow_control(c->wsi, reading);
}

/* ------------------------------------------------------------- Closing -- */

/* From here on only the farewell is sent, after all that waits. */
static void websocket_say(websocket_client *c, int code, const char *reason)
{
    if (c->state != SENNIT_TRANSPORT_OPEN)
        return;
    sn_farewell_say(&c->bye, code, reason);
    c->state = SENNIT_TRANSPORT_CLOSING;
    c->deadline_ms = sn_lws_now_ms() + SN_CLOSE_SECONDS * 1000;
    lws_callback_on_writable(c->wsi);
}

/* Free what belongs to a connection; frames that arrived stay. */
static void websocket_end(websocket_client *c)
{
    struct lws_context *context = c->context;

    c->context = NULL;
    if (context != NULL)
        lws_context_destroy(context);
    c->wsi = NULL;
    c->over = false;
    c->state = SENNIT_TRANSPORT_CLOSED;
    sn_outbox_clear(&c->out, &c->mem);
    sn_inbox_clear(&c->in, &c->mem);
}

static void websocket_fail(websocket_client *c, const char *why, size_t len)
{
    if (c->bye.code == 0)
        sn_farewell_note(&c->bye, SN_CLOSE_BROKEN, why, len);
    c->over = true;
}

/* ----------------------------------------------------------- Callbacks -- */

static int websocket_received(websocket_client *c, const void *piece, size_t len)
{
    const void *frame;
    size_t n;

    if (c->state != SENNIT_TRANSPORT_OPEN)
        return 0;
    int code = sn_inbox_take(&c->in, &c->mem, c->wsi, piece, len, c->max_frame, &frame, &n);
    if (code == 1) {
        code = websocket_arrive(c, frame, n) ? 0 : SN_CLOSE_FAILED;
        sn_inbox_clear(&c->in, &c->mem);
        websocket_pace(c);
    }
    if (code == SN_CLOSE_FAILED)
        c->failure = SENNIT_ENOMEM;
    if (code != 0)
        websocket_say(c, code, code == SN_CLOSE_KIND ? "frames are binary" : "frame too long");
    return 0;
}

static int websocket_writable_now(websocket_client *c)
{
    if (!sn_outbox_flush(&c->out, &c->mem, c->wsi))
        return -1;
    if (!sn_outbox_empty(&c->out) || lws_partial_buffered(c->wsi)) {
        lws_callback_on_writable(c->wsi);
        return 0;
    }
    if (c->state != SENNIT_TRANSPORT_CLOSING || c->said_it)
        return 0;
    c->said_it = true;
    lws_close_reason(c->wsi, (enum lws_close_status)c->bye.code, (uint8_t *)c->bye.reason,
                     strlen(c->bye.reason));
    return -1;
}

/* The other end says farewell: a code in two bytes, and a reason. */
static void websocket_farewell(websocket_client *c, const uint8_t *data, size_t len)
{
    if (c->bye.code != 0)
        return;
    if (len < 2)
        sn_farewell_note(&c->bye, SN_CLOSE_NO_CODE, "", 0);
    else
        sn_farewell_note(&c->bye, data[0] << 8 | data[1], (const char *)data + 2, len - 2);
}

static int websocket_callback(struct lws *wsi, enum lws_callback_reasons why, void *user,
                              void *data, size_t len)
{
    websocket_client *c = lws_context_user(lws_get_context(wsi));

    (void)user;
    switch ((int)why) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        c->asked = true;
        break;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        c->state = SENNIT_TRANSPORT_OPEN;
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        websocket_received(c, data, len);
        break;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return websocket_writable_now(c);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        websocket_farewell(c, data, len);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        websocket_fail(c, data != NULL ? data : "cannot connect", data != NULL ? len : 14);
        break;
    case LWS_CALLBACK_CLIENT_CLOSED:
        websocket_fail(c, "connection lost", 15);
        break;
    case LWS_CALLBACK_WSI_DESTROY:
        if (wsi == c->wsi)
            c->wsi = NULL;
        break;
    default:
        return 0;
    }
    c->busy = true;
    return 0;
}

static const struct lws_protocols websocket_protocols[] = {
    {SN_PROTOCOL_NAME, websocket_callback, 0, WEBSOCKET_READ, 0, NULL, SN_LWS_PIECE},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

/* ----------------------------------------------------------- Transport -- */

static bool websocket_make_context(websocket_client *c)
{
    struct lws_context_creation_info info = sn_lws_defaults(websocket_protocols);
    struct lws_vhost *vhost = NULL;

    info.user = c;
    info.fd_limit_per_thread = WEBSOCKET_FDS;
    info.max_http_header_pool = 1;
    info.timeout_secs = c->connect_ms / 1000 + 1; /* ours is the one that counts */
    info.connect_timeout_secs = info.timeout_secs;
    info.options = LWS_SERVER_OPTION_JUST_USE_RAW_ORIGIN;
    info.provided_client_ssl_ctx = c->trust;
    c->context = sn_lws_make(&info, c->url.tls, &vhost);
    if (c->context == NULL || vhost != NULL)
        return c->context != NULL;
    lws_context_destroy(c->context);
    c->context = NULL;
    return false;
}

static void websocket_connect(websocket_client *c)
{
    struct lws_client_connect_info info;
    bool v6 = strchr(c->url.host, ':') != NULL;
    char host[sizeof c->url.host + 16];

    lws_snprintf(host, sizeof host, c->url.usual_port ? "%s%s%s" : "%s%s%s:%u", v6 ? "[" : "",
                 c->url.host, v6 ? "]" : "", (unsigned)c->url.port);
    memset(&info, 0, sizeof info);
    info.context = c->context;
    info.address = c->url.host;
    info.port = c->url.port;
    info.path = c->url.path;
    info.host = host;
    info.origin = c->origin;
    info.protocol = SN_PROTOCOL_NAME;
    info.local_protocol_name = SN_PROTOCOL_NAME;
    info.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (c->url.tls ? LCCSCF_USE_SSL : 0);
    info.alpn = "http/1.1";
    info.pwsi = &c->wsi;
    if (lws_client_connect_via_info(&info) == NULL) {
        c->wsi = NULL;
        websocket_fail(c, "cannot connect", 14);
    }
}

static sennit_status websocket_open(void *self)
{
    websocket_client *c = self;

    if (c->state != SENNIT_TRANSPORT_CLOSED)
        return SENNIT_EINVAL;
    websocket_drop_arrived(c);
    c->bye.code = 0;
    c->failure = SENNIT_OK;
    c->asked = false;
    c->said_it = false;
    c->reading = true;
    c->deadline_ms = sn_lws_now_ms() + c->connect_ms;
    if (c->url.tls && c->trust == NULL && (c->trust = sn_lws_trust(c->ca_file)) == NULL) {
        c->state = SENNIT_TRANSPORT_OPENING;
        websocket_fail(c, "cannot read whom to trust", 25);
        return SENNIT_OK;
    }
    if (!websocket_make_context(c)) {
        sn_farewell_note(&c->bye, SN_CLOSE_BROKEN, "no memory", 9);
        return SENNIT_ENOMEM;
    }
    c->state = SENNIT_TRANSPORT_OPENING;
    websocket_connect(c);
    return SENNIT_OK;
}

static sennit_transport_state websocket_state(void *self)
{
    return ((websocket_client *)self)->state;
}

static int websocket_writable(void *self)
{
    const websocket_client *c = self;

    return c->state == SENNIT_TRANSPORT_OPEN && c->out.bytes < c->max_queue;
}

static sennit_status websocket_send(void *self, const void *data, size_t len)
{
    websocket_client *c = self;

    if (c->state == SENNIT_TRANSPORT_CLOSED || c->state == SENNIT_TRANSPORT_CLOSING)
        return SENNIT_ECLOSED;
    size_t max = c->state == SENNIT_TRANSPORT_OPEN ? c->max_queue : 0;
    SN_TRY(sn_outbox_put(&c->out, &c->mem, data, len, max));
    lws_callback_on_writable(c->wsi);
    return SENNIT_OK;
}

static int websocket_receive(void *self, const void **data, size_t *len)
{
    websocket_client *c = self;

    websocket_drop(&c->mem, c->held);
    c->held = websocket_pop(c);
    if (c->held == NULL)
        return 0;
    websocket_pace(c);
    *data = c->held->data;
    *len = c->held->len;
    return 1;
}

static void websocket_close(void *self, int code, const char *reason)
{
    websocket_client *c = self;

    websocket_say(c, code, reason);
    if (c->state != SENNIT_TRANSPORT_OPENING)
        return;
    sn_farewell_say(&c->bye, code, reason);
    websocket_end(c);
}

static int websocket_closed(void *self, const char **reason)
{
    const websocket_client *c = self;
    int code = c->state == SENNIT_TRANSPORT_CLOSED ? c->bye.code : 0;

    if (reason != NULL)
        *reason = code != 0 ? c->bye.reason : "";
    return code;
}

/* A socket that connects still is not readable, but writable once it is. */
static bool websocket_connected(int fd)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;

    return getpeername(fd, (struct sockaddr *)&name, &len) == 0;
}

static size_t websocket_polls(void *self, sennit_poll *out, size_t max)
{
    const websocket_client *c = self;
    int fd = c->wsi != NULL ? lws_get_socket_fd(c->wsi) : -1;

    if (fd < 0)
        return 0;
    if (max > 0) {
        bool connected = c->state != SENNIT_TRANSPORT_OPENING || websocket_connected(fd);
        bool sending = c->state != SENNIT_TRANSPORT_OPENING
                           ? !sn_outbox_empty(&c->out) || lws_partial_buffered(c->wsi)
                           : !c->asked && !c->url.tls; /* TLS begins with reading */

        out[0] = (sennit_poll){fd, 0, 0};
        if (connected && c->reading)
            out[0].events |= POLLIN;
        if (!connected || sending)
            out[0].events |= POLLOUT;
    }
    return 1;
}

static int websocket_timeout(void *self)
{
    const websocket_client *c = self;

    if (c->over)
        return 0;
    if (c->state == SENNIT_TRANSPORT_CLOSED || c->state == SENNIT_TRANSPORT_OPEN)
        return -1;
    uint64_t now = sn_lws_now_ms();
    return c->deadline_ms <= now ? 0
                                 : (int)sn_min_u64(c->deadline_ms - now, WEBSOCKET_LOOK_MS);
}

static void websocket_look_at_time(websocket_client *c)
{
    bool opening = c->state == SENNIT_TRANSPORT_OPENING;

    if (c->over || (!opening && c->state != SENNIT_TRANSPORT_CLOSING))
        return;
    if (sn_lws_now_ms() >= c->deadline_ms)
        websocket_fail(c, "timed out", 9);
}

/* What one round does may make another needed, such as an answer to a ping: it is
 * asked to be writable within the round that reads it. */
static sennit_status websocket_service(void *self, const sennit_poll *polls, size_t n)
{
    websocket_client *c = self;

    (void)polls;
    (void)n;
    for (int round = 0; c->context != NULL && !c->over && round < WEBSOCKET_ROUNDS; round++) {
        bool was_busy = c->busy || round == 0;

        c->busy = false;
        lws_service(c->context, -1);
        if (!c->busy && !was_busy)
            break;
    }
    websocket_look_at_time(c);
    if (c->over)
        websocket_end(c);
    sennit_status st = c->state == SENNIT_TRANSPORT_CLOSED ? c->failure : SENNIT_OK;
    if (st != SENNIT_OK)
        c->failure = SENNIT_OK;
    return st;
}

static void websocket_free_string(sn_mem *mem, char *s)
{
    if (s != NULL)
        sn_mem_free(mem, s, strlen(s) + 1);
}

static void websocket_free(void *self)
{
    websocket_client *c = self;
    sn_mem mem = c->mem;

    websocket_end(c);
    websocket_drop_arrived(c);
    websocket_drop(&mem, c->held);
    SSL_CTX_free(c->trust);
    websocket_free_string(&mem, c->ca_file);
    websocket_free_string(&mem, c->origin);
    sn_mem_free(&mem, c, sizeof *c);
}

/* ---------------------------------------------------------------- Made -- */

static sennit_status websocket_copy(sn_mem *mem, const char *from, char **out)
{
    if (from == NULL)
        return SENNIT_OK;
    *out = sn_mem_resize(mem, NULL, 0, strlen(from) + 1);
    if (*out == NULL)
        return SENNIT_ENOMEM;
    strcpy(*out, from);
    return SENNIT_OK;
}

static sennit_status websocket_init(websocket_client *c, const char *url,
                                    const sennit_websocket_options *options)
{
    c->table = (sennit_transport){
        sizeof c->table, c, websocket_open, websocket_state, websocket_send, websocket_writable,
        websocket_receive, websocket_close, websocket_closed, websocket_polls, websocket_timeout,
        websocket_service, websocket_free};
    c->max_frame = options->max_frame != 0 ? options->max_frame : WEBSOCKET_MAX_FRAME;
    c->max_queue = options->max_queue != 0 ? options->max_queue : WEBSOCKET_MAX_QUEUE;
    c->connect_ms = options->connect_ms != 0 ? options->connect_ms : WEBSOCKET_CONNECT_MS;
    SN_TRY(sn_url_parse(url, &c->url));
    SN_TRY(websocket_copy(&c->mem, options->ca_file, &c->ca_file));
    return websocket_copy(&c->mem, options->origin, &c->origin);
}

sennit_status sennit_websocket_client(const char *url, const sennit_websocket_options *options,
                                      sennit_transport **out)
{
    const sennit_websocket_options usual = {.size = sizeof usual};
    sn_mem mem;

    if (out == NULL || url == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    if (options == NULL)
        options = &usual;
    sn_mem_init(&mem, options->alloc);
    websocket_client *c = sn_mem_resize(&mem, NULL, 0, sizeof *c);
    if (c == NULL)
        return SENNIT_ENOMEM;
    memset(c, 0, sizeof *c);
    c->mem = mem;
    sennit_status st = websocket_init(c, url, options);
    if (st != SENNIT_OK) {
        websocket_free(c);
        return st;
    }
    *out = &c->table;
    return SENNIT_OK;
}
