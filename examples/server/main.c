/* sennitd: serve documents that many people edit at once.
 *
 * An example of the library too: it includes public headers only.
 */
#include "options.h"
#include "server.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct options options;

    switch (options_read(&options, argc, argv)) {
    case OPTIONS_RUN: return server_run(&options);
    case OPTIONS_DONE: return fflush(stdout) == 0 ? 0 : 1;
    default: return 2;
    }
}
