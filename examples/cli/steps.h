/* What can be taken back of a document, from one command to the next: in
 * FILE.sennit-undo, beside the snapshot. */
#ifndef STEPS_H
#define STEPS_H

#include "document.h"

/* Go on with the steps of the commands before; what is done from now on is a new
 * one. Steps that cannot be read are given up, since they are nobody's text. */
int steps_open(struct document *d);

/* Note the steps that belong to what was just saved. */
int steps_note(struct document *d);

/* Write what was noted last, and let go. */
void steps_close(struct document *d);

#endif
