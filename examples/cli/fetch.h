/* A document as a server has it, and documents here that begin with it. */
#ifndef FETCH_H
#define FETCH_H

#include "document.h"
#include "remote.h"

/* Get everything the server has of a document, and send nothing. *out, to be
 * freed, is not edited: it has no identity. */
int fetch(const struct remote_where *where, sennit_doc **out);

/* What to do if there is a text here, and another one on the server, and they were
 * never one. */
enum fetch_choice {
    FETCH_REFUSE, /* nothing, and say so */
    FETCH_OURS,   /* the text here becomes that of the document */
    FETCH_THEIRS  /* it gives way, and is kept as FILE~ */
};

/* Begin to keep FILE as a document of a server: FILE.sennit is created, and FILE if
 * it is not there. If the server has no such document yet, FILE is what it begins
 * with. */
int fetch_begin(const char *name, const struct remote_where *where, enum fetch_choice choice);

#endif
