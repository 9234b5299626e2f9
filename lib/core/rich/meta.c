/* Metadata: a last-writer-wins map; book.h says what stands. */
#include "core/doc/doc.h"
#include "core/edit/edit.h"

/* The note that counts for a key, if it gives it a value. */
static bool meta_value(const sennit_doc *doc, const sn_name *name, sennit_value *out)
{
    const sn_note *set = sn_name_set(name);

    return set != NULL &&
           sn_value_get(doc->who.replicas[set->author].notes->bytes + set->value, set->len, out);
}

int sennit_meta_get(const sennit_doc *doc, const char *key, size_t key_len, sennit_value *out)
{
    const sn_name *name = key_len > 0 ? sn_book_from(&doc->book, key, key_len, false) : NULL;

    *out = (sennit_value){.type = SENNIT_NULL};
    return name != NULL && name->len == key_len && memcmp(name->bytes, key, key_len) == 0 &&
           meta_value(doc, name, out);
}

int sennit_meta_next(const sennit_doc *doc, sennit_attr *attr)
{
    const char *key = attr->name != NULL ? attr->name : "";
    size_t key_len = attr->name != NULL ? attr->name_len : 0;
    const sn_name *name;

    while ((name = sn_book_from(&doc->book, key, key_len, true)) != NULL) {
        key = (const char *)name->bytes;
        key_len = name->len;
        if (!meta_value(doc, name, &attr->value))
            continue;
        attr->name = key;
        attr->name_len = key_len;
        return 1;
    }
    return 0;
}

static sennit_status meta_put(sennit_doc *doc, const char *key, size_t key_len,
                              const sennit_value *value)
{
    const sn_op set = {.kind = SN_SET, .ref_replica = SN_NO_REPLICA};

    SN_TRY(sn_edit_start(doc));
    SN_TRY(sn_book_make(doc, NULL, &set, key, key_len, value));
    sn_doc_selfcheck(doc);
    return SENNIT_OK;
}

sennit_status sennit_meta_set(sennit_doc *doc, const char *key, size_t key_len,
                              const sennit_value *value)
{
    if (value == NULL)
        return SENNIT_EINVAL;
    SN_TRY(sn_payload_check(key, key_len, value));
    return meta_put(doc, key, key_len, value);
}

sennit_status sennit_meta_delete(sennit_doc *doc, const char *key, size_t key_len)
{
    sennit_value now;

    SN_TRY(sn_payload_check(key, key_len, NULL));
    if (!sennit_meta_get(doc, key, key_len, &now))
        return SENNIT_OK;
    return meta_put(doc, key, key_len, NULL);
}
