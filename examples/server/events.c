/* What the hub has to tell, into the log. */
#include "events.h"
#include "peer.h"

static const struct {
    const char *name;
    enum log_level level;
    const char *count; /* what the count is of; NULL: there is none */
} events_kinds[] = {
    [SENNIT_HUB_JOINED] = { "joined", LOG_INFO, NULL },
    [SENNIT_HUB_LEFT] = { "left", LOG_INFO, NULL },
    [SENNIT_HUB_REFUSED] = { "refused", LOG_WARN, NULL },
    [SENNIT_HUB_OPENED] = { "opened", LOG_DEBUG, "bytes" },
    [SENNIT_HUB_UNLOADED] = { "unloaded", LOG_DEBUG, NULL },
    [SENNIT_HUB_DAMAGED] = { "damaged", LOG_ERROR, NULL },
    [SENNIT_HUB_COMPACTED] = { "compacted", LOG_DEBUG, "bytes" },
    [SENNIT_HUB_FAILING] = { "storage-failing", LOG_ERROR, NULL },
    [SENNIT_HUB_HEALED] = { "storage-healed", LOG_WARN, NULL },
    [SENNIT_HUB_VOIDED] = { "rebased", LOG_INFO, NULL },
};

static void events_line(const sennit_hub_event *event, struct log *log)
{
    const struct peer *peer = event->host;
    json_t *line;

    if (event->kind < 1 || (size_t)event->kind >= sizeof events_kinds / sizeof *events_kinds)
        return;
    line = log_begin(log, events_kinds[event->kind].level, events_kinds[event->kind].name);
    log_text(line, "document", event->document);
    log_text(line, "user", event->user);
    if (peer != NULL)
        log_number(line, "connection", peer->id);
    if (event->fault != 0)
        log_number(line, "code", (uint64_t)event->fault);
    log_text(line, "text", event->text);
    if (events_kinds[event->kind].count != NULL)
        log_number(line, events_kinds[event->kind].count, event->count);
    log_end(log, line);
}

void events_log(sennit_hub *hub, struct log *log)
{
    sennit_hub_event event;

    while (sennit_hub_next_event(hub, &event) == 1)
        events_line(&event, log);
}
