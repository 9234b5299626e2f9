/* The files of the page, which are in the program: compressed, and the same for
 * everybody. build/page/page.c defines them, or, where it could not be built,
 * examples/page/none.c, which has none. */
#ifndef STATIC_H
#define STATIC_H

#include <sennit/transport.h>

#include <stdbool.h>
#include <stddef.h>

/* One file in one encoding. Those of a path follow each other, the shortest first; the
 * last one is "gzip", which goes to whoever does not ask for another. */
struct static_file {
    const char *path, *type, *encoding, *etag;
    const unsigned char *data;
    size_t len;
};

extern const struct static_file static_files[];
extern const size_t static_files_len;

/* Answer with the file at this path; false if there is none. */
bool static_answer(const sennit_http_request *request, sennit_http_response *out);

#endif
