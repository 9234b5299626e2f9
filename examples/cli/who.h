/* The text of a document with who wrote what. */
#ifndef WHO_H
#define WHO_H

#include <stdbool.h>
#include <stdint.h>

#include <sennit/sennit.h>

/* Print the text, and below it a legend.
 *
 * names    "ID=NAME,ID=NAME"; an ID is the first digits of a replica id. May be
 *          NULL.
 * colour   show authors by colours, else by a letter under each character
 */
int who_print(const sennit_doc *doc, const char *name, const char *names, bool colour);

/* Find the name of a replica in such names; free() it. NULL: there is none. */
char *who_name(const char *names, uint64_t replica);

#endif
