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

/* The context itself is made without TLS: with it, each new one would number anew
 * where OpenSSL keeps whose connection is whose, and the others would look in vain
 * (4.1.6). OpenSSL needs no initialization since 1.1. */
struct lws_context *sn_lws_make(struct lws_context_creation_info *info, bool tls,
                                struct lws_vhost **vhost)
{
    info->options |= LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    struct lws_context *context = lws_create_context(info);
    if (context == NULL)
        return NULL;
    if (tls)
        info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    *vhost = lws_create_vhost(context, info);
    return context;
}

SSL_CTX *sn_lws_trust(const char *ca_file)
{
    SSL_CTX *trust = SSL_CTX_new(TLS_client_method());

    if (trust == NULL)
        return NULL;
    SSL_CTX_set_min_proto_version(trust, TLS1_2_VERSION);
    SSL_CTX_set_mode(trust, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(trust, SSL_VERIFY_PEER, NULL);
    if (ca_file != NULL ? SSL_CTX_load_verify_locations(trust, ca_file, NULL) == 1
                        : SSL_CTX_set_default_verify_paths(trust) == 1)
        return trust;
    SSL_CTX_free(trust);
    return NULL;
}
