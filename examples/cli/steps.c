/* What can be taken back of a document, from one command to the next.
 *
 * The steps are written last. If that does not come to pass, what was done since
 * they were written is one step then: an undo knows how far it has looked.
 */
#include "steps.h"
#include "cli.h"

#include <stdlib.h>

static char *steps_path(const struct document *d)
{
    return cli_join(d->store, "-undo");
}

static sennit_status steps_load(struct document *d, const char *path)
{
    struct bytes bytes = { NULL, 0 };
    sennit_status st = SENNIT_EGONE;

    if (file_exists(path) && file_read(path, &bytes) == CLI_OK)
        st = sennit_undo_load(d->doc, NULL, bytes.data, bytes.len, &d->undo, NULL);
    bytes_free(&bytes);
    return st;
}

int steps_open(struct document *d)
{
    char *path = steps_path(d);
    sennit_status st = steps_load(d, path);

    free(path);
    if (st == SENNIT_OK)
        st = sennit_undo_break(d->undo);
    else if (st != SENNIT_ENOMEM)
        st = sennit_undo_new(d->doc, NULL, &d->undo);
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

int steps_note(struct document *d)
{
    if (d->undo == NULL)
        return CLI_OK;
    d->steps.len = 0;
    sennit_status st = sennit_undo_save(d->undo, &d->steps);
    return st == SENNIT_OK ? CLI_OK : document_refuse(d, st);
}

void steps_close(struct document *d)
{
    if (d->steps.len > 0) {
        char *path = steps_path(d);
        int code = file_write(path, d->steps.data, d->steps.len);

        (void)code; /* it was told, and the document is safe */
        free(path);
    }
    sennit_undo_free(d->undo);
    sennit_buf_clear(&d->steps);
}
