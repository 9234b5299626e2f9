/* Typists at a server, in one process: how fast, how many, how dear.
 *
 *   load --url ws://127.0.0.1:8377/sync [--documents 20] [--clients 10] [--rate 2000]
 *        [--seconds 5] [--pid PID] [--durable] [--seed 1] [--name NAME]
 *        [--until-closed]
 *
 * DOCUMENTS times CLIENTS documents, each with a link of its own; all together they
 * type RATE single characters a second, at any time, whether the ones before have
 * arrived or not (open loop): each client at its own beat, at places drawn by
 * chance. A delivery is one character that reached one of the others at its
 * document. What counts is the time from the edit to there, own echo excluded, or
 * with --durable to the server's word that the edit is durable. After SECONDS all
 * wait for what is under way; with --until-closed it is over when the server goes. The documents are NAME-0 and so on. Prints one JSON object:
 *
 *   edits, deliveries, lost, p50_ms, p99_ms, most_ms, deliveries_per_second,
 *   server_cpu_s, deliveries_per_cpu_s, server_rss_kb (the last three with --pid)
 */
#include "sennit/sync.h"
#include "sennit/transport.h"

#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_MS 20000u
#define POLLS 4u /* descriptors of one transport at most */

struct options {
    const char *url, *name;
    unsigned documents, clients, rate, seconds, seed;
    long pid;
    bool durable, until_closed;
};

struct client {
    unsigned document;
    sennit_doc *doc;
    sennit_link *link;
    sennit_session *session;
    sennit_transport *transport;
    uint64_t next_us;   /* of the next edit */
    uint64_t durable;   /* own operations known to be durable */
    uint64_t *typed_us; /* when each own operation was made */
    size_t typed, room;
    uint64_t *seen;     /* operations seen of each client of the document */
};

struct load {
    const struct options *options;
    struct client *clients;
    unsigned n;
    struct pollfd *fds;
    uint32_t *took_us; /* of deliveries */
    size_t took, room;
    uint64_t edits;
    uint64_t chance;
    bool over;         /* a connection was closed, which was expected */
};

static void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static void must(sennit_status status, const char *what)
{
    if (status == SENNIT_OK)
        return;
    fprintf(stderr, "load: %s: %s\n", what, sennit_status_text(status));
    exit(1);
}

static void *grow(void *array, size_t len, size_t *room, size_t item)
{
    if (len < *room)
        return array;
    *room = *room > 0 ? *room * 2 : 1024;
    if ((array = realloc(array, *room * item)) == NULL)
        die("out of memory");
    return array;
}

static uint64_t now_us(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t unix_ms(void)
{
    return now_us(CLOCK_REALTIME) / 1000;
}

/* splitmix64 (Steele et al. 2014). */
static uint64_t draw(struct load *load)
{
    uint64_t z = load->chance += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int fill(void *self, void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)draw(self);
    return 0;
}

/* ---- Clients ---- */

static void client_start(struct load *load, unsigned i)
{
    struct client *c = &load->clients[i];
    sennit_options doc = {.size = sizeof doc, .random = fill, .random_self = load};
    sennit_link_options link = {.size = sizeof link, .random = fill, .random_self = load};
    sennit_websocket_options socket = {.size = sizeof socket};
    char name[SENNIT_NAME_MAX + 1];

    c->document = i / load->options->clients;
    if (load->options->name != NULL)
        snprintf(name, sizeof name, "%s-%u", load->options->name, c->document);
    else
        snprintf(name, sizeof name, "load-%u-%u", (unsigned)getpid(), c->document);
    must(sennit_doc_new(&doc, &c->doc), "document");
    must(sennit_link_new(&link, &c->link), "link");
    must(sennit_session_open(c->link, c->doc, name, "", &c->session), "session");
    must(sennit_websocket_client(load->options->url, &socket, &c->transport), "address");
    must(c->transport->open(c->transport->self), "connection");
    if ((c->seen = calloc(load->options->clients, sizeof *c->seen)) == NULL)
        die("out of memory");
}

/* Type a character somewhere. */
static void client_type(struct load *load, struct client *c)
{
    sennit_doc_set_time(c->doc, unix_ms());
    must(sennit_doc_insert(c->doc, draw(load) % (sennit_doc_len(c->doc) + 1), "x", 1), "edit");
    c->typed_us = grow(c->typed_us, c->typed, &c->room, sizeof *c->typed_us);
    c->typed_us[c->typed++] = now_us(CLOCK_MONOTONIC);
    load->edits++;
}

static void load_note(struct load *load, uint64_t since_us)
{
    load->took_us = grow(load->took_us, load->took, &load->room, sizeof *load->took_us);
    load->took_us[load->took++] = (uint32_t)(now_us(CLOCK_MONOTONIC) - since_us);
}

/* What of the others has arrived. */
static void client_look(struct load *load, struct client *c)
{
    unsigned per = load->options->clients;
    struct client *first = &load->clients[c->document * per];

    for (unsigned i = 0; i < per; i++) {
        struct client *other = &first[i];
        uint64_t replica = sennit_doc_replica(other->doc);
        uint64_t known = other == c || replica == 0 ? 0 : sennit_doc_known(c->doc, replica);

        for (; c->seen[i] < known; c->seen[i]++)
            if (!load->options->durable)
                load_note(load, other->typed_us[c->seen[i]]);
    }
}

static void client_look_durable(struct load *load, struct client *c)
{
    uint64_t durable = c->typed - sennit_session_unsafe(c->session, SENNIT_DURABLE);

    for (; c->durable < durable; c->durable++)
        if (load->options->durable)
            load_note(load, c->typed_us[c->durable]);
}

static void client_events(struct load *load, struct client *c)
{
    sennit_event event;

    while (sennit_link_next_event(c->link, &event)) {
        if (event.kind == SENNIT_EVENT_CHANGED)
            client_look(load, c);
        else if (event.kind == SENNIT_EVENT_SAFE)
            client_look_durable(load, c);
        else if (event.kind == SENNIT_EVENT_REFUSED)
            die(event.text);
    }
}

static void client_receive(struct load *load, struct client *c)
{
    const void *data;
    size_t len;

    while (c->transport->receive(c->transport->self, &data, &len) == 1) {
        must(sennit_link_receive(c->link, data, len, unix_ms()), "frame");
        client_events(load, c);
    }
}

static void client_closed(struct load *load, const sennit_transport *t)
{
    const char *reason;
    int code = t->closed(t->self, &reason);

    load->over = load->options->until_closed;
    if (load->over)
        return;
    fprintf(stderr, "load: a connection was closed: %d %s\n", code, reason);
    exit(1);
}

static void client_send(struct load *load, struct client *c)
{
    sennit_transport *t = c->transport;
    const void *data;
    size_t len;

    if (sennit_session_get_state(c->session) == SENNIT_OFFLINE &&
        t->state(t->self) == SENNIT_TRANSPORT_OPEN)
        must(sennit_link_opened(c->link, unix_ms()), "greeting");
    while (!load->over && t->writable(t->self) && sennit_link_next_frame(c->link, unix_ms(), &data, &len) == 1)
        must(t->send(t->self, data, len), "sending");
    if (t->state(t->self) == SENNIT_TRANSPORT_CLOSED)
        client_closed(load, t);
}

/* ---- The loop ---- */

/* Wait for any of the connections, at most so long, and serve those that are
 * ready. */
static void load_turn(struct load *load, int wait_ms)
{
    nfds_t n = 0;

    for (unsigned i = 0; i < load->n; i++) {
        sennit_transport *t = load->clients[i].transport;
        sennit_poll polls[POLLS];
        size_t have;

        client_send(load, &load->clients[i]);
        have = t->polls(t->self, polls, POLLS);
        for (size_t k = 0; k < have && k < POLLS; k++)
            load->fds[n++] = (struct pollfd){polls[k].fd, polls[k].events, 0};
    }
    poll(load->fds, n, wait_ms);
    for (unsigned i = 0; i < load->n; i++) {
        sennit_transport *t = load->clients[i].transport;

        must(t->service(t->self, NULL, 0), "service");
        client_receive(load, &load->clients[i]);
    }
}

static bool load_all_live(const struct load *load)
{
    for (unsigned i = 0; i < load->n; i++)
        if (sennit_session_get_state(load->clients[i].session) != SENNIT_LIVE)
            return false;
    return true;
}

static size_t load_expected(const struct load *load)
{
    return load->edits * (load->options->durable ? 1 : load->options->clients - 1);
}

/* Type until the time is over, then wait for what is under way. */
static void load_run(struct load *load)
{
    uint64_t beat_us = (uint64_t)load->n * 1000000 / load->options->rate;
    uint64_t start = now_us(CLOCK_MONOTONIC), end = start + load->options->seconds * UINT64_C(1000000);

    for (unsigned i = 0; i < load->n; i++)
        load->clients[i].next_us = start + draw(load) % beat_us;
    for (uint64_t now = start; now < end && !load->over; now = now_us(CLOCK_MONOTONIC)) {
        uint64_t next = end;

        for (unsigned i = 0; i < load->n; i++) {
            struct client *c = &load->clients[i];

            for (; c->next_us <= now; c->next_us += beat_us)
                client_type(load, c);
            next = c->next_us < next ? c->next_us : next;
        }
        now = now_us(CLOCK_MONOTONIC);
        load_turn(load, next > now ? (int)((next - now) / 1000) : 0);
    }
    for (uint64_t stop = now_us(CLOCK_MONOTONIC) + DRAIN_MS * 1000;
         !load->over && load->took < load_expected(load) && now_us(CLOCK_MONOTONIC) < stop;)
        load_turn(load, 10);
}

/* ---- The server's process ---- */

/* User and system time in seconds; field 14 and 15 of proc(5)'s stat. */
static double process_cpu(long pid)
{
    unsigned long user = 0, system = 0;
    char path[64], line[1024], *after;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if ((file = fopen(path, "r")) == NULL || fgets(line, sizeof line, file) == NULL)
        die("no such process");
    fclose(file);
    after = strrchr(line, ')');
    if (after == NULL ||
        sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        die("cannot read /proc");
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long process_rss_kb(long pid)
{
    long pages = 0;
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/statm", pid);
    if ((file = fopen(path, "r")) == NULL || fscanf(file, "%*d %ld", &pages) != 1)
        die("cannot read /proc");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* ---- Results ---- */

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static double percentile_ms(const struct load *load, unsigned percent)
{
    return load->took == 0 ? 0 : load->took_us[(load->took - 1) * percent / 100] / 1000.0;
}

static void load_print(struct load *load, double cpu, double seconds)
{
    const struct options *o = load->options;

    qsort(load->took_us, load->took, sizeof *load->took_us, by_size);
    printf("{\"server\": \"sennitd\", \"documents\": %u, \"clients\": %u, \"rate\": %u, "
           "\"durable\": %s, \"edits\": %" PRIu64 ", \"deliveries\": %zu, \"lost\": %zu, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"most_ms\": %.3f, \"deliveries_per_second\": %.0f",
           o->documents, o->clients, o->rate, o->durable ? "true" : "false", load->edits, load->took,
           load_expected(load) - load->took, percentile_ms(load, 50), percentile_ms(load, 99),
           percentile_ms(load, 100), (double)load->took / seconds);
    if (o->pid > 0)
        printf(", \"server_cpu_s\": %.2f, \"deliveries_per_cpu_s\": %.0f, \"server_rss_kb\": %ld", cpu,
               cpu > 0 ? (double)load->took / cpu : 0, process_rss_kb(o->pid));
    printf("}\n");
}

/* ---- Options ---- */

static unsigned number(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*end != '\0' || n == 0 || n > 1000000)
        die("a number is wrong");
    return (unsigned)n;
}

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"url", required_argument, NULL, 'u'},     {"documents", required_argument, NULL, 'd'},
        {"clients", required_argument, NULL, 'c'}, {"rate", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 's'}, {"pid", required_argument, NULL, 'p'},
        {"seed", required_argument, NULL, 'x'},    {"durable", no_argument, NULL, 'D'},
        {"name", required_argument, NULL, 'n'},    {"until-closed", no_argument, NULL, 'U'},
        {NULL, 0, NULL, 0},
    };

    *o = (struct options){.documents = 20, .clients = 10, .rate = 2000, .seconds = 5, .seed = 1};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
        switch (c) {
        case 'u': o->url = optarg; break;
        case 'd': o->documents = number(optarg); break;
        case 'c': o->clients = number(optarg); break;
        case 'r': o->rate = number(optarg); break;
        case 's': o->seconds = number(optarg); break;
        case 'p': o->pid = (long)number(optarg); break;
        case 'x': o->seed = number(optarg); break;
        case 'D': o->durable = true; break;
        case 'n': o->name = optarg; break;
        case 'U': o->until_closed = true; break;
        default: exit(2);
        }
    if (o->url == NULL)
        die("--url is wanted");
}

int main(int argc, char **argv)
{
    struct options options;
    struct load load = {.options = &options};

    read_options(&options, argc, argv);
    load.n = options.documents * options.clients;
    load.chance = options.seed;
    load.clients = calloc(load.n, sizeof *load.clients);
    load.fds = calloc((size_t)load.n * POLLS, sizeof *load.fds);
    if (load.clients == NULL || load.fds == NULL)
        die("out of memory");
    for (unsigned i = 0; i < load.n; i++)
        client_start(&load, i);
    while (!load_all_live(&load))
        load_turn(&load, 100);
    double cpu = options.pid > 0 ? process_cpu(options.pid) : 0;
    uint64_t start = now_us(CLOCK_MONOTONIC);
    load_run(&load);
    load_print(&load, options.pid > 0 ? process_cpu(options.pid) - cpu : 0,
               (double)(now_us(CLOCK_MONOTONIC) - start) / 1e6);
    for (unsigned i = 0; i < load.n; i++) {
        sennit_transport_free(load.clients[i].transport);
        sennit_link_free(load.clients[i].link);
        sennit_doc_free(load.clients[i].doc);
        free(load.clients[i].typed_us);
        free(load.clients[i].seen);
    }
    free(load.clients);
    free(load.fds);
    free(load.took_us);
    return 0;
}
