/* The server: a listener, a hub and a storage, and the loop that moves what one
 * has to the other.
 *
 *     listener --- frames ---> hub --- records ---> storage
 *        ^                      |                      |
 *        +------- frames -------+ <----- durable ------+
 *
 * Whatever arrives in one turn of the loop is merged first, then everybody gets
 * what they lack, so that edits that come together leave together.
 */
#ifndef SERVER_H
#define SERVER_H

#include "options.h"

/* Run until SIGTERM or SIGINT: then everybody is told, and everything written.
 * Returns the exit code of the process: 0, or 1 and the log says why. */
int server_run(const struct options *options);

#endif
