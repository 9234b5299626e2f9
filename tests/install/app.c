/* A program as a user would write it: types a word and reads it back. */
#include <sennit/sennit.h>
#include <stdio.h>
#include <string.h>

static int dice(void *self, void *out, size_t len)
{
    (void)self;
    memset(out, 7, len);
    return 0;
}

int main(void)
{
    sennit_options options = {.size = sizeof options, .random = dice};
    sennit_doc *doc;
    sennit_buf text;

    sennit_buf_init(&text, NULL);
    if (sennit_version_number() != SENNIT_VERSION_NUMBER ||
        sennit_doc_new(&options, &doc) != SENNIT_OK ||
        sennit_doc_insert(doc, 0, "plaited", 7) != SENNIT_OK ||
        sennit_doc_read(doc, 0, 7, &text) != SENNIT_OK)
        return 1;
    printf("%.*s\n", (int)text.len, (const char *)text.data);
    sennit_buf_clear(&text);
    sennit_doc_free(doc);
    return 0;
}
