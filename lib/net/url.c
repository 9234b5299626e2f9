#include "net/url.h"

static bool url_skip(const char **at, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*at, word, n) != 0)
        return false;
    *at += n;
    return true;
}

static bool url_is_host(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '-' || c == '_';
}

static bool url_is_v6(char c)
{
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') ||
           c == ':' || c == '.';
}

static bool url_host(const char **at, sn_url *out)
{
    bool v6 = url_skip(at, "[");
    size_t n = 0;

    while (v6 ? url_is_v6((*at)[n]) : url_is_host((*at)[n]))
        n++;
    if (n == 0 || n >= sizeof out->host)
        return false;
    memcpy(out->host, *at, n);
    out->host[n] = 0;
    *at += n;
    return !v6 || url_skip(at, "]");
}

static bool url_port(const char **at, sn_url *out)
{
    uint32_t port = 0;

    out->usual_port = !url_skip(at, ":");
    if (out->usual_port) {
        out->port = out->tls ? 443 : 80;
        return true;
    }
    while (**at >= '0' && **at <= '9' && port < 65536)
        port = port * 10 + (uint32_t)(*(*at)++ - '0');
    out->port = (uint16_t)port;
    return port > 0 && port < 65536;
}

static bool url_path(const char *at, sn_url *out)
{
    size_t n = 0;

    if (*at != '/')
        out->path[n++] = '/';
    if (*at != '/' && *at != '?' && *at != 0)
        return false;
    for (; *at > ' ' && *at < 0x7f && *at != '#'; at++) {
        if (n + 1 >= sizeof out->path)
            return false;
        out->path[n++] = *at;
    }
    out->path[n] = 0;
    return *at == 0;
}

sennit_status sn_url_parse(const char *text, sn_url *out)
{
    out->tls = url_skip(&text, "wss://");
    if (!out->tls && !url_skip(&text, "ws://"))
        return SENNIT_EINVAL;
    if (!url_host(&text, out) || !url_port(&text, out) || !url_path(text, out))
        return SENNIT_EINVAL;
    return SENNIT_OK;
}
