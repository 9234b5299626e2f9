/* What the hub has to tell, into the log. */
#ifndef EVENTS_H
#define EVENTS_H

#include <sennit/sync.h>

#include "log.h"

/* Take all events of the hub, a line each. */
void events_log(sennit_hub *hub, struct log *log);

#endif
