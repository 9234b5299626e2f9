#include "net/lws.h"

/* No pings: whoever uses the connection knows better when to ask for life. */
static const lws_retry_bo_t lws_no_pings = {.secs_since_valid_ping = 0};

struct lws_context_creation_info sn_lws_defaults(const struct lws_protocols *protocols)
{
    struct lws_context_creation_info info;

    lws_set_log_level(0, NULL);
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.gid = -1;
    info.uid = -1;
    info.alpn = "http/1.1";
    info.http_proxy_address = ""; /* NULL asks the environment */
    info.retry_and_idle_policy = &lws_no_pings;
    return info;
}
