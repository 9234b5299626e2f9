#include "edits.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A length or a place; false if it is none. A member that is missing is 0. */
static bool edits_number(const json_t *value, size_t *out)
{
    *out = 0;
    if (value == NULL)
        return true;
    if (!json_is_integer(value) || json_integer_value(value) < 0
        || (uint64_t)json_integer_value(value) > UINT32_MAX)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static bool edits_one(json_t *json, sennit_edit *out)
{
    const json_t *at = json_object_get(json, "at"), *removed = json_object_get(json, "delete");
    const json_t *insert = json_object_get(json, "insert");
    size_t known = (at != NULL) + (size_t)(removed != NULL) + (insert != NULL);

    *out = (sennit_edit){ .text = "" };
    if (!json_is_object(json) || at == NULL || json_object_size(json) != known
        || !edits_number(at, &out->pos) || !edits_number(removed, &out->removed)
        || (insert != NULL && !json_is_string(insert)))
        return false;
    if (insert != NULL) {
        out->text = json_string_value(insert);
        out->len = json_string_length(insert);
    }
    return true;
}

int edits_read(const void *body, size_t len, struct edits *out, char *reason, size_t size)
{
    json_error_t error;

    *out = (struct edits){ .list = NULL };
    json_t *json = out->json = json_loadb(body != NULL ? body : "", len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        snprintf(reason, size, "no JSON at byte %d: %s", error.position, error.text);
        return 400;
    }
    out->n = json_array_size(json);
    snprintf(reason, size, "edits are [{\"at\": 0, \"delete\": 0, \"insert\": \"\"}, ...]");
    if (!json_is_array(json))
        return 400;
    if (out->n > EDITS_MAX) {
        snprintf(reason, size, "at most %d edits at a time", EDITS_MAX);
        return 413;
    }
    out->list = calloc(out->n + 1, sizeof *out->list);
    if (out->list == NULL) {
        snprintf(reason, size, "out of memory");
        return 503;
    }
    for (size_t i = 0; i < out->n; i++)
        if (!edits_one(json_array_get(json, i), &out->list[i]))
            return 400;
    return 0;
}

void edits_clear(struct edits *edits)
{
    free(edits->list);
    json_decref(edits->json);
    *edits = (struct edits){ .list = NULL };
}
