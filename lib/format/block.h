/* What a line is, as the value of its block mark, and addresses that may be given out. */
#ifndef SN_BLOCK_H
#define SN_BLOCK_H

#include "base/base.h"

typedef enum sn_block_kind {
    SN_PARAGRAPH,
    SN_HEADING, /* level 1 .. 6 */
    SN_BULLET,  /* level 0 .. SN_LIST_LEVELS - 1 */
    SN_ORDERED,
    SN_QUOTE,
    SN_CODE     /* info: the language, or empty */
} sn_block_kind;

#define SN_LIST_LEVELS 8u
#define SN_BLOCK_INFO 64u /* bytes of a language; longer ones are left out */

typedef struct sn_block {
    sn_block_kind kind;
    unsigned level;
    const char *info;
    size_t info_len;
} sn_block;

/* Read a value; what is none of those above is a paragraph. info points into it. */
sn_block sn_block_read(const char *value, size_t len);

/* Write one, which is no paragraph; returns its length. */
#define SN_BLOCK_MAX (SN_BLOCK_INFO + 16u)
size_t sn_block_write(const sn_block *block, char out[SN_BLOCK_MAX]);

bool sn_block_is_list(const sn_block *block);

/* Whether an address has one of the schemes that are given out. */
bool sn_address_is_safe(const char *address, size_t len);

#endif
