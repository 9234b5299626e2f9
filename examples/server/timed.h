/* A storage around a storage, which takes the time from handing over a record
 * until it is durable. */
#ifndef TIMED_H
#define TIMED_H

#include <sennit/storage.h>

#include "metrics.h"

/* Wrap a storage, which is closed with its wrapping. NULL if memory ran out: the
 * storage is still the caller's then. */
sennit_storage *timed_storage(sennit_storage *inner, struct histogram *commit);

#endif
