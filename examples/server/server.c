/* The server: a listener, a hub and a storage, and the loop. */
#include "server.h"
#include "auth.h"
#include "common/host.h"
#include "events.h"
#include "http.h"
#include "lock.h"
#include "log.h"
#include "metrics.h"
#include "origin.h"
#include "peer.h"
#include "timed.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SERVER_DRAIN_MS 5000    /* for everybody to take the farewell */
#define SERVER_ANSWERS_MS 500   /* for the last answers over HTTP to leave */
#define SERVER_ARRIVALS_MAX 4096 /* frames of one turn whose time is taken */
#define SERVER_PACE_MS 1        /* so that a turn has more than one frame to read */
#define SERVER_FILES_APART 64   /* descriptors that are no connections */

struct server {
    const struct options *options;
    struct log log;
    struct auth auth;
    struct metrics metrics;
    struct http http;
    sennit_storage *storage;
    sennit_hub *hub;
    sennit_listener *listener;
    int signals; /* a descriptor, like the lock of the database */
    int lock;
    uint64_t now_ms;
    uint64_t arrivals_ns[SERVER_ARRIVALS_MAX]; /* of this turn's frames */
    size_t n_arrivals;
    bool stopping;
    uint64_t answered_ms, stop_at_ms; /* when to wait no more for answers, and for peers */
};

/* -------------------------------------------------- What the listener tells -- */

static int server_admit(void *self, const char *path, const char *origin, const char *address)
{
    struct server *server = self;
    json_t *line;

    (void)path;
    if (server->stopping)
        return 503;
    if (origin_is_allowed(server->options, sennit_listener_port(server->listener), origin))
        return 0;
    server->metrics.refused_origins++;
    line = log_begin(&server->log, LOG_WARN, "refused");
    log_text(line, "text", "pages of this origin may not connect");
    log_text(line, "origin", origin);
    log_text(line, "address", address);
    log_end(&server->log, line);
    return 403;
}

/* The turn before may have ended long ago; in this one time stands still once a frame
 * has come. */
static void server_look_at_clock(struct server *server)
{
    if (server->n_arrivals == 0)
        server->now_ms = host_now();
}

static void *server_opened(void *self, uint64_t id)
{
    struct server *server = self;
    struct peer *peer;

    server_look_at_clock(server);
    peer = peer_new(server->hub, id, server->now_ms);
    if (peer == NULL)
        log_say(&server->log, LOG_WARN, "refused", "too many connections");
    return peer;
}

static void server_received(void *self, void *of, const void *data, size_t len)
{
    struct server *server = self;
    struct peer *peer = of;
    uint64_t start = host_ns();

    if (peer->closing)
        return;
    server_look_at_clock(server);
    /* What it returns is seen again in sennit_connection_fault. */
    if (sennit_hub_receive(peer->connection, data, len, server->now_ms) == SENNIT_OK)
        histogram_add(&server->metrics.apply, host_ns() - start);
    if (server->n_arrivals < SERVER_ARRIVALS_MAX)
        server->arrivals_ns[server->n_arrivals++] = start;
}

static void server_writable(void *self, void *peer)
{
    struct server *server = self;

    peer_send(peer, server->listener);
}

static void server_closed(void *self, void *of, int code, const char *reason)
{
    struct server *server = self;
    struct peer *peer = of;
    json_t *line = log_begin(&server->log, LOG_DEBUG, "closed");

    log_number(line, "connection", peer->id);
    log_number(line, "code", (uint64_t)code);
    log_text(line, "text", reason);
    log_end(&server->log, line);

    server_look_at_clock(server);
    sennit_hub_disconnect(peer->connection, server->now_ms);
    events_log(server->hub, &server->log); /* they tell of the peer */
    peer_free(peer);
}

static int server_request(void *self, uint64_t id, const sennit_http_request *request,
                          sennit_http_response *response)
{
    struct server *server = self;

    return http_request(&server->http, id, request, response);
}

static void server_gone(void *self, uint64_t id)
{
    struct server *server = self;

    http_gone(&server->http, id);
}

/* ------------------------------------------------------------ Beginning -- */

static bool server_fails(struct server *server, const char *what, const char *why)
{
    json_t *line = log_begin(&server->log, LOG_ERROR, "failed");

    log_text(line, "text", what);
    log_text(line, "reason", why);
    log_end(&server->log, line);
    return false;
}

/* Signals are read from a descriptor. They are blocked before there is any other
 * thread, so that no thread takes them. */
static bool server_watch_signals(struct server *server)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a failure like others */
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        server->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return server->signals >= 0 || server_fails(server, "signals", strerror(errno));
}

/* Raise the limit of open files to what is needed, and no further: libwebsockets
 * keeps tables of that size. Returns how many connections there can be. */
static uint64_t server_connections_max(struct server *server)
{
    uint64_t wanted = server->options->max_connections;
    struct rlimit files;
    json_t *line;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max <= SERVER_FILES_APART)
        return wanted;
    files.rlim_cur = files.rlim_max < wanted + SERVER_FILES_APART ? files.rlim_max
                                                                   : wanted + SERVER_FILES_APART;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == wanted + SERVER_FILES_APART)
        return wanted;
    line = log_begin(&server->log, LOG_WARN, "limited");
    log_text(line, "text", "the limit of open files allows fewer connections than asked for");
    log_number(line, "connections", files.rlim_cur - SERVER_FILES_APART);
    log_end(&server->log, line);
    return files.rlim_cur - SERVER_FILES_APART;
}

static bool server_open_storage(struct server *server)
{
    const struct options *options = server->options;
    sennit_sqlite_options sqlite = { .size = sizeof sqlite,
                                     .group_ms = (uint32_t)options->group_ms };
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_storage *inner = NULL;
    sennit_status st;

    if (strcmp(options->data, "memory") == 0)
        st = sennit_storage_memory(NULL, &inner);
    else if (!lock_take(options->data, &server->lock))
        return server_fails(server, options->data, "another server has this file");
    else
        st = sennit_storage_sqlite(options->data, &sqlite, &inner, &err);
    if (st == SENNIT_OK) {
        server->storage = timed_storage(inner, &server->metrics.commit);
        if (server->storage != NULL)
            return true;
        sennit_storage_close(inner);
        st = SENNIT_ENOMEM;
    }
    return server_fails(server, options->data,
                        err.code == st ? err.what : sennit_status_text(st));
}

static bool server_open_hub(struct server *server, uint64_t connections)
{
    const struct options *options = server->options;
    sennit_hub_options hub = {
        .size = sizeof hub,
        .random = host_random,
        .storage = server->storage,
        .authorise = options->token_key != NULL ? auth_authorise : NULL,
        .authorise_self = &server->auth,
        .document = { .text_bytes = options->max_text, .parked_bytes = options->max_parked },
        .max_frame = (uint32_t)options->max_frame,
        .max_queue = (uint32_t)options->max_queue,
        .max_channels = (uint32_t)options->max_channels,
        .max_connections = (uint32_t)connections,
        .max_documents = (uint32_t)options->max_documents,
        .max_presence = (uint32_t)options->max_presence,
        .max_rate = (uint32_t)options->max_rate,
        .handshake_ms = (uint32_t)options->handshake_ms,
        .heartbeat_ms = (uint32_t)options->heartbeat_ms,
        .presence_ms = (uint32_t)options->presence_ms,
        .max_drift_ms = (uint32_t)options->drift_ms,
        .unload_ms = (uint32_t)options->unload_ms,
        .keep_deleted_ms = options->keep_deleted_days * UINT64_C(86400000),
        .lease_ms = options->lease_days * UINT64_C(86400000),
        .restored = options->restored,
        .gather_ms = (uint32_t)options->gather_ms,
    };
    sennit_status st = sennit_hub_new(&hub, &server->hub);

    if (st == SENNIT_EIO)
        return server_fails(server, options->data, server->storage->reason(server->storage->self));
    return st == SENNIT_OK || server_fails(server, "hub", sennit_status_text(st));
}

static bool server_open_listener(struct server *server, uint64_t connections)
{
    const struct options *options = server->options;
    sennit_listener_options listener = {
        .size = sizeof listener,
        .address = options->address,
        .port = options->port,
        .tls_cert = options->tls_cert,
        .tls_key = options->tls_key,
        .max_frame = (uint32_t)options->max_frame,
        .max_connections = (uint32_t)connections,
        .max_queue = (uint32_t)options->max_queue,
        .handshake_ms = (uint32_t)options->handshake_ms,
        .pace_ms = options->pace_ms != 0 ? (uint32_t)options->pace_ms : SERVER_PACE_MS,
    };
    const sennit_listener_owner owner = {
        .self = server,
        .admit = server_admit,
        .opened = server_opened,
        .received = server_received,
        .writable = server_writable,
        .closed = server_closed,
        .request = server_request,
        .gone = server_gone,
    };
    sennit_error err = { SENNIT_OK, 0, "" };
    sennit_status st = sennit_listener_new(&listener, &owner, &server->listener, &err);

    return st == SENNIT_OK || server_fails(server, options->address,
                                           err.code == st ? err.what : sennit_status_text(st));
}

static void server_open_http(struct server *server)
{
    server->http.options = server->options;
    server->http.auth = &server->auth;
    server->http.metrics = &server->metrics;
    server->http.storage = server->storage;
    server->http.hub = server->hub;
    server->http.listener = server->listener;
}

/* Where we listen, as an address to connect to. */
static void server_address(const struct server *server, char *out, size_t size)
{
    bool six = strchr(server->options->address, ':') != NULL;

    snprintf(out, size, "%s%s%s:%u", six ? "[" : "", server->options->address, six ? "]" : "",
             (unsigned)sennit_listener_port(server->listener));
}

/* Whoever waits for this file finds it whole or not at all. */
static bool server_write_address(struct server *server, const char *address)
{
    const char *path = server->options->address_file;
    char temp[4096];
    FILE *file;
    bool good;

    if (path == NULL)
        return true;
    if ((size_t)snprintf(temp, sizeof temp, "%s.new", path) >= sizeof temp)
        return server_fails(server, path, strerror(ENAMETOOLONG));
    file = fopen(temp, "we");
    good = file != NULL && fprintf(file, "%s\n", address) > 0;
    good = file != NULL && fclose(file) == 0 && good && rename(temp, path) == 0;
    return good || server_fails(server, path, strerror(errno));
}

static bool server_announce(struct server *server)
{
    char address[96];
    json_t *line = log_begin(&server->log, LOG_INFO, "listening");

    server_address(server, address, sizeof address);
    log_text(line, "address", address);
    log_text(line, "data", server->options->data);
    log_text(line, "tls", server->options->tls_cert != NULL ? "yes" : "no");
    log_text(line, "access", server->options->open ? "open" : "tokens");
    log_end(&server->log, line);
    if (server->options->tls_cert == NULL && !options_is_loopback(server->options->address))
        log_say(&server->log, LOG_WARN, "insecure",
                "tokens and text travel in the clear: use TLS, here or in a proxy before it");
    return server_write_address(server, address);
}

static bool server_open(struct server *server)
{
    const struct options *options = server->options;
    uint64_t connections;

    if (!server_watch_signals(server) ||
        !auth_init(&server->auth, options->token_key, options->revoked, &server->log))
        return false;
    connections = server_connections_max(server);
    if (!server_open_storage(server) || !server_open_hub(server, connections) ||
        !server_open_listener(server, connections))
        return false;
    server_open_http(server);
    return server_announce(server);
}

/* ------------------------------------------------------------- Going on -- */

static void server_stop(struct server *server)
{
    server->stopping = true;
    server->http.draining = true;
    server->answered_ms = server->now_ms + SERVER_ANSWERS_MS;
    server->stop_at_ms = server->now_ms + SERVER_DRAIN_MS;
    log_say(&server->log, LOG_INFO, "stopping", NULL);
    sennit_hub_drain(server->hub, server->now_ms);
    sennit_listener_stop(server->listener);
}

static void server_reload(struct server *server)
{
    if (!auth_reload(&server->auth, &server->log))
        return;
    auth_revoke(&server->auth, server->hub);
    log_say(&server->log, LOG_INFO, "reloaded", NULL);
}

static void server_take_signals(struct server *server)
{
    struct signalfd_siginfo info;

    while (read(server->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            server_reload(server);
        else if (server->stopping)
            server->stop_at_ms = server->now_ms; /* asked twice: at once */
        else
            server_stop(server);
    }
}

/* How long there is nothing to do but to wait for something to happen. */
static int server_timeout(const struct server *server)
{
    uint64_t least = sennit_hub_timeout(server->hub, server->now_ms);
    uint64_t http = http_timeout(&server->http, server->now_ms);

    least = http < least ? http : least;
    if (server->stopping) {
        uint64_t now = server->now_ms;
        uint64_t stop = now < server->answered_ms ? server->answered_ms : server->stop_at_ms;

        least = stop <= now ? 0 : stop - now < least ? stop - now : least;
    }
    return (int)least;
}

/* The frames of this turn have been answered, and passed on to everybody. */
static void server_note_arrivals(struct server *server)
{
    uint64_t now = host_ns();

    for (size_t i = 0; i < server->n_arrivals; i++)
        histogram_add(&server->metrics.sync, now - server->arrivals_ns[i]);
    server->n_arrivals = 0;
}

/* One turn of the loop. False if it cannot go on. */
static bool server_turn(struct server *server)
{
    sennit_poll more[2] = { { .fd = server->signals, .events = POLLIN } };
    size_t n = 1;
    int storage = server->storage->descriptor(server->storage->self);
    sennit_status st;

    if (storage >= 0)
        more[n++] = (sennit_poll){ .fd = storage, .events = POLLIN };
    st = sennit_listener_service(server->listener, server_timeout(server), more, n);
    server->now_ms = host_now();
    if (st != SENNIT_OK)
        return server_fails(server, "listener", sennit_status_text(st));
    if (more[0].revents != 0)
        server_take_signals(server);
    if ((n > 1 && more[1].revents != 0) || sennit_hub_timeout(server->hub, server->now_ms) == 0)
        sennit_hub_tick(server->hub, server->now_ms);
    peer_send_all(server->hub, server->listener);
    server_note_arrivals(server);
    http_step(&server->http, server->now_ms);
    events_log(server->hub, &server->log);
    return true;
}

/* Browsers keep a connection over which nothing more is asked. */
static bool server_is_done(const struct server *server)
{
    sennit_hub_stat stat;

    if (!server->stopping)
        return false;
    sennit_hub_get_stat(server->hub, &stat);
    return server->now_ms >= server->stop_at_ms || sennit_listener_connections(server->listener) == 0 ||
           (stat.connections == 0 && server->now_ms >= server->answered_ms);
}

/* Everything handed over is written before the process ends. */
static bool server_finish(struct server *server)
{
    if (server->storage->sync(server->storage->self) == SENNIT_OK)
        return true;
    return server_fails(server, server->options->data,
                        server->storage->reason(server->storage->self));
}

static void server_clear(struct server *server)
{
    http_clear(&server->http);
    if (server->listener != NULL)
        sennit_listener_free(server->listener);
    if (server->hub != NULL)
        sennit_hub_free(server->hub);
    sennit_storage_close(server->storage);
    if (server->lock >= 0)
        close(server->lock);
    auth_clear(&server->auth);
    if (server->signals >= 0)
        close(server->signals);
    if (server->options->address_file != NULL)
        unlink(server->options->address_file);
}

int server_run(const struct options *options)
{
    struct server *server = calloc(1, sizeof *server);
    bool good;

    if (server == NULL)
        return 1;
    server->options = options;
    server->signals = server->lock = -1;
    server->now_ms = server->metrics.started_ms = host_now();
    log_init(&server->log, stderr, options->log_level);
    http_init(&server->http);
    good = server_open(server);
    while (good && !server_is_done(server))
        good = server_turn(server);
    if (server->hub != NULL)
        good = server_finish(server) && good;
    server_clear(server);
    log_say(&server->log, good ? LOG_INFO : LOG_ERROR, "stopped", NULL);
    free(server);
    return good ? 0 : 1;
}
