/* The text of a document with who wrote what. */
#ifndef WHO_H
#define WHO_H

#include <stdbool.h>

#include <sennit/sennit.h>

/* Print the text, and below it a legend.
 *
 * names    "ID=NAME,ID=NAME"; an ID is the first digits of a replica id. May be
 *          NULL.
 * colour   show authors by colours, else by a letter under each character
 */
int who_print(const sennit_doc *doc, const char *name, const char *names, bool colour);

#endif
