#include "sync/support/hall.h"

#include "support/cm.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void hall_start(hall *h, sennit_listener_options *options)
{
    memset(h, 0, sizeof *h);
    h->alloc = failmem_at(&h->fm, 0);
    options->size = sizeof *options;
    options->alloc = &h->alloc;
    net_host_start(&h->host, options);
    h->fd = raw_connect(&h->host);
}

void hall_open(hall *h, sennit_listener_options *options)
{
    hall_start(h, options);
    assert_true(raw_upgrade(&h->host, h->fd));
    assert_int_equal(h->host.opened, 1);
}

void hall_again(hall *h)
{
    close(h->fd);
    h->fd = raw_connect(&h->host);
}

void hall_end(hall *h)
{
    close(h->fd);
    net_host_stop(&h->host);
    assert_int_equal(h->fm.live, 0);
}

void hall_until_frames(hall *h, size_t n)
{
    uint64_t since = net_now_ms();

    while (h->host.newest->frames < n) {
        net_be_patient(since);
        net_host_step(&h->host, 1);
    }
}

void hall_until_closed(hall *h)
{
    uint64_t since = net_now_ms();

    while (h->host.newest->closed == 0) {
        net_be_patient(since);
        net_host_step(&h->host, 1);
    }
}

size_t hall_take(hall *h, size_t n)
{
    uint64_t since = net_now_ms();
    size_t have = 0;

    while (have < n) {
        net_be_patient(since);
        net_host_step(&h->host, 1);
        ssize_t more = recv(h->fd, h->got + have, n - have, 0);
        if (more == 0)
            break;
        have += more > 0 ? (size_t)more : 0;
    }
    return have;
}

void hall_assert_farewell(hall *h, int code)
{
    assert_int_equal(hall_take(h, 4), 4);
    assert_int_equal((uint8_t)h->got[0], 0x88);
    assert_int_equal((uint8_t)h->got[2] << 8 | (uint8_t)h->got[3], code);
}

void hall_assert_next(hall *h, const void *expected, size_t len)
{
    const void *data;
    size_t n;

    assert_true(net_peer_take(h->host.newest, &data, &n));
    assert_int_equal(n, len);
    assert_memory_equal(data, expected, len);
}
