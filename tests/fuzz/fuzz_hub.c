/* What a hostile client can say to a hub, while somebody honest is there.
 *
 *     input := flags (len:2 bytes)*      each a frame; flags & 1: behind a hello
 */
#include "support/base.h"
#include "support/require.h"
#include "sync/hub.h"

#include <string.h>

#define NOW UINT64_C(1800000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hub_says(sennit_connection *c)
{
    const void *frame;
    size_t len;

    for (int i = 0; i < 64 && sennit_hub_next_frame(c, &frame, &len) == 1; i++)
        require(len > 0 && len <= 16u << 20);
}

/* What a session says first, on a connection of its own. */
static sennit_connection *greet(sennit_hub *hub, sennit_doc *doc, bool says)
{
    sennit_link_options options = {.size = sizeof options};
    sennit_connection *c;
    sennit_session *session;
    sennit_link *link;
    const void *frame;
    size_t len;

    require(sennit_hub_connect(hub, NULL, NOW, &c) == SENNIT_OK);
    require(sennit_link_new(&options, &link) == SENNIT_OK);
    require(sennit_session_open(link, doc, "doc", "token", &session) == SENNIT_OK);
    require(sennit_link_opened(link, NOW) == SENNIT_OK);
    if (says && sennit_link_next_frame(link, NOW, &frame, &len) == 1)
        require(sennit_hub_receive(c, frame, len, NOW) == SENNIT_OK);
    sennit_link_free(link);
    hub_says(c);
    return c;
}

static void check(sennit_hub *hub)
{
    sennit_hub_stat stat;
    sennit_hub_event e;
    sennit_doc *doc;

    sennit_hub_tick(hub, NOW);
    while (sennit_hub_next_ready(hub) != NULL || sennit_hub_next_event(hub, &e) == 1)
        ;
    sennit_hub_get_stat(hub, &stat);
    require(stat.connections == 2 && stat.queued_bytes <= 4u << 20);
    if (sennit_hub_document(hub, "doc", NOW, &doc) == SENNIT_OK)
        doc_check(doc);
}

static void hear(sennit_hub *hub, sennit_connection **c, const uint8_t *frame, size_t len)
{
    sennit_status st = sennit_hub_receive(*c, frame, len, NOW);

    hub_says(*c);
    require((st == SENNIT_OK) == (sennit_connection_fault(*c, NULL) == 0));
    check(hub);
    if (st == SENNIT_OK)
        return;
    sennit_hub_disconnect(*c, NOW);
    require(sennit_hub_connect(hub, NULL, NOW, c) == SENNIT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rng r;
    sennit_hub_options options = {.size = sizeof options, .random = rng_random, .random_self = &r};
    sennit_hub *hub;

    if (size == 0)
        return 0;
    sennit_doc *doc = base_doc(&r);
    require(sennit_storage_memory(NULL, &options.storage) == SENNIT_OK);
    require(sennit_hub_new(&options, &hub) == SENNIT_OK);
    sennit_connection *honest = greet(hub, doc, true), *c = greet(hub, doc, data[0] & 1);
    for (size_t at = 1; at + 2 <= size;) {
        size_t len = data[at] | (size_t)data[at + 1] << 8;

        at += 2;
        len = len < size - at ? len : size - at;
        hear(hub, &c, data + at, len);
        hub_says(honest);
        at += len;
    }
    sennit_hub_free(hub);
    sennit_storage_close(options.storage);
    sennit_doc_free(doc);
    return 0;
}
