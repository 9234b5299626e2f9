/* CommonMark by cmark, whose trees are built (markdown_write.c) and walked
 * (markdown_read.c); this is the one file that includes <cmark.h>. */
#ifndef SN_MARKDOWN_H
#define SN_MARKDOWN_H

#include "sennit/format.h"

#include <cmark.h>

#include "base/bytes.h"

/* Parts emphasis from emphasis that begins where it ends, and is read as nothing. */
#define SN_MARKDOWN_PART "<!-- -->"

/* While work is called by sn_markdown_guarded: memory for cmark, and some of it, zeroed. */
cmark_mem *sn_markdown_mem(void);
void *sn_markdown_take(size_t n, size_t item);

/* Call work(arg), after which all of that memory is freed. Returns what work does;
 * SENNIT_ENOMEM if there was not enough. */
sennit_status sn_markdown_guarded(sennit_status (*work)(void *), void *arg);

#endif
