/* The files of the page, which are in the program: compressed, and the same for
 * everybody. build/page/page.c defines them, or, where it could not be built,
 * examples/page/none.c, which has none. */
#ifndef STATIC_H
#define STATIC_H

#include <sennit/transport.h>

#include <stdbool.h>
#include <stddef.h>

struct static_file {
    const char *path, *type, *etag;
    const unsigned char *data; /* gzip */
    size_t len;
};

extern const struct static_file static_files[];
extern const size_t static_files_len;

/* Answer with the file at this path; false if there is none. */
bool static_answer(const sennit_http_request *request, sennit_http_response *out);

#endif
