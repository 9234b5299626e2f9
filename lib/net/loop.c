#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOP_EVENTS 256
#define LOOP_ACCEPTS 64     /* at a time, so that those who are there get a turn */
#define LOOP_BACKLOG 1024
#define LOOP_PASS_MS 250    /* deadlines are looked at so often */

/* What epoll gives back for what is no connection: above all slots. */
#define LOOP_OTHER ((uint64_t)1 << 32)
#define LOOP_WAKE LOOP_OTHER
#define LOOP_LISTEN (LOOP_OTHER + 1)
#define LOOP_MORE (LOOP_OTHER + 2)

/* ------------------------------------------------------------ Starting -- */

static bool loop_watch(sennit_listener *l, int how, int fd, uint32_t events, uint64_t what)
{
    struct epoll_event event = {.events = events, .data.u64 = what};

    return epoll_ctl(l->epoll_fd, how, fd, &event) == 0;
}

static bool loop_set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static const char *loop_why_not(int error)
{
    switch (error) {
    case EADDRINUSE: return "the address is in use";
    case EACCES: return "not allowed to listen at this port";
    case EADDRNOTAVAIL: return "the address is not of this machine";
    default: return "cannot listen at this address";
    }
}

/* Bind and listen; 0 or an errno. */
static int loop_bind(int fd, const struct addrinfo *where)
{
    int on = 1;

    if (!loop_set_nonblocking(fd) || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, where->ai_addr, where->ai_addrlen) != 0 || listen(fd, LOOP_BACKLOG) != 0)
        return errno;
    return 0;
}

static uint16_t loop_port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } name;
    socklen_t len = sizeof name;

    if (getsockname(fd, &name.any, &len) != 0)
        return 0;
    return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

static sennit_status loop_listen(sennit_listener *l, const struct addrinfo *where,
                                 sennit_error *err)
{
    l->listen_fd = socket(where->ai_family, SOCK_STREAM, 0);
    int error = l->listen_fd < 0 ? errno : loop_bind(l->listen_fd, where);

    if (error != 0)
        return sn_fail(err, SENNIT_EIO, 0, loop_why_not(error));
    l->port = loop_port_of(l->listen_fd);
    if (!loop_watch(l, EPOLL_CTL_ADD, l->listen_fd, EPOLLIN, LOOP_LISTEN))
        return sn_fail(err, SENNIT_EIO, 0, "no file descriptors left");
    return SENNIT_OK;
}

sennit_status sn_loop_start(sennit_listener *l, const char *address, uint16_t port,
                            sennit_error *err)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *where;
    char service[8];

    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->epoll_fd < 0 || l->wake_fd < 0 ||
        !loop_watch(l, EPOLL_CTL_ADD, l->wake_fd, EPOLLIN, LOOP_WAKE))
        return sn_fail(err, SENNIT_EIO, 0, "no file descriptors left");
    lws_snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(address, service, &hints, &where) != 0)
        return sn_fail(err, SENNIT_EIO, 0, "no numeric address");
    sennit_status st = loop_listen(l, where, err);
    freeaddrinfo(where);
    return st;
}

static void loop_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void sn_loop_end(sennit_listener *l)
{
    loop_close(&l->listen_fd);
    loop_close(&l->wake_fd);
    loop_close(&l->epoll_fd);
}

/* ----------------------------------------------------------- Accepting -- */

/* libwebsockets closes the socket if it fails. */
static void loop_adopt(sennit_listener *l, int fd)
{
    struct lws_adopt_desc how;
    sn_conn *conn = sn_conn_new(l, fd);

    if (conn == NULL) {
        close(fd);
        return;
    }
    memset(&how, 0, sizeof how);
    how.vh = l->vhost;
    how.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL;
    how.fd.sockfd = fd;
    how.opaque = conn;
    l->current = conn;
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&how);
    if (wsi == NULL && l->current != NULL)
        sn_conn_free(conn);
    if (wsi != NULL && l->current != NULL)
        sn_conn_arm(conn);
}

/* With no file left, the listening socket stays readable: it is left alone until
 * the next pass. */
static void loop_rest(sennit_listener *l, bool rest)
{
    if (l->resting == rest || l->listen_fd < 0)
        return;
    l->resting = rest;
    loop_watch(l, EPOLL_CTL_MOD, l->listen_fd, rest ? 0 : EPOLLIN, LOOP_LISTEN);
}

static void loop_accept(sennit_listener *l)
{
    for (int i = 0; i < LOOP_ACCEPTS && l->listen_fd >= 0; i++) {
        int fd = accept(l->listen_fd, NULL, NULL), on = 1;

        if (fd < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED)
                loop_rest(l, true);
            return;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (l->connections >= l->options.max_connections || !loop_set_nonblocking(fd))
            close(fd);
        else
            loop_adopt(l, fd);
    }
}

/* ------------------------------------------------------------- Serving -- */

/* Whether libwebsockets has read more of somebody than it has handed over. */
static bool loop_is_behind(sennit_listener *l)
{
    return lws_service_adjust_timeout(l->context, 1, 0) == 0;
}

static void loop_serve(sn_conn *conn, short events)
{
    sennit_listener *l = conn->listener;
    struct lws_pollfd poll = {conn->fd, (short)(LWS_POLLIN | (events & LWS_POLLOUT)), events};

    l->current = conn;
    l->nothing_kept = conn->is_peer || !loop_is_behind(l);
    lws_service_fd(l->context, &poll);
}

/* Serve those on the list as if they were writable; what comes upon it meanwhile
 * has its turn the next time. */
static void loop_serve_ready(sennit_listener *l)
{
    for (uint32_t n = l->ready; n > 0; n--) {
        sn_conn *conn = sn_conn_pop_ready(l);

        if (conn == NULL)
            return;
        loop_serve(conn, LWS_POLLOUT);
        if (l->current != NULL)
            sn_conn_arm(conn);
    }
}

/* The other end of a request that waits has hung up. */
static bool loop_is_abandoned(const sn_conn *conn, uint32_t events)
{
    return conn->http != NULL && conn->http->waiting &&
           (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
}

static void loop_event_of_conn(sn_conn *conn, uint32_t events)
{
    sennit_listener *l = conn->listener;

    if (loop_is_abandoned(conn, events)) {
        lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
        return;
    }
    loop_serve(conn, (short)(events & (EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLERR)));
    if (l->current != NULL)
        sn_conn_make_ready(conn);
}

static void loop_event(sennit_listener *l, const struct epoll_event *event, sennit_poll *more)
{
    uint64_t what = event->data.u64, count;

    if (what >= LOOP_MORE)
        more[what - LOOP_MORE].revents = (short)event->events;
    else if (what == LOOP_LISTEN)
        loop_accept(l);
    else if (what == LOOP_WAKE)
        (void)!read(l->wake_fd, &count, sizeof count);
    else {
        sn_conn *conn = sn_conn_in_slot(l, (uint32_t)what);

        if (conn != NULL && conn->wsi != NULL)
            loop_event_of_conn(conn, event->events);
    }
}

/* ------------------------------------------------------------- Waiting -- */

/* Let epoll know the owner's descriptors. One that was closed since is not known
 * any more, though its number may be in use again. */
static sennit_status loop_watch_more(sennit_listener *l, const sennit_poll *more, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t events = (uint32_t)(unsigned short)more[i].events;

        if (!loop_watch(l, EPOLL_CTL_MOD, more[i].fd, events, LOOP_MORE + i) &&
            !loop_watch(l, EPOLL_CTL_ADD, more[i].fd, events, LOOP_MORE + i))
            return SENNIT_EINVAL;
    }
    return SENNIT_OK;
}

static void loop_forget_more(sennit_listener *l, const sennit_poll *more, size_t n)
{
    for (size_t i = 0; i < l->more_len; i++) {
        bool kept = false;

        for (size_t j = 0; j < n; j++)
            kept = kept || more[j].fd == l->more[i].fd;
        if (!kept)
            epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, l->more[i].fd, NULL);
    }
}

static sennit_status loop_set_more(sennit_listener *l, sennit_poll *more, size_t n)
{
    if (n > SN_LISTENER_MORE)
        return SENNIT_EINVAL;
    loop_forget_more(l, more, n);
    l->more_len = 0;
    for (size_t i = 0; i < n; i++) {
        more[i].revents = 0;
        l->more[l->more_len++] = more[i];
    }
    return loop_watch_more(l, more, n);
}

/* How long to wait: not at all if somebody is to be served at once; not beyond the
 * next pass if there is anybody whose deadline it could be. */
static int loop_timeout(const sennit_listener *l, int timeout_ms)
{
    if (l->first_ready != NULL)
        return 0;
    if (l->connections == 0 && !l->resting)
        return timeout_ms;
    uint64_t now = sn_lws_now_ms();
    int until = l->pass_at > now ? (int)(l->pass_at - now) : 0;

    return timeout_ms >= 0 && timeout_ms < until ? timeout_ms : until;
}

/* Hold the pace: what several send is passed on for little more than what one sends.
 * Whoever comes after a pause is served at once, and who has just been let in. */
static void loop_hold_pace(const sennit_listener *l)
{
    if (l->options.pace_ms != 0 && l->first_ready == NULL)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &l->turn_at, NULL);
}

static void loop_note_turn(sennit_listener *l)
{
    if (!l->received)
        return;
    l->received = false;
    clock_gettime(CLOCK_MONOTONIC, &l->turn_at);
    l->turn_at.tv_sec += l->options.pace_ms / 1000;
    l->turn_at.tv_nsec += l->options.pace_ms % 1000 * 1000000L;
    if (l->turn_at.tv_nsec >= 1000000000L) {
        l->turn_at.tv_sec++;
        l->turn_at.tv_nsec -= 1000000000L;
    }
}

/* Let libwebsockets look at its deadlines, and at what it has read and not yet
 * handed over. */
static void loop_pass(sennit_listener *l)
{
    uint64_t now = sn_lws_now_ms();
    bool behind = loop_is_behind(l);

    if (now < l->pass_at && !behind)
        return;
    if (now >= l->pass_at) {
        l->pass_at = now + LOOP_PASS_MS;
        loop_rest(l, false);
    }
    l->in_pass = true;
    l->nothing_kept = !behind;
    l->current = NULL;
    lws_service(l->context, -1);
    l->in_pass = false;
}

sennit_status sennit_listener_service(sennit_listener *listener, int timeout_ms, sennit_poll *more,
                                      size_t n)
{
    sennit_listener *l = listener;
    struct epoll_event events[LOOP_EVENTS];

    SN_TRY(loop_set_more(l, more, n));
    loop_serve_ready(l);
    loop_hold_pace(l);
    int got = epoll_wait(l->epoll_fd, events, LOOP_EVENTS, loop_timeout(l, timeout_ms));
    if (got < 0 && errno != EINTR)
        return SENNIT_EIO;
    for (int i = 0; i < got; i++)
        loop_event(l, &events[i], more);
    loop_note_turn(l);
    loop_pass(l);
    loop_serve_ready(l);
    return SENNIT_OK;
}

void sennit_listener_wake(sennit_listener *listener)
{
    uint64_t one = 1;
    int saved = errno;

    (void)!write(listener->wake_fd, &one, sizeof one);
    errno = saved;
}

void sennit_listener_stop(sennit_listener *listener)
{
    loop_close(&listener->listen_fd);
}
