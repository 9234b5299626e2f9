/* A document of the command line: FILE, and FILE.sennit beside it. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "file.h"

#include <sennit/sennit.h>

struct document {
    const char *name;  /* as the user wrote it, for messages */
    char *path;        /* the plain text; symbolic links followed */
    char *store;       /* its snapshot: path.sennit */
    char *next, *was;  /* path.sennit-next, path.sennit-was: see document_save_both */
    int lock;          /* on the snapshot, or -1 */
    sennit_doc *doc;
    struct bytes text; /* of the plain file, as it was last read or written */
    sennit_undo *undo; /* steps.h; NULL if it is only looked at */
    sennit_buf steps;  /* to be written */
};

/* Only look: no lock, and the plain file is not needed. */
#define DOCUMENT_READ 0
/* Change: nobody else may, and the plain file is read. */
#define DOCUMENT_WRITE 1

/* Open a document. Close it with document_close, also after a failure. */
int document_open(struct document *d, const char *name, int how);

/* Name a document that is about to be created, without opening anything. */
void document_name(struct document *d, const char *name);
void document_close(struct document *d);

/* What an editor did to the plain file since it was last recorded. */
struct document_edits {
    uint64_t inserted; /* bytes */
    uint64_t deleted;
};

/* Record it in the document. */
int document_record(struct document *d, struct document_edits *edits);

/* Read the plain file anew and record what an editor did to it since it was last
 * read or written, also if the document has gone on since. Nothing if it is not
 * there. */
int document_record_again(struct document *d, struct document_edits *edits);

/* Record it and say so, before something else happens to the document. */
int document_record_first(struct document *d);

/* Tell whether the plain file and the document differ, reading the file anew. */
bool document_differs(struct document *d);

/* Write both files, the plain one only if its text is another now. If somebody
 * edited that meanwhile, nothing is written, and CLI_REFUSED returned; what they saved in
 * the very moment of writing is recorded and written too. */
int document_save(struct document *d);

/* The same without a message for the first case, in which *edited is true; late is what
 * was recorded in the second. */
int document_try_save(struct document *d, bool *edited, struct document_edits *late);

/* Write the snapshot of a document that has no file yet; force: or has one, which
 * is replaced. */
int document_create(struct document *d, bool force);

/* Append the whole text to out. */
int document_text(const struct document *d, sennit_buf *out);

/* Print a failed call on this document and return its exit code. */
int document_refuse(const struct document *d, sennit_status status);

#endif
