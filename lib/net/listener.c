#include "net/listener.h"

#include <sys/resource.h>
#include <unistd.h>

#define LISTENER_MAX_FRAME (UINT32_C(1) << 20)
#define LISTENER_MAX_BODY (UINT32_C(1) << 20)
#define LISTENER_MAX_QUEUE (UINT32_C(256) << 10)
#define LISTENER_MAX_CONNECTIONS 10000u
#define LISTENER_HANDSHAKE_MS 5000u
#define LISTENER_REQUEST_MS 30000u
#define LISTENER_KEEPALIVE_SECONDS 15
#define LISTENER_BUFFER 20480u  /* of all together; holds a record of TLS */
#define LISTENER_SPARE_FILES 64 /* for whatever else the process opens */

/* ----------------------------------------------------------- Callbacks -- */

static int listener_new_conn(sn_conn *conn)
{
    sn_conn_set_deadline(conn, conn->listener->options.handshake_ms);
    return 0;
}

static int listener_event(sn_conn *conn, int why, void *data, size_t len)
{
    switch (why) {
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED: return listener_new_conn(conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return sn_peer_admit(conn, data);
    case LWS_CALLBACK_ESTABLISHED: return sn_peer_opened(conn);
    case LWS_CALLBACK_RECEIVE: return sn_peer_received(conn, data, len);
    case LWS_CALLBACK_SERVER_WRITEABLE: return sn_peer_writable(conn);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return sn_peer_farewell(conn, data, len);
    case LWS_CALLBACK_FILTER_HTTP_CONNECTION: return sn_http_filter(conn);
    case LWS_CALLBACK_HTTP: return sn_http_request(conn);
    case LWS_CALLBACK_HTTP_BODY: return sn_http_body(conn, data, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return sn_http_body_whole(conn);
    case LWS_CALLBACK_HTTP_WRITEABLE: return sn_http_writable(conn);
    case LWS_CALLBACK_TIMER: return conn->has_deadline ? -1 : 0;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX: return -1; /* CONNECT, or no HTTP at all */
    default: return 0;
    }
}

/* The owner is told first, of the peer or the request that it knows. */
static int listener_end_conn(sn_conn *conn)
{
    sn_peer_gone(conn);
    sn_http_gone(conn);
    sn_conn_free(conn);
    return 0;
}

/* What happens in a pass is none of the loop's doing: it serves them afterwards. */
static int listener_callback(struct lws *wsi, enum lws_callback_reasons why, void *user,
                             void *data, size_t len)
{
    sn_conn *conn = lws_get_opaque_user_data(wsi);

    (void)user;
    if (conn == NULL)
        return 0;
    conn->wsi = wsi;
    if (why == LWS_CALLBACK_WSI_DESTROY)
        return listener_end_conn(conn);
    sennit_listener *l = conn->listener;
    if (l->in_pass && why != LWS_CALLBACK_GET_THREAD_ID)
        sn_conn_make_ready(conn);
    l->calls++;
    int result = listener_event(conn, (int)why, data, len);
    l->calls--;
    return result;
}

static const struct lws_protocols listener_protocols[] = {
    {SN_PROTOCOL_NAME, listener_callback, 0, SN_LISTENER_READ, 0, NULL, SN_LWS_PIECE},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

/* --------------------------------------------------------------- Making -- */

static sennit_status listener_copy(sn_mem *mem, const char *from, char **out)
{
    if (from == NULL)
        return SENNIT_OK;
    *out = sn_mem_resize(mem, NULL, 0, strlen(from) + 1);
    if (*out == NULL)
        return SENNIT_ENOMEM;
    strcpy(*out, from);
    return SENNIT_OK;
}

static uint32_t listener_or(uint32_t value, uint32_t usual)
{
    return value != 0 ? value : usual;
}

/* Fewer connections than files the process may open. */
static uint32_t listener_max_connections(uint32_t asked)
{
    struct rlimit files;
    uint64_t most = asked;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
        most = files.rlim_cur > LISTENER_SPARE_FILES ? files.rlim_cur - LISTENER_SPARE_FILES : 1;
    return (uint32_t)sn_min_u64(asked, most);
}

static sennit_status listener_configure(sennit_listener *l, const sennit_listener_options *given)
{
    sennit_listener_options *o = &l->options;

    o->max_frame = listener_or(given->max_frame, LISTENER_MAX_FRAME);
    o->max_body = listener_or(given->max_body, LISTENER_MAX_BODY);
    o->max_queue = listener_or(given->max_queue, LISTENER_MAX_QUEUE);
    o->handshake_ms = listener_or(given->handshake_ms, LISTENER_HANDSHAKE_MS);
    o->request_ms = listener_or(given->request_ms, LISTENER_REQUEST_MS);
    o->pace_ms = given->pace_ms;
    o->max_connections = listener_max_connections(
        listener_or(given->max_connections, LISTENER_MAX_CONNECTIONS));
    SN_TRY(listener_copy(&l->mem, given->path != NULL ? given->path : "/sync", &l->path));
    SN_TRY(listener_copy(&l->mem, given->tls_cert, &l->cert));
    return listener_copy(&l->mem, given->tls_key, &l->key);
}

/* libwebsockets would wait for files that are not there. */
static sennit_status listener_check_files(const sennit_listener *l, sennit_error *err)
{
    if ((l->cert == NULL) != (l->key == NULL))
        return sn_fail(err, SENNIT_EINVAL, 0, "a certificate needs a key, and a key a certificate");
    if (l->cert != NULL && access(l->cert, R_OK) != 0)
        return sn_fail(err, SENNIT_EIO, 0, "the certificate cannot be read");
    if (l->key != NULL && access(l->key, R_OK) != 0)
        return sn_fail(err, SENNIT_EIO, 0, "the key cannot be read");
    return SENNIT_OK;
}

static sennit_status listener_start_lws(sennit_listener *l, sennit_error *err)
{
    struct lws_context_creation_info info = sn_lws_defaults(listener_protocols);
    unsigned seconds = l->options.handshake_ms / 1000 + 1;

    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.user = l;
    info.options = LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
    info.ssl_cert_filepath = l->cert;
    info.ssl_private_key_filepath = l->key;
    info.pt_serv_buf_size = LISTENER_BUFFER;
    info.max_http_header_data = SN_LISTENER_HEADERS;
    info.timeout_secs = seconds;
    info.timeout_secs_ah_idle = seconds;
    info.keepalive_timeout = LISTENER_KEEPALIVE_SECONDS;
    l->context = sn_lws_make(&info, l->cert != NULL, &l->vhost);
    if (l->context == NULL)
        return sn_fail(err, SENNIT_ENOMEM, 0, "no memory");
    if (l->vhost == NULL)
        return sn_fail(err, SENNIT_EIO, 0, "the certificate or its key is no good");
    return SENNIT_OK;
}

static sennit_status listener_init(sennit_listener *l, const sennit_listener_options *options,
                                   sennit_error *err)
{
    SN_TRY(listener_configure(l, options));
    SN_TRY(listener_check_files(l, err));
    SN_TRY(sn_loop_start(l, options->address != NULL ? options->address : "127.0.0.1",
                         options->port, err));
    return listener_start_lws(l, err);
}

sennit_status sennit_listener_new(const sennit_listener_options *options,
                                  const sennit_listener_owner *owner, sennit_listener **out,
                                  sennit_error *err)
{
    sn_mem mem;

    if (options == NULL || owner == NULL || out == NULL || owner->opened == NULL ||
        owner->received == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    sn_mem_init(&mem, options->alloc);
    sennit_listener *l = sn_mem_resize(&mem, NULL, 0, sizeof *l);
    if (l == NULL)
        return SENNIT_ENOMEM;
    memset(l, 0, sizeof *l);
    l->mem = mem;
    l->owner = *owner;
    l->epoll_fd = l->wake_fd = l->listen_fd = -1;
    l->free_slot = UINT32_MAX;
    sennit_status st = listener_init(l, options, err);
    if (st != SENNIT_OK) {
        sennit_listener_free(l);
        return st;
    }
    *out = l;
    return SENNIT_OK;
}

static void listener_free_string(sn_mem *mem, char *s)
{
    if (s != NULL)
        sn_mem_free(mem, s, strlen(s) + 1);
}

void sennit_listener_free(sennit_listener *listener)
{
    if (listener == NULL)
        return;
    sn_mem mem = listener->mem;

    if (listener->context != NULL)
        lws_context_destroy(listener->context);
    sn_loop_end(listener);
    sn_mem_free(&mem, listener->slots, listener->slots_cap * sizeof *listener->slots);
    listener_free_string(&mem, listener->path);
    listener_free_string(&mem, listener->cert);
    listener_free_string(&mem, listener->key);
    sn_mem_free(&mem, listener, sizeof *listener);
}

uint16_t sennit_listener_port(const sennit_listener *listener)
{
    return listener->port;
}

uint32_t sennit_listener_connections(const sennit_listener *listener)
{
    return listener->connections;
}
