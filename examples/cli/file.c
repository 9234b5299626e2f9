/* Files: read whole, written so that a crash leaves the old or the new one. */
#include "file.h"
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_WRITERS_TRIES 100 /* of 5 ms: for an editor to finish what it is writing */

/* ------------------------------------------------------------- Reading -- */

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    bytes->data = NULL;
    bytes->len = 0;
}

bool bytes_are(const struct bytes *bytes, const void *data, size_t len)
{
    return bytes->len == len && (len == 0 || memcmp(bytes->data, data, len) == 0);
}

/* Pipes do not tell their size, so the buffer grows until the end. */
static int file_read_all(int fd, struct bytes *out)
{
    size_t cap = 0;

    for (;;) {
        if (cap - out->len < 4096) {
            cap = cap < 32768 ? 65536 : cap * 2;
            out->data = cli_resize(out->data, cap, 1);
        }
        ssize_t got = read(fd, out->data + out->len, cap - out->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            return 0;
        out->len += (size_t)got;
    }
}

int file_read(const char *path, struct bytes *out)
{
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

    *out = (struct bytes){ NULL, 0 };
    if (fd < 0 || file_read_all(fd, out) != 0) {
        cli_error(path, "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        bytes_free(out);
        return CLI_IO;
    }
    close(fd);
    return CLI_OK;
}

bool file_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* ------------------------------------------------------------- Writing -- */

static int file_write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);

        if (put < 0 && errno != EINTR)
            return -1;
        if (put > 0) {
            data += put;
            len -= (size_t)put;
        }
    }
    return fsync(fd);
}

/* A new file has what umask leaves; one that replaces another looks like it.
 * Only root can give files away, so the owner is tried and not insisted on. */
static int file_take_mode(int fd, const char *like)
{
    struct stat st;

    if (like != NULL && stat(like, &st) == 0) {
        if (fchown(fd, st.st_uid, st.st_gid) != 0 && errno != EPERM)
            return -1;
        return fchmod(fd, st.st_mode & 07777);
    }
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(fd, 0666 & ~mask);
}

/* "folder/name" gives "folder/.name.XXXXXX", in the same folder because a
 * rename must not cross file systems. */
static char *file_temp_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash != NULL ? (size_t)(slash + 1 - path) : 0;
    size_t size = strlen(path) + sizeof "..XXXXXX";
    char *temp = cli_alloc(size, 1);

    snprintf(temp, size, "%.*s.%s.XXXXXX", (int)folder, path, path + folder);
    return temp;
}

/* Complain about the name the user knows, not about the temporary one. */
static int file_failed(const char *path, int fd, char *temp)
{
    cli_error(path, "cannot be written: %s", strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(temp);
    }
    free(temp);
    return CLI_IO;
}

int file_stage(const char *path, const char *like, const void *data, size_t len, char **temp)
{
    char *name = file_temp_name(path);
    int fd = mkostemp(name, O_CLOEXEC);

    *temp = NULL;
    if (fd < 0 || file_take_mode(fd, like) != 0 || file_write_all(fd, data, len) != 0)
        return file_failed(path, fd, name);
    if (close(fd) != 0) { /* some file systems tell of a full disk only here */
        unlink(name);
        return file_failed(path, -1, name);
    }
    *temp = name;
    return CLI_OK;
}

/* A rename is on disk once its folder is. Some file systems cannot sync a
 * folder; there the rename is as durable as it gets. */
static int file_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash != NULL ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
    int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int bad = fd < 0 || (fsync(fd) != 0 && errno != EINVAL);

    if (fd >= 0)
        close(fd);
    free(folder);
    return bad ? -1 : 0;
}

int file_publish(const char *temp, const char *path)
{
    if (rename(temp, path) != 0)
        return file_failed(path, -1, NULL);
    return file_sync_folder(path) == 0 ? CLI_OK : file_failed(path, -1, NULL);
}

/* A lease for reading is given when nobody has the file open for writing, and not to
 * everybody: who gets none for another reason does not wait. */
static void file_wait_for_writers(int fd)
{
    struct timespec pause = { .tv_nsec = 5000000 };

    for (int tries = 0; tries < FILE_WRITERS_TRIES; tries++) {
        if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0 || errno != EAGAIN)
            return;
        nanosleep(&pause, NULL);
    }
}

int file_swap(const char *temp, const char *path, struct bytes *old)
{
    int fd, code;

    *old = (struct bytes){ NULL, 0 };
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_EXCHANGE) != 0)
        return file_publish(temp, path);
    if (file_sync_folder(path) != 0)
        return file_failed(path, -1, NULL);
    fd = open(temp, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_failed(temp, -1, NULL);
    file_wait_for_writers(fd);
    code = file_read(temp, old);
    close(fd); /* and with it the lease */
    return code;
}

int file_write(const char *path, const void *data, size_t len)
{
    char *temp;
    int code = file_stage(path, path, data, len, &temp);

    if (code != CLI_OK)
        return code;
    code = file_publish(temp, path);
    if (code != CLI_OK)
        unlink(temp);
    free(temp);
    return code;
}

/* One of the two ways to rename without replacing works on every file system. */
static int file_rename_new(const char *temp, const char *path)
{
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EEXIST || link(temp, path) != 0)
        return -1;
    unlink(temp);
    return 0;
}

int file_create(const char *path, const void *data, size_t len)
{
    char *temp;
    int code = file_stage(path, NULL, data, len, &temp);

    if (code != CLI_OK)
        return code;
    if (file_rename_new(temp, path) != 0) {
        code = errno == EEXIST ? CLI_REFUSED : CLI_IO;
        cli_error(path, "%s", code == CLI_REFUSED ? "exists already" : strerror(errno));
        unlink(temp);
        free(temp);
        return code;
    }
    free(temp);
    return file_sync_folder(path) == 0 ? CLI_OK : file_failed(path, -1, NULL);
}

/* --------------------------------------------------------------- UTF-8 -- */

/* The library tells that a text is not UTF-8; a user wants to know where. */
static size_t utf8_step(const unsigned char *at, size_t left)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    unsigned value = at[0] & (0xffu >> (len + 1));

    if (len == 1)
        return 1;
    if (len == 0 || len > left || at[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3f);
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    return len;
}

size_t bytes_utf8(const char *data, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t step = utf8_step((const unsigned char *)data + at, len - at);

        if (step == 0)
            break;
        at += step;
    }
    return at;
}
