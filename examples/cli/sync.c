/* sennit sync, push: a plain file and a document on a server, kept in step.
 *
 *     editor ~~ FILE -- FILE.sennit -- session ~~ server
 *
 * What an editor did is recorded, and on disk, before it is sent: whatever
 * happens, this replica never says two things under one number. What others did
 * is written into FILE after it was seen that no editor has written meanwhile.
 */
#include "cli.h"
#include "common/host.h"
#include "document.h"
#include "fetch.h"
#include "remote.h"
#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SYNC_WRITE_MS 100  /* at least between two times that FILE is written */
#define SYNC_EDITOR_MS 3000 /* to wait for an editor that has FILE open to finish */
#define SYNC_LEAVE_MS 3000 /* to send what is left when told to stop */

struct sync_args {
    struct remote_where where;
    enum fetch_choice choice;
    struct cli_words words;
};

struct sync {
    struct document d;
    struct remote remote;
    struct watch watch;
    int signals, events;  /* descriptors; `events` is readable if one of the others is */
    bool once;            /* push: end when the server has everything */
    bool stop;            /* a signal came */
    bool ours;            /* edits of ours are not known to be durable */
    bool begun;           /* what was here at the start is durable */
    bool told;            /* that edits of ours can not be sent */
    bool theirs;          /* edits of others are not in FILE yet */
    uint64_t asked;       /* the ticket of the last sync_ask */
    uint64_t write_ms;    /* when to write them */
    uint64_t editor_ms;   /* since when FILE differs without having been closed; or 0 */
    uint64_t before;      /* bytes inserted, when FILE was last written */
};

/* ---------------------------------------------------------------- Args -- */

enum { SYNC_OURS = 256, SYNC_THEIRS };

static error_t sync_parse(int key, char *arg, struct argp_state *state)
{
    struct sync_args *in = state->input;

    if (remote_option(&in->where, key, arg))
        return 0;
    switch (key) {
    case SYNC_OURS:
        in->choice = FETCH_OURS;
        return 0;
    case SYNC_THEIRS:
        in->choice = FETCH_THEIRS;
        return 0;
    default: return cli_take_words(key, state, &in->words);
    }
}

static const struct argp_option sync_options[] = {
    { "ours", SYNC_OURS, NULL, 0, "The first time: the text of FILE replaces the document's", 0 },
    { "theirs", SYNC_THEIRS, NULL, 0,
      "The first time: the document's text replaces that of FILE, which is kept as FILE~", 0 },
    REMOTE_OPTIONS,
    { 0 },
};

static const struct argp sync_argp = {
    .options = sync_options,
    .parser = sync_parse,
    .args_doc = "FILE ws://HOST:PORT/NAME",
    .doc = "Keep FILE and a document on a server in step, both ways, until interrupted.\v"
           "Edit FILE with what you like: what you save goes to the others, and what they "
           "write comes into FILE. Without a connection edits are kept in FILE.sennit, and "
           "sent later; so is what was edited while this program did not run.\n\n"
           "The first time, FILE is created from the document, or the document from FILE.",
};

static const struct argp push_argp = {
    .options = sync_options,
    .parser = sync_parse,
    .args_doc = "FILE ws://HOST:PORT/NAME",
    .doc = "Bring what was edited in FILE to a document on a server, and wait until it is "
           "durable there.\v"
           "What others did comes into FILE. 'sennit sync' does this all the time.",
};

/* ------------------------------------------------------------ Our edits -- */

static void sync_say(const struct sync *sync, const struct document_edits *edits, const char *whose)
{
    printf("%s: +%" PRIu64 " -%" PRIu64 " bytes %s\n", sync->d.name, edits->inserted,
           edits->deleted, whose);
    fflush(stdout);
}

static uint64_t sync_inserted(const struct sync *sync)
{
    sennit_stat stat;

    sennit_doc_stat(sync->d.doc, &stat);
    return stat.inserted_bytes;
}

/* What an editor saved in the very moment when FILE was written. */
static void sync_late(struct sync *sync, const struct document_edits *late)
{
    if (late->inserted == 0 && late->deleted == 0)
        return;
    sync->ours = true;
    sync_say(sync, late, "from here");
}

/* Write both files. An editor that saves at this very moment is looked at again. */
static int sync_save(struct sync *sync)
{
    struct document_edits late;
    bool edited;
    int code = document_try_save(&sync->d, &edited, &late);

    if (code == CLI_REFUSED && edited)
        return CLI_OK;
    sync_late(sync, &late);
    sync->theirs = sync->theirs && code != CLI_OK;
    sync->write_ms = host_now() + SYNC_WRITE_MS;
    sync->before = sync_inserted(sync);
    return code;
}

/* Record what an editor did. Text that is not UTF-8 is left to be put right. */
static int sync_record(struct sync *sync)
{
    struct document_edits edits;
    int code = document_record_again(&sync->d, &edits);

    sync->editor_ms = 0;
    if (code == CLI_REFUSED && !sync->once)
        return CLI_OK;
    if (code != CLI_OK || (edits.inserted == 0 && edits.deleted == 0))
        return code;
    sync->ours = true;
    sync_say(sync, &edits, "from here");
    return sync_save(sync);
}

/* --------------------------------------------------------- Their edits -- */

/* FILE differs from what was last read or written: an editor is at it, and will
 * close it soon, or it keeps it open for long. */
static int sync_editor(struct sync *sync, uint64_t now_ms)
{
    if (sync->editor_ms == 0)
        sync->editor_ms = now_ms;
    if (now_ms - sync->editor_ms >= SYNC_EDITOR_MS)
        return sync_record(sync);
    sync->write_ms = now_ms + SYNC_WRITE_MS;
    return CLI_OK;
}

static int sync_write(struct sync *sync, uint64_t now_ms)
{
    struct document_edits edits = { sync_inserted(sync) - sync->before, sync->d.text.len }, late;
    bool edited;
    int code = document_try_save(&sync->d, &edited, &late);

    if (code == CLI_REFUSED && edited)
        return sync_editor(sync, now_ms);
    if (code != CLI_OK)
        return code;
    edits.deleted += edits.inserted + late.inserted - late.deleted - sync->d.text.len;
    sync_late(sync, &late);
    sync->theirs = false;
    sync->write_ms = now_ms + SYNC_WRITE_MS;
    sync->before = sync_inserted(sync);
    if (edits.inserted > 0 || edits.deleted > 0)
        sync_say(sync, &edits, "from others");
    return CLI_OK;
}

/* ---------------------------------------------------------------- Loop -- */

static void sync_safe(struct sync *sync)
{
    if (!sync->ours || sennit_session_unsafe(sync->remote.session, SENNIT_DURABLE) > 0)
        return;
    sync->ours = false;
    printf("%s: kept by the server\n", sync->d.name);
    fflush(stdout);
}

/* Ask to be told when the server has all that is here now, be it ours or not. */
static int sync_ask(struct sync *sync)
{
    sennit_buf version;
    sennit_status st;

    sync->begun = false;
    sennit_buf_init(&version, NULL);
    st = sennit_doc_version(sync->d.doc, &version);
    if (st == SENNIT_OK)
        st = sennit_session_wait(sync->remote.session, version.data, version.len, SENNIT_DURABLE,
                                 ++sync->asked);
    sennit_buf_clear(&version);
    return st == SENNIT_OK ? CLI_OK : document_refuse(&sync->d, st);
}

/* What was asked for may never come, for some of it is void. */
static int sync_rebased(struct sync *sync)
{
    int code = sync_save(sync);

    return code == CLI_OK ? sync_ask(sync) : code;
}

/* Without the permission to edit, others' edits still come in. */
static int sync_look_permitted(struct sync *sync)
{
    const sennit_session *session = sync->remote.session;

    if (sennit_session_get_state(session) != SENNIT_LIVE ||
        sennit_session_permission(session) >= SENNIT_EDIT)
        return CLI_OK;
    if (sync->once) {
        cli_error(sync->d.name, "the token does not permit to edit (4403); see 'sennit pull'");
        return CLI_REFUSED;
    }
    if (!sync->told && sennit_session_unsafe(session, SENNIT_DURABLE) > 0) {
        cli_error(sync->d.name, "the token does not permit to edit (4403): what is edited here "
                                "stays here");
        sync->told = true;
    }
    return CLI_OK;
}

static int sync_events(struct sync *sync)
{
    sennit_event event;
    int code = CLI_OK;

    while (code == CLI_OK && remote_event(&sync->remote, false, &event, &code) == 1) {
        if (event.kind == SENNIT_EVENT_CHANGED)
            sync->theirs = true;
        else if (event.kind == SENNIT_EVENT_REBASED)
            code = sync_rebased(sync);
        else if (event.kind == SENNIT_EVENT_REACHED)
            sync->begun |= event.ticket == sync->asked;
        else if (event.kind == SENNIT_EVENT_SAFE || event.kind == SENNIT_EVENT_LIVE)
            sync_safe(sync);
    }
    return code;
}

static void sync_take_signals(struct sync *sync)
{
    struct signalfd_siginfo info;

    while (read(sync->signals, &info, sizeof info) == (ssize_t)sizeof info)
        sync->stop = true;
}

static int sync_step(struct sync *sync, int timeout_ms)
{
    int code = remote_wait(&sync->remote, sync->events, timeout_ms);
    uint64_t now = host_now();

    sync_take_signals(sync);
    if (code == CLI_OK)
        code = sync_events(sync);
    if (code == CLI_OK && watch_take(&sync->watch))
        code = sync_record(sync);
    if (code == CLI_OK)
        code = sync_look_permitted(sync);
    if (code == CLI_OK && sync->theirs && now >= sync->write_ms)
        code = sync_write(sync, now);
    return code;
}

/* Whether the server has all that is here, and FILE all that came from it. */
static bool sync_is_done(const struct sync *sync)
{
    return sennit_session_get_state(sync->remote.session) == SENNIT_LIVE && sync->begun && !sync->theirs &&
           sennit_session_unsafe(sync->remote.session, SENNIT_DURABLE) == 0;
}

static int sync_loop(struct sync *sync)
{
    int code = CLI_OK;

    while (code == CLI_OK && !sync->stop && !(sync->once && sync_is_done(sync))) {
        uint64_t now = host_now();

        code = sync_step(sync, !sync->theirs               ? -1
                               : sync->write_ms > now ? (int)(sync->write_ms - now)
                                                      : 0);
    }
    return code;
}

/* Told to stop: what is here is recorded, and sent if that goes quickly. */
static int sync_end(struct sync *sync)
{
    uint64_t until = host_now() + SYNC_LEAVE_MS;
    int code = sync_record(sync);

    while (code == CLI_OK && !sync_is_done(sync) && sync->remote.client.up && host_now() < until)
        code = sync_step(sync, 50);
    return code == CLI_OK && sync->theirs ? sync_write(sync, host_now()) : code;
}

/* ------------------------------------------------------------ Beginning -- */

static int sync_fails(const char *what)
{
    cli_error(what, "%s", strerror(errno));
    return CLI_IO;
}

/* Signals, and writes to FILE, become readable descriptors. */
static int sync_watch(struct sync *sync)
{
    struct epoll_event readable = { .events = EPOLLIN };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sync->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    sync->events = epoll_create1(EPOLL_CLOEXEC);
    if (sync->signals < 0 || sync->events < 0)
        return sync_fails("signals");
    int code = watch_open(&sync->watch, sync->d.path);
    if (code == CLI_OK &&
        (epoll_ctl(sync->events, EPOLL_CTL_ADD, sync->signals, &readable) != 0 ||
         epoll_ctl(sync->events, EPOLL_CTL_ADD, sync->watch.fd, &readable) != 0))
        return sync_fails(sync->d.name);
    return code;
}

static void sync_close(struct sync *sync)
{
    remote_close(&sync->remote);
    watch_close(&sync->watch);
    if (sync->events >= 0)
        close(sync->events);
    if (sync->signals >= 0)
        close(sync->signals);
    document_close(&sync->d);
}

/* The watch stands before FILE is read, so that no edit falls between the two. */
static int sync_open(struct sync *sync, const struct sync_args *args)
{
    int code = document_open(&sync->d, args->words.at[0], DOCUMENT_WRITE);

    if (code == CLI_OK)
        code = sync_watch(sync);
    if (code == CLI_OK)
        code = document_record_first(&sync->d);
    if (code == CLI_OK)
        code = document_save(&sync->d);
    if (code == CLI_OK)
        code = sync_record(sync);
    sync->before = code == CLI_OK ? sync_inserted(sync) : 0;
    if (code == CLI_OK)
        code = remote_open(&sync->remote, &args->where, sync->d.doc);
    return code == CLI_OK ? sync_ask(sync) : code;
}

static int sync_run(const struct sync_args *args, bool once)
{
    struct sync sync = { .once = once, .signals = -1, .events = -1, .watch = { .fd = -1 } };
    int code = sync_open(&sync, args);

    if (code == CLI_OK)
        code = sync_loop(&sync);
    if (code == CLI_OK)
        code = sync_end(&sync);
    sync_close(&sync);
    return code;
}

static int sync_main(int argc, char **argv, const struct argp *argp, bool once)
{
    struct sync_args args = { .words = { .min = 2, .max = 2 } };
    char *store;
    bool kept;

    argp_parse(argp, argc, argv, 0, NULL, &args);
    args.where.address = args.words.at[1];
    store = cli_join(args.words.at[0], ".sennit");
    kept = file_exists(store);
    free(store);
    int code = kept ? CLI_OK : fetch_begin(args.words.at[0], &args.where, args.choice);
    return code == CLI_OK ? sync_run(&args, once) : code;
}

int cmd_sync(int argc, char **argv)
{
    return sync_main(argc, argv, &sync_argp, false);
}

int cmd_push(int argc, char **argv)
{
    return sync_main(argc, argv, &push_argp, true);
}
