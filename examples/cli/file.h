/* Files: read whole, written so that a crash leaves the old or the new one. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
    char *data;
    size_t len;
};

/* Read a whole file; "-" is standard input. Free with bytes_free. */
int file_read(const char *path, struct bytes *out);
void bytes_free(struct bytes *bytes);

/* Tell whether these are the same bytes. */
bool bytes_are(const struct bytes *bytes, const void *data, size_t len);

/* Tell whether a path names something; a dangling link counts. */
bool file_exists(const char *path);

/* Replace a file, or create it: the bytes go to a new file in the same folder,
 * reach the disk, and take the place of the old file in one step. A failure
 * leaves the old file. Its permissions are kept. */
int file_write(const char *path, const void *data, size_t len);

/* As file_write, but refuse (CLI_REFUSED) to replace anything. */
int file_create(const char *path, const void *data, size_t len);

/* The two halves of file_write, for whoever has two files to replace. The first
 * leaves a new file on disk, with the permissions of like (may be NULL); *temp
 * is its name, to be freed. The second gives it its name; if that fails, it
 * stays where it is. */
int file_stage(const char *path, const char *like, const void *data, size_t len, char **temp);
int file_publish(const char *temp, const char *path);

/* Publish, and read what was under the name until that very step into *old: nothing is
 * overwritten unseen. Whoever has the old file open for writing is given a moment to finish.
 * It stays under the name temp. Where the file system has no such step, *old is empty and
 * nothing stays. */
int file_swap(const char *temp, const char *path, struct bytes *old);

/* Return the offset of the first byte that is not UTF-8, or len. */
size_t bytes_utf8(const char *data, size_t len);

#endif
