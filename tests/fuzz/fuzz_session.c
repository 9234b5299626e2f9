/* What a hostile server can say to a session.
 *
 *     input := flags (len:2 bytes)*      each a frame; flags & 1: behind a welcome
 */
#include "support/base.h"
#include "support/require.h"
#include "sync/link.h"

#include <string.h>

#define NOW UINT64_C(1800000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(sennit_link *link)
{
    const void *frame;
    size_t len;

    for (int i = 0; i < 64 && sennit_link_next_frame(link, NOW, &frame, &len) == 1; i++)
        require(len > 0 && len <= 16u << 20);
}

static void welcome(sennit_link *link, const sennit_doc *doc)
{
    uint8_t lineage[16];
    sn_message m = {.type = SN_WELCOME, .channel = 1};
    sennit_buf frame, version;

    sennit_buf_init(&frame, NULL);
    sennit_buf_init(&version, NULL);
    doc_version(doc, &version);
    sennit_doc_lineage(doc, lineage);
    m.n[SN_WELCOME_PROTOCOL] = SENNIT_PROTOCOL;
    m.n[SN_WELCOME_PERMISSION] = SENNIT_EDIT;
    m.n[SN_WELCOME_TIME] = NOW;
    m.n[SN_WELCOME_FRAME] = 1 << 20;
    m.s[SN_WELCOME_VERSION] = sn_bytes_of(version.data, version.len);
    m.s[SN_WELCOME_LINEAGE] = sn_bytes_of(lineage, sizeof lineage);
    require(sn_message_write(&m, &frame) == SENNIT_OK);
    require(sennit_link_receive(link, frame.data, frame.len, NOW) == SENNIT_OK);
    sennit_buf_clear(&frame);
    sennit_buf_clear(&version);
}

static void meet(sennit_link *link, const sennit_doc *doc, bool welcomed)
{
    require(sennit_link_opened(link, NOW) == SENNIT_OK);
    say(link);
    if (welcomed)
        welcome(link, doc);
    say(link);
}

/* Whatever it hears, the document is sound, and events end. */
static void hear(sennit_link *link, sennit_doc *doc, const uint8_t *frame, size_t len)
{
    sennit_event e;

    sennit_status st = sennit_link_receive(link, frame, len, NOW);
    require(st == SENNIT_OK || st == SENNIT_ECORRUPT);
    while (sennit_link_next_event(link, &e) == 1)
        require(e.kind >= SENNIT_EVENT_LIVE && e.kind <= SENNIT_EVENT_RESTORED);
    say(link);
    doc_check(doc);
    if (st != SENNIT_OK) {
        require(sennit_link_closed(link, NOW) > 0);
        meet(link, doc, false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rng r;
    sennit_link_options options = {.size = sizeof options};
    sennit_session *session;
    sennit_link *link;

    if (size == 0)
        return 0;
    sennit_doc *doc = base_doc(&r);
    require(sennit_link_new(&options, &link) == SENNIT_OK);
    require(sennit_session_open(link, doc, "doc", "token", &session) == SENNIT_OK);
    meet(link, doc, data[0] & 1);
    for (size_t at = 1; at + 2 <= size;) {
        size_t len = data[at] | (size_t)data[at + 1] << 8;

        at += 2;
        len = len < size - at ? len : size - at;
        hear(link, doc, data + at, len);
        at += len;
    }
    sennit_link_free(link);
    sennit_doc_free(doc);
    return 0;
}
