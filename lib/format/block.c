#include "format/block.h"

static const struct {
    const char *name;
    sn_block_kind kind;
    unsigned least, levels; /* the first level, and how many; 0: none is told */
} kinds[] = {
    {"heading", SN_HEADING, 1, 6},
    {"bullet", SN_BULLET, 0, SN_LIST_LEVELS},
    {"ordered", SN_ORDERED, 0, SN_LIST_LEVELS},
    {"quote", SN_QUOTE, 0, 0},
    {"code", SN_CODE, 0, 0},
};

#define KINDS (sizeof kinds / sizeof *kinds)

sn_block sn_block_read(const char *value, size_t len)
{
    const sn_block none = {SN_PARAGRAPH, 0, "", 0};
    const char *colon = len > 0 ? memchr(value, ':', len) : NULL;
    size_t name = colon != NULL ? (size_t)(colon - value) : len, rest = colon != NULL ? len - name - 1 : 0;

    for (size_t i = 0; i < KINDS; i++) {
        sn_block b = {kinds[i].kind, kinds[i].least, "", 0};

        if (strlen(kinds[i].name) != name || memcmp(kinds[i].name, value, name) != 0)
            continue;
        if (kinds[i].kind == SN_CODE && rest <= SN_BLOCK_INFO) {
            b.info = rest > 0 ? colon + 1 : "";
            b.info_len = rest;
        }
        if (kinds[i].levels == 0)
            return b;
        if (rest == 1 && colon[1] >= '0' && colon[1] <= '9')
            b.level = (unsigned)(colon[1] - '0');
        return b.level >= kinds[i].least && b.level < kinds[i].least + kinds[i].levels ? b : none;
    }
    return none;
}

size_t sn_block_write(const sn_block *block, char out[SN_BLOCK_MAX])
{
    size_t i = 0, at;

    while (kinds[i].kind != block->kind)
        i++;
    at = strlen(kinds[i].name);
    memcpy(out, kinds[i].name, at);
    if (kinds[i].levels > 0) {
        out[at++] = ':';
        out[at++] = (char)('0' + block->level);
    } else if (block->info_len > 0 && block->info_len <= SN_BLOCK_INFO) {
        out[at++] = ':';
        memcpy(out + at, block->info, block->info_len);
        at += block->info_len;
    }
    return at;
}

bool sn_block_is_list(const sn_block *block)
{
    return block->kind == SN_BULLET || block->kind == SN_ORDERED;
}

static char address_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* A browser passes over control characters and white space in front of a scheme and
 * inside it, so the scheme must stand there exactly. */
bool sn_address_is_safe(const char *address, size_t len)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:"};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = strlen(schemes[i]), k = 0;

        while (k < n && k < len && address_lower(address[k]) == schemes[i][k])
            k++;
        if (k == n && n < len)
            return true;
    }
    return false;
}
