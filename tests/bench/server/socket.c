#include "socket.h"
#include "fail.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void socket_send(int fd, const void *data, size_t len)
{
    if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        die("sending fails");
}

static int socket_connect(const char *url, char *path, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    char host[64], format[32];
    unsigned port;
    int on = 1;

    snprintf(format, sizeof format, "ws://%%63[0-9.]:%%u%%%zus", size - 1);
    if (sscanf(url, format, host, &port, path) != 3 || inet_pton(AF_INET, host, &to.sin_addr) != 1)
        die("the address is not ws://1.2.3.4:PORT/PATH");
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("cannot connect (see the limits of open files)");
    return fd;
}

/* The answer to the upgrade, byte by byte, so that nothing behind it is lost. */
static void socket_upgrade(int fd, const char *path)
{
    char text[1024], answer[2048];
    size_t len = 0;

    int n = snprintf(text, sizeof text,
                     "GET %s HTTP/1.1\r\nHost: load\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                     path);
    socket_send(fd, text, (size_t)n);
    while (len < sizeof answer - 1 && recv(fd, answer + len, 1, 0) == 1) {
        answer[++len] = '\0';
        if (len >= 4 && memcmp(answer + len - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    if (strncmp(answer, "HTTP/1.1 101", 12) != 0)
        die("no upgrade");
}

int socket_open(const char *url, const void *frame, size_t len)
{
    uint8_t head[8] = {0x82};
    size_t at = 2;
    char path[256];
    int fd = socket_connect(url, path, sizeof path);

    socket_upgrade(fd, path);
    head[1] = (uint8_t)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) {
        head[at++] = (uint8_t)(len >> 8);
        head[at++] = (uint8_t)len;
    }
    at += 4; /* a mask of zeros leaves the bytes as they are */
    socket_send(fd, head, at);
    socket_send(fd, frame, len);
    return fd;
}

void socket_read(int fd, size_t len)
{
    char some[4096];

    while (len > 0) {
        ssize_t n = recv(fd, some, len < sizeof some ? len : sizeof some, 0);

        if (n <= 0)
            die("the server hung up");
        len -= (size_t)n;
    }
}
