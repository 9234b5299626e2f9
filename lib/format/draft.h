/* Rich text that a document is to become: text, and marks on stretches of it. */
#ifndef SN_DRAFT_H
#define SN_DRAFT_H

#include "base/mem.h"
#include "format/block.h"

typedef struct sn_draft_mark {
    size_t from, to;        /* bytes of the text */
    size_t name, name_len;  /* in the strings */
    size_t data;            /* of the value, in the strings */
    sennit_value value;     /* its own data is not set */
} sn_draft_mark;

typedef struct sn_draft {
    sn_mem mem;
    sennit_buf text, strings;
    sn_draft_mark *marks;
    size_t marks_len, marks_cap;
} sn_draft;

void sn_draft_start(sn_draft *draft);
void sn_draft_free(sn_draft *draft);

sennit_status sn_draft_text(sn_draft *draft, const char *text, size_t len);

/* Mark text from a byte on, up to the end so far. Two marks of one name on one place
 * have one value. value: NULL is no mark. */
sennit_status sn_draft_mark_from(sn_draft *draft, size_t from, const char *name, size_t name_len,
                                 const sennit_value *value);

/* The same for a mark that is true, and for one that is a string. */
sennit_status sn_draft_flag_from(sn_draft *draft, size_t from, const char *name);
sennit_status sn_draft_string_from(sn_draft *draft, size_t from, const char *name, const char *text,
                                   size_t len);

/* End the line, which is of this kind. */
sennit_status sn_draft_newline(sn_draft *draft, const sn_block *block);

/* Put an embed there. */
sennit_status sn_draft_embed(sn_draft *draft, const char *value, size_t len);

/* Let a document read as the draft, by as few edits as is affordable, all or none. */
sennit_status sn_draft_become(sn_draft *draft, sennit_doc *doc);

#endif
