/* Whole clusters, each from one seed: replicas that edit while connections break,
 * disks fail, machines stop, backups are brought back, disks are copied, rights are
 * taken away and clocks are wrong. Throughout, nothing that was called durable is
 * lost, nobody writes who may not, and nothing piles up. Once everything is mended,
 * all have the same text, with every character that was typed, once.
 *
 *     sim                   the usual seeds
 *     sim --seeds A-B       these
 *     sim --tell N          one, told as it happens
 */
#include "sim/world.h"
#include "support/require.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define MAIN_LAST 2000u  /* of the usual seeds */
#define MAIN_TWICE 100u  /* every so manieth runs twice, to see that it is the same */

static uint64_t main_seed;

static void main_tell(int number)
{
    fprintf(stderr, "seed %" PRIu64 "; sim --tell %" PRIu64 " says what came to pass\n", main_seed,
            main_seed);
    signal(number, SIG_DFL);
    raise(number);
}

static void main_run(uint64_t first, uint64_t last)
{
    for (main_seed = first; main_seed <= last; main_seed++) {
        uint64_t sum = world_run(main_seed, false);

        if (main_seed % MAIN_TWICE == 0)
            require(world_run(main_seed, false) == sum);
    }
}

static bool main_range(const char *text, uint64_t *first, uint64_t *last)
{
    return sscanf(text, "%" SCNu64 "-%" SCNu64, first, last) == 2 && *first <= *last;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, last = MAIN_LAST;

    signal(SIGABRT, main_tell);
    signal(SIGTERM, main_tell);
    if (argc == 3 && strcmp(argv[1], "--tell") == 0) {
        main_seed = strtoull(argv[2], NULL, 10);
        printf("seed %" PRIu64 ": %016" PRIx64 "\n", main_seed, world_run(main_seed, true));
        return 0;
    }
    if (argc != 1 && !(argc == 3 && strcmp(argv[1], "--seeds") == 0 && main_range(argv[2], &first, &last))) {
        fprintf(stderr, "usage: sim [--seeds A-B | --tell N]\n");
        return 2;
    }
    main_run(first, last);
    printf("seeds %" PRIu64 "-%" PRIu64 ": nothing lost, nothing doubled, all agree\n", first, last);
    return 0;
}
