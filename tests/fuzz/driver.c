/* Runs a fuzz target on files that are already there, without a fuzzer: each
 * file named on the command line, and each file in each folder named. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *path)
{
    perror(path);
    exit(1);
}

/* The input lies in a block of exactly its size, so that the sanitizers see a
 * single byte read past its end. */
static int run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size ? size : 1);

    if (file == NULL || data == NULL || fread(data, 1, size, file) != size)
        die(path);
    fclose(file);
    if (size == 0) {
        free(data);
        data = NULL;
    }
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static int run(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        die(path);
    if (!S_ISDIR(st.st_mode))
        return run_file(path, (size_t)st.st_size);

    DIR *dir = opendir(path);
    int n = 0;

    if (dir == NULL)
        die(path);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char inner[4096];

        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) >= (int)sizeof inner)
            die(path);
        n += run(inner);
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++)
        n += run(argv[i]);
    printf("%d inputs\n", n);
    return n == 0; /* an empty corpus tests nothing */
}
