/* Addresses of WebSocket servers: ws://host[:port][/path][?query], or wss://. */
#ifndef SN_URL_H
#define SN_URL_H

#include "base/base.h"

typedef struct sn_url {
    bool tls;
    uint16_t port;   /* 80 and 443 unless said otherwise */
    bool usual_port;
    char host[128];  /* a name or a numeric address; IPv6 without its brackets. More would
                        not be compared with the certificate */
    char path[1024]; /* with the query; starts with "/" */
} sn_url;

/* Returns SENNIT_OK; SENNIT_EINVAL: it is none, names a user or a fragment, or is
 * too long. */
sennit_status sn_url_parse(const char *text, sn_url *out);

#endif
