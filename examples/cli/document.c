/* A document of the command line: FILE, and FILE.sennit beside it. */
#include "document.h"
#include "cli.h"
#include "common/host.h"
#include "steps.h"
#include "three.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DOCUMENT_LOCK_SECONDS 10

/* ---------------------------------------------------- Opening, closing -- */

void document_name(struct document *d, const char *name)
{
    *d = (struct document){ .name = name, .lock = -1 };
    sennit_buf_init(&d->steps, NULL);
    d->path = realpath(name, NULL);
    if (d->path == NULL)
        d->path = cli_join(name, "");
    d->store = cli_join(d->path, ".sennit");
    d->next = cli_join(d->path, ".sennit-next");
    d->was = cli_join(d->path, ".sennit-was");
}

void document_close(struct document *d)
{
    steps_close(d);
    sennit_doc_free(d->doc);
    bytes_free(&d->text);
    free(d->path);
    free(d->store);
    free(d->next);
    free(d->was);
    if (d->lock >= 0)
        close(d->lock);
    *d = (struct document){ .lock = -1 };
    sennit_buf_init(&d->steps, NULL);
}

int document_refuse(const struct document *d, sennit_status status)
{
    return cli_refuse(d->name, status, NULL);
}

/* Tell whether the locked file is still the one that has the name: whoever
 * held the lock before has put a new file in its place. */
static bool document_lock_is_stale(int fd, const char *path)
{
    struct stat held, named;

    return fstat(fd, &held) != 0 || stat(path, &named) != 0 || held.st_ino != named.st_ino
           || held.st_dev != named.st_dev;
}

static int document_lock(struct document *d)
{
    struct timespec pause = { .tv_nsec = 20000000 };

    for (int tries = 0; tries < DOCUMENT_LOCK_SECONDS * 50; tries++) {
        d->lock = open(d->store, O_RDONLY | O_CLOEXEC);
        if (d->lock < 0) {
            cli_error(d->store, "%s", strerror(errno));
            return CLI_IO;
        }
        if (flock(d->lock, LOCK_EX | LOCK_NB) == 0 && !document_lock_is_stale(d->lock, d->store))
            return CLI_OK;
        close(d->lock);
        d->lock = -1;
        nanosleep(&pause, NULL);
    }
    cli_error(d->name, "another sennit has been at work on it for %d seconds",
              DOCUMENT_LOCK_SECONDS);
    return CLI_IO;
}

static int document_load(struct document *d)
{
    sennit_options options = host_options(SENNIT_BYTES);
    sennit_error err = { SENNIT_OK, 0, "" };
    struct bytes data;
    int code = file_read(d->store, &data);

    if (code != CLI_OK)
        return code;
    sennit_status st = sennit_doc_load(&options, data.data, data.len, &d->doc, &err);
    bytes_free(&data);
    if (st == SENNIT_OK)
        return CLI_OK;
    code = cli_refuse(d->store, st, &err);
    if (st == SENNIT_ECORRUPT)
        cli_error(d->name, "'sennit check' saves what can be saved");
    return code;
}

int document_text(const struct document *d, sennit_buf *out)
{
    sennit_status st = sennit_doc_read(d->doc, 0, sennit_doc_len(d->doc), out);

    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

/* Tell whether these bytes are the text of the document. */
static int document_is(const struct document *d, const struct bytes *text, bool *is)
{
    sennit_buf own;

    sennit_buf_init(&own, NULL);
    int code = document_text(d, &own);
    *is = code == CLI_OK && bytes_are(text, own.data, own.len);
    sennit_buf_clear(&own);
    return code;
}

static bool document_is_older(const char *path, const char *than)
{
    struct stat a, b;

    if (stat(path, &a) != 0 || stat(than, &b) != 0)
        return false;
    return a.st_mtim.tv_sec < b.st_mtim.tv_sec
           || (a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec < b.st_mtim.tv_nsec);
}

/* Keep a text that gave way, as FILE~. */
static int document_keep(const struct document *d, const char *from)
{
    char *kept = cli_join(d->path, "~");
    int code = file_publish(from, kept);

    if (code == CLI_OK)
        cli_error(d->name, "the text that was in it before is kept as %s~", d->name);
    free(kept);
    return code;
}

/* Tell whether a file holds the text of the document. */
static int document_file_is(const struct document *d, const char *path, bool *is)
{
    struct bytes text;
    int code = file_read(path, &text);

    if (code == CLI_OK)
        code = document_is(d, &text, is);
    bytes_free(&text);
    return code;
}

/* FILE.sennit-was is the new text until the step of document_save_both, and then the old
 * one, in which an editor may have saved something. */
static int document_recover_was(struct document *d)
{
    bool written;
    int code;

    if (!file_exists(d->was))
        return CLI_OK;
    code = document_file_is(d, d->was, &written);
    if (code != CLI_OK)
        return code;
    return written ? file_publish(d->was, d->next) : document_keep(d, d->was);
}

/* Finish what document_save could not; see document_save_both. */
static int document_recover(struct document *d)
{
    bool written;
    int code = document_recover_was(d);

    if (code != CLI_OK || !file_exists(d->next))
        return code;
    code = document_file_is(d, d->next, &written);
    if (code != CLI_OK)
        return code;

    if (!written) { /* interrupted before the snapshot changed: nothing was done */
        unlink(d->next);
        return CLI_OK;
    }
    if (document_is_older(d->path, d->next)) {
        cli_error(d->name, "finishing a command that was interrupted");
        return file_publish(d->next, d->path);
    }
    cli_error(d->name,
              "a command was interrupted when it had merged other people's edits, and this\n"
              "file was edited since. The merged text is in %s.\n"
              "Bring both together in it, then: mv %s %s",
              d->next, d->next, d->path);
    return CLI_NO;
}

int document_open(struct document *d, const char *name, int how)
{
    int code = CLI_OK;

    document_name(d, name);
    if (!file_exists(d->store)) {
        cli_error(name, "is not kept by sennit: there is no %s.sennit; see 'sennit init'", name);
        return CLI_IO;
    }
    if (how == DOCUMENT_WRITE)
        code = document_lock(d);
    if (code == CLI_OK)
        code = document_load(d);
    if (code != CLI_OK || how == DOCUMENT_READ)
        return code;
    sennit_doc_set_time(d->doc, host_now());
    code = document_recover(d);
    if (code == CLI_OK)
        code = steps_open(d);
    return code == CLI_OK ? file_read(d->path, &d->text) : code;
}

/* ----------------------------------------------------------- Recording -- */

/* Read the plain file anew, and tell whether it is another than it was. */
static int document_look(const struct document *d, struct bytes *now, bool *edited)
{
    int code = file_read(d->path, now);

    *edited = code == CLI_OK && !bytes_are(&d->text, now->data, now->len);
    return code;
}

static void document_set_text(struct document *d, const void *data, size_t len)
{
    d->text.data = cli_resize(d->text.data, len, 1);
    d->text.len = len;
    if (len > 0)
        memcpy(d->text.data, data, len);
}

/* Make the document read as a text, by the smallest edits there are. */
static int document_replace(struct document *d, const void *text, size_t len,
                            struct document_edits *edits)
{
    sennit_stat before, after;

    sennit_doc_stat(d->doc, &before);
    sennit_status st = sennit_doc_replace(d->doc, 0, sennit_doc_len(d->doc), text, len);
    if (st == SENNIT_EUTF8) {
        cli_error(d->name, "not UTF-8 text (offset %zu)", bytes_utf8(text, len));
        return CLI_REFUSED;
    }
    if (st != SENNIT_OK)
        return document_refuse(d, st);
    sennit_doc_stat(d->doc, &after);
    edits->inserted = after.inserted_bytes - before.inserted_bytes;
    edits->deleted = before.visible_bytes + edits->inserted - after.visible_bytes;
    return CLI_OK;
}

int document_record(struct document *d, struct document_edits *edits)
{
    return document_replace(d, d->text.data, d->text.len, edits);
}

/* The document has moved on since the plain file was written: to record what an
 * editor did to that must not take back what others did meanwhile. */
static int document_record_late(struct document *d, const struct bytes *now,
                                struct document_edits *edits)
{
    sennit_buf theirs, merged;
    int code;

    sennit_buf_init(&theirs, NULL);
    sennit_buf_init(&merged, NULL);
    code = document_text(d, &theirs);
    if (code == CLI_OK) {
        sennit_status st = three_merge(&d->text, now, &theirs, &merged);

        if (st == SENNIT_EUTF8) /* says where */
            code = document_replace(d, now->data, now->len, edits);
        else if (st != SENNIT_OK)
            code = document_refuse(d, st);
        else
            code = document_replace(d, merged.data, merged.len, edits);
    }
    sennit_buf_clear(&theirs);
    sennit_buf_clear(&merged);
    return code;
}

int document_record_again(struct document *d, struct document_edits *edits)
{
    struct bytes now = { NULL, 0 };
    bool edited = false, current = false;
    int code = CLI_OK;

    *edits = (struct document_edits){ 0, 0 };
    sennit_doc_set_time(d->doc, host_now());
    if (access(d->path, F_OK) == 0) /* some editors take it away for a moment */
        code = document_look(d, &now, &edited);
    if (code == CLI_OK && edited)
        code = document_is(d, &d->text, &current);
    if (code == CLI_OK && edited)
        code = current ? document_replace(d, now.data, now.len, edits)
                       : document_record_late(d, &now, edits);
    if (code == CLI_OK && edited)
        document_set_text(d, now.data, now.len);
    bytes_free(&now);
    return code;
}

int document_record_first(struct document *d)
{
    struct document_edits edits = { 0, 0 };
    int code = document_record(d, &edits);

    if (code == CLI_OK && (edits.inserted > 0 || edits.deleted > 0))
        printf("%s: recorded +%" PRIu64 " -%" PRIu64 " bytes first\n", d->name, edits.inserted,
               edits.deleted);
    return code;
}

bool document_differs(struct document *d)
{
    bool same = true;

    if (access(d->path, R_OK) != 0)
        return false; /* no plain file, so nothing in it that could be lost */
    bytes_free(&d->text);
    return file_read(d->path, &d->text) == CLI_OK && document_is(d, &d->text, &same) == CLI_OK
           && !same;
}

/* -------------------------------------------------------------- Saving -- */

static int document_encode(struct document *d, sennit_buf *snapshot, sennit_buf *text)
{
    sennit_status st = sennit_doc_save(d->doc, SENNIT_SAVE_IDENTITY, snapshot);

    return st == SENNIT_OK ? document_text(d, text) : document_refuse(d, st);
}

/* An editor may have saved the plain file while we were merging, or be about to: some take
 * it away for a moment. */
static int document_untouched(const struct document *d, bool *edited)
{
    struct bytes now = { NULL, 0 };
    int code = CLI_OK;

    *edited = !file_exists(d->path);
    if (!*edited)
        code = document_look(d, &now, edited);
    bytes_free(&now);
    return code == CLI_OK && *edited ? CLI_REFUSED : code;
}

/* Put a new snapshot in the place of the old one. It is locked before it has the
 * name, so that nobody comes between. */
static int document_publish(struct document *d, const char *staged)
{
    int lock = open(staged, O_RDONLY | O_CLOEXEC);
    int code;

    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
        cli_error(d->store, "cannot be locked: %s", strerror(errno));
        if (lock >= 0)
            close(lock);
        return CLI_IO;
    }
    code = file_publish(staged, d->store);
    if (code == CLI_OK && d->lock >= 0)
        close(d->lock);
    if (code == CLI_OK)
        d->lock = lock;
    else
        close(lock);
    return code;
}

/* Record what an editor saved at the very moment when the file was written. */
static int document_record_was(struct document *d, const struct bytes *was,
                               struct document_edits *late)
{
    struct document_edits edits = { 0, 0 };
    int code = document_record_late(d, was, &edits);

    late->inserted += edits.inserted;
    late->deleted += edits.deleted;
    if (code == CLI_REFUSED) /* it is no text */
        return document_keep(d, d->was);
    if (code == CLI_OK)
        unlink(d->was);
    return code;
}

static void document_undo_save(const struct document *d, const char *text, const char *snapshot)
{
    unlink(d->next);
    if (text != NULL)
        unlink(text);
    if (snapshot != NULL)
        unlink(snapshot);
}

static int document_swap(const struct document *d, struct bytes *was)
{
    if (rename(d->next, d->was) == 0)
        return file_swap(d->was, d->path, was);
    cli_error(d->was, "%s", strerror(errno));
    return CLI_IO;
}

/* Write the snapshot, then the plain text, each in one step of its own.
 *
 * An interruption between the two steps would leave a plain file that lacks
 * what was merged, and the next commit would take that for an edit that deleted
 * it. So the new text waits under the name FILE.sennit-next from before the
 * first step until the second: whoever finds it there, and in the snapshot the
 * same text, knows that the second step is missing.
 *
 * The second step exchanges the two texts, for an editor may have saved until then. The old
 * one is FILE.sennit-was while it is looked at. */
static int document_save_both(struct document *d, const sennit_buf *snapshot,
                              const sennit_buf *text, bool *edited, struct bytes *was)
{
    char *staged_text, *staged = NULL;
    int code = file_stage(d->path, d->path, text->data, text->len, &staged_text);

    if (code == CLI_OK)
        code = file_publish(staged_text, d->next);
    if (code == CLI_OK)
        code = file_stage(d->store, d->store, snapshot->data, snapshot->len, &staged);
    if (code == CLI_OK)
        code = document_untouched(d, edited);
    if (code == CLI_OK)
        code = document_publish(d, staged);
    if (code != CLI_OK)
        document_undo_save(d, staged_text, staged);
    else
        code = document_swap(d, was);
    free(staged_text);
    free(staged);
    return code;
}

static int document_save_snapshot(struct document *d, const sennit_buf *snapshot)
{
    char *staged;
    int code = file_stage(d->store, d->store, snapshot->data, snapshot->len, &staged);

    if (code != CLI_OK)
        return code;
    code = document_publish(d, staged);
    if (code != CLI_OK)
        unlink(staged);
    free(staged);
    return code;
}

/* The text is written; `was` is what it replaced, `text` is borrowed. */
static int document_saved(struct document *d, const sennit_buf *text, const struct bytes *was,
                          struct document_edits *late)
{
    int code = CLI_OK;

    if (was->data == NULL || bytes_are(&d->text, was->data, was->len))
        unlink(d->was);
    else
        code = document_record_was(d, was, late);
    document_set_text(d, text->data, text->len);
    return code;
}

static int document_save_once(struct document *d, bool *edited, struct document_edits *late)
{
    struct bytes was = { NULL, 0 };
    sennit_buf snapshot, text;
    int code;

    sennit_buf_init(&snapshot, NULL);
    sennit_buf_init(&text, NULL);
    code = document_encode(d, &snapshot, &text);
    if (code == CLI_OK && bytes_are(&d->text, text.data, text.len)) {
        code = document_save_snapshot(d, &snapshot);
    } else if (code == CLI_OK) {
        code = document_save_both(d, &snapshot, &text, edited, &was);
        if (code == CLI_OK)
            code = document_saved(d, &text, &was, late);
    }
    bytes_free(&was);
    sennit_buf_clear(&snapshot);
    sennit_buf_clear(&text);
    return code == CLI_OK ? steps_note(d) : code;
}

int document_try_save(struct document *d, bool *edited, struct document_edits *late)
{
    uint64_t before;
    int code;

    *late = (struct document_edits){ 0, 0 };
    *edited = false;
    do {
        before = late->inserted + late->deleted;
        code = document_save_once(d, edited, late);
    } while (code == CLI_OK && late->inserted + late->deleted > before);
    return code;
}

int document_save(struct document *d)
{
    struct document_edits late;
    bool edited;
    int code = document_try_save(d, &edited, &late);

    if (edited)
        cli_error(d->name, "was edited at this very moment; nothing was done, try again");
    return code;
}

int document_create(struct document *d, bool force)
{
    sennit_buf out;
    int code;

    sennit_buf_init(&out, NULL);
    sennit_status st = sennit_doc_save(d->doc, SENNIT_SAVE_IDENTITY, &out);
    if (st != SENNIT_OK)
        code = document_refuse(d, st);
    else if (force)
        code = file_write(d->store, out.data, out.len);
    else
        code = file_create(d->store, out.data, out.len);
    sennit_buf_clear(&out);
    return code;
}
