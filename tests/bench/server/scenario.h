/* What can be done to a server; load.c says what each is. */
#ifndef LOAD_SCENARIO_H
#define LOAD_SCENARIO_H

#include "options.h"

/* Each prints its results as the members of a JSON object. */
void scenario_typing(const struct options *options);
void scenario_idle(const struct options *options);
void scenario_fill(const struct options *options);
void scenario_opening(const struct options *options);
void scenario_stalling(const struct options *options);

#endif
