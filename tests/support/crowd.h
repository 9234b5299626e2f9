/* A document in which two people wrote and deleted at random, now and then hearing
 * of each other, text of all kinds. Freed with the stage. */
#ifndef TESTS_CROWD_H
#define TESTS_CROWD_H

#include "support/stage.h"

sennit_doc *crowd_doc(stage *s, uint64_t seed, unsigned edits);

#endif
