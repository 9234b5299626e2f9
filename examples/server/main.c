/* sennitd: serve documents that many people edit at once.
 *
 * An example of the library too: it includes public headers only.
 */
#include "options.h"
#include "server.h"

#include <malloc.h>
#include <stdio.h>

#define MAIN_MAPPED (256 << 10) /* blocks so large are given back when they are freed */

int main(int argc, char **argv)
{
    struct options options;
    int code = 2;

    mallopt(M_MMAP_THRESHOLD, MAIN_MAPPED);
    switch (options_read(&options, argc, argv)) {
    case OPTIONS_RUN: code = server_run(&options); break;
    case OPTIONS_DONE: code = fflush(stdout) == 0 ? 0 : 1; break;
    case OPTIONS_WRONG: break;
    }
    options_clear(&options);
    return code;
}
