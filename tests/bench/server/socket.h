/* A WebSocket with nothing behind it: for thousands of them. */
#ifndef LOAD_SOCKET_H
#define LOAD_SOCKET_H

#include <stddef.h>

/* Connect to ws://HOST:PORT/PATH, HOST in numbers, be upgraded, and send a frame of
 * less than 126 bytes, or of less than 64 KB. Returns the descriptor. */
int socket_open(const char *url, const void *frame, size_t len);

/* Read until so many bytes have come. */
void socket_read(int fd, size_t len);

#endif
