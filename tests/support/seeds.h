/* Many runs of one property, each from a seed of its own.
 *
 *     SENNIT_SEEDS=n   so many seeds instead of the usual number
 *     SENNIT_SEED=n    this one alone
 *
 * Whatever ends a run early, be it an assertion of the test or of the library, a
 * sanitizer or a crash, the seed it had is printed.
 */
#ifndef TESTS_SEEDS_H
#define TESTS_SEEDS_H

#include "support/rng.h"

/* Run a property for so many seeds. */
void seeds_run(uint64_t usual, void (*property)(rng *r));

#endif
