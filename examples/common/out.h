/* Writing text into a sennit_buf, with whatever memory it has. */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>

#include <sennit/sennit.h>

/* Append; false, and nothing appended, if memory ran out. */
bool out_add(sennit_buf *out, const void *data, size_t len);
bool out_format(sennit_buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append bytes as hexadecimal digits. */
bool out_hex(sennit_buf *out, const void *data, size_t len);

#endif
