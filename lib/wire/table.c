#include "wire/wire.h"

sennit_status sennit_table_new(const sennit_alloc *alloc, sennit_table **out)
{
    sn_mem mem;

    if (out == NULL)
        return SENNIT_EINVAL;
    sn_mem_init(&mem, alloc);
    *out = sn_mem_resize(&mem, NULL, 0, sizeof **out);
    if (*out == NULL)
        return SENNIT_ENOMEM;
    **out = (sennit_table){.mem = mem};
    return SENNIT_OK;
}

void sennit_table_free(sennit_table *table)
{
    if (table == NULL)
        return;
    sn_mem_free(&table->mem, table->ids, table->cap * sizeof *table->ids);
    sn_mem_end(&table->mem, table, sizeof *table);
}

sennit_status sn_table_reserve(sennit_table *table, size_t n)
{
    if (table == NULL)
        return SENNIT_OK;
    return sn_mem_grow32(&table->mem, (void **)&table->ids, &table->cap, table->len + n,
                         sizeof *table->ids);
}

/* Few write on one connection, and the one who wrote last writes next. */
uint8_t *sn_table_put(sennit_table *table, uint8_t *p, uint64_t id)
{
    if (table == NULL)
        return sn_put_u64(p, id);
    for (uint32_t i = table->len; i-- > 0;)
        if (table->ids[i] == id)
            return sn_put_varint(p, i);
    p = sn_put_u64(sn_put_varint(p, table->len), id);
    if (table->len < SN_TABLE_MAX) {
        SN_ASSERT(table->len < table->cap);
        table->ids[table->len++] = id;
    }
    return p;
}

static bool table_holds(const uint64_t *ids, uint32_t n, uint64_t id)
{
    for (uint32_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

sennit_status sn_table_read(const sennit_table *table, sn_reader *r, const uint64_t *fresh_ids,
                            uint32_t *fresh, uint64_t *id, sennit_error *err)
{
    uint64_t at;

    if (table == NULL)
        return sn_read_u64(r, id, err);
    SN_TRY(sn_read_count(r, (uint64_t)table->len + *fresh, &at, err));
    if (at < table->len) {
        *id = table->ids[at];
        return SENNIT_OK;
    }
    if (at < (uint64_t)table->len + *fresh) {
        *id = fresh_ids[at - table->len];
        return SENNIT_OK;
    }
    size_t pos = r->pos;
    SN_TRY(sn_read_u64(r, id, err));
    if (table_holds(table->ids, table->len, *id) || table_holds(fresh_ids, *fresh, *id)) {
        r->pos = pos;
        return sn_read_corrupt(r, err, "an id in full that the table holds");
    }
    *fresh += at < SN_TABLE_MAX;
    return SENNIT_OK;
}
