/* Names, and documents opened from what is stored. */
#include "store/store.h"

/* ---- what callers pass ---- */

static bool store_is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '-';
}

int sennit_name_valid(const char *name, size_t len)
{
    if (name == NULL || len == 0 || len > SENNIT_NAME_MAX)
        return 0;
    for (size_t i = 0; i < len; i++)
        if (!store_is_name_char(name[i]))
            return 0;
    return !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

sennit_status sn_store_check_name(const char *name, bool own)
{
    if (name == NULL)
        return SENNIT_EINVAL;
    if (own && name[0] == '\0')
        return SENNIT_OK;
    return sennit_name_valid(name, strnlen(name, SENNIT_NAME_MAX + 1)) ? SENNIT_OK : SENNIT_EINVAL;
}

sennit_status sn_store_check_record(const char *name, const void *data, size_t len)
{
    SN_TRY(sn_store_check_name(name, false));
    if (data == NULL || len == 0)
        return SENNIT_EINVAL;
    return len <= SENNIT_RECORD_MAX ? SENNIT_OK : SENNIT_ELIMIT;
}

sennit_status sn_store_check_fact(const char *name, const char *key, const void *data, size_t len)
{
    SN_TRY(sn_store_check_name(name, true));
    if (key == NULL || key[0] == '\0' || (data == NULL && len > 0))
        return SENNIT_EINVAL;
    if (strnlen(key, SENNIT_FACT_KEY_MAX + 1) > SENNIT_FACT_KEY_MAX || len > SENNIT_FACT_MAX)
        return SENNIT_ELIMIT;
    return SENNIT_OK;
}

/* ---- words ---- */

void sn_words_add(sn_words *words, const char *text)
{
    while (*text != '\0' && words->len + 1 < SN_WORDS_MAX)
        words->text[words->len++] = *text++;
    words->text[words->len] = '\0';
}

void sn_words_number(sn_words *words, uint64_t n)
{
    char digits[21];
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    sn_words_add(words, digits + at);
}

sennit_status sn_store_damage(sennit_each_record *each, void *arg, sennit_stored kind,
                              uint64_t position, const char *why)
{
    static const char *const nouns[] = {"snapshot", "delta", "fact"};
    sn_words words;

    sn_words_clear(&words);
    sn_words_add(&words, nouns[kind]);
    sn_words_add(&words, " at ");
    sn_words_number(&words, position);
    sn_words_add(&words, ": ");
    sn_words_add(&words, why);
    return each(arg, &(sennit_record){.kind = SENNIT_STORED_DAMAGE, .damaged = kind,
                                      .position = position, .key = words.text});
}

/* ---- opening ---- */

typedef struct opening {
    const sennit_options *options;
    sennit_each_record *each;
    void *arg;
    sennit_doc *doc;
    sennit_opened opened;
    bool broken; /* a snapshot or delta is damaged */
    sennit_error err;
} opening;

static void open_count(opening *o, const sennit_record *record)
{
    o->opened.position = sn_max_u64(o->opened.position, record->position);
    o->opened.bytes += record->len;
}

static sennit_status open_snapshot(opening *o, const sennit_record *record)
{
    SN_TRY(sennit_doc_load(o->options, record->data, record->len, &o->doc, &o->err));
    open_count(o, record);
    return SENNIT_OK;
}

/* A delta that does not fit the others is as good as damaged; one that is only
 * too new, or too much, must not be skipped. */
static sennit_status open_delta(opening *o, const sennit_record *record)
{
    if (o->doc == NULL)
        SN_TRY(sennit_doc_new(o->options, &o->doc));
    sennit_status st = sennit_doc_apply(o->doc, record->data, record->len, NULL, NULL, &o->err);
    if (st == SENNIT_ELINEAGE || st == SENNIT_EFORK || st == SENNIT_EGONE)
        return SENNIT_ECORRUPT;
    SN_TRY(st);
    open_count(o, record);
    o->opened.deltas++;
    o->opened.log_bytes += record->len;
    return SENNIT_OK;
}

static sennit_status open_record(void *arg, const sennit_record *record)
{
    opening *o = arg;

    switch (record->kind) {
    case SENNIT_STORED_SNAPSHOT: return open_snapshot(o, record);
    case SENNIT_STORED_DELTA: return open_delta(o, record);
    case SENNIT_STORED_FACT: break;
    case SENNIT_STORED_DAMAGE:
        o->opened.damaged++;
        o->broken = o->broken || record->damaged != SENNIT_STORED_FACT;
        break;
    }
    return o->each != NULL ? o->each(o->arg, record) : SENNIT_OK;
}

/* Whether nothing of a broken document could be read: operations that only wait
 * for lost ones are nothing yet. */
static bool open_is_lost(const opening *o)
{
    sennit_stat stat = {.operations = 0};

    if (o->doc != NULL)
        sennit_doc_stat(o->doc, &stat);
    return o->broken && stat.operations == 0;
}

static sennit_status open_all(opening *o, sennit_storage *storage, const char *name)
{
    SN_TRY(storage->load(storage->self, name, open_record, o));
    if (open_is_lost(o))
        return sn_fail(&o->err, SENNIT_ECORRUPT, 0, "all that is stored of it is damaged");
    return o->doc != NULL ? SENNIT_OK : sennit_doc_new(o->options, &o->doc);
}

sennit_status sennit_storage_open(sennit_storage *storage, const char *name,
                                  const sennit_options *options, sennit_each_record *each,
                                  void *arg, sennit_doc **out, sennit_opened *opened,
                                  sennit_error *err)
{
    opening o = {.options = options, .each = each, .arg = arg};

    if (out == NULL)
        return SENNIT_EINVAL;
    *out = NULL;
    sennit_status st = storage != NULL ? sn_store_check_name(name, false) : SENNIT_EINVAL;
    if (st == SENNIT_OK)
        st = open_all(&o, storage, name);
    if (opened != NULL)
        *opened = o.opened;
    if (st != SENNIT_OK) {
        sennit_doc_free(o.doc);
        return sn_fail(err, st, o.err.code == st ? o.err.pos : 0,
                       o.err.code == st ? o.err.what : sennit_status_text(st));
    }
    *out = o.doc;
    return SENNIT_OK;
}

void sennit_storage_close(sennit_storage *storage)
{
    if (storage != NULL)
        storage->close(storage->self);
}
