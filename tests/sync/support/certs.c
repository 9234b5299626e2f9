#define _POSIX_C_SOURCE 200809L
#include "sync/support/certs.h"

#include "support/require.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

#define CERTS_DAY (24L * 60 * 60)

static void certs_extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    require(extension != NULL);
    require(X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* One with a name, valid for so many days from now (or until so many ago), signed by
 * an authority; NULL: by itself, and an authority. */
static X509 *certs_sign(const char *name, long days, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
    static long serial = 1;
    char alternative[64];
    X509 *cert = X509_new();

    require(cert != NULL && key != NULL);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert), -30 * CERTS_DAY);
    X509_gmtime_adj(X509_getm_notAfter(cert), days * CERTS_DAY);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(ca != NULL ? ca : cert));
    snprintf(alternative, sizeof alternative, "DNS:%s", name);
    if (ca != NULL)
        certs_extend(cert, ca, NID_subject_alt_name, alternative);
    else
        certs_extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(cert, ca != NULL ? ca_key : key, EVP_sha256()) > 0);
    return cert;
}

static void certs_path(const certs *c, const char *name, char out[96])
{
    snprintf(out, 96, "%s/%s", c->folder, name);
}

static void certs_write(const char *path, X509 *cert, EVP_PKEY *key)
{
    FILE *f = fopen(path, "w");

    require(f != NULL);
    if (cert != NULL)
        require(PEM_write_X509(f, cert) == 1);
    if (key != NULL)
        require(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1);
    if (cert == NULL && key == NULL)
        fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", f);
    fclose(f);
}

static void certs_make_one(const char *name, long days, X509 *ca, EVP_PKEY *ca_key,
                           const char *cert_path, const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = certs_sign(name, days, key, ca, ca_key);

    certs_write(cert_path, cert, NULL);
    certs_write(key_path, NULL, key);
    X509_free(cert);
    EVP_PKEY_free(key);
}

void certs_make(certs *c)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *other_key = EVP_EC_gen("P-256");
    X509 *ca = certs_sign("Test Authority", 30, ca_key, NULL, NULL);
    X509 *other = certs_sign("Another Authority", 30, other_key, NULL, NULL);

    strcpy(c->folder, "/tmp/sennit-certs-XXXXXX");
    require(mkdtemp(c->folder) != NULL);
    certs_path(c, "ca.pem", c->ca);
    certs_path(c, "other_ca.pem", c->other_ca);
    certs_path(c, "cert.pem", c->cert);
    certs_path(c, "key.pem", c->key);
    certs_path(c, "stranger_cert.pem", c->stranger_cert);
    certs_path(c, "stranger_key.pem", c->stranger_key);
    certs_path(c, "expired_cert.pem", c->expired_cert);
    certs_path(c, "expired_key.pem", c->expired_key);
    certs_path(c, "garbage.pem", c->garbage);
    certs_write(c->ca, ca, NULL);
    certs_write(c->other_ca, other, NULL);
    certs_write(c->garbage, NULL, NULL);
    certs_make_one("localhost", 30, ca, ca_key, c->cert, c->key);
    certs_make_one("example.org", 30, ca, ca_key, c->stranger_cert, c->stranger_key);
    certs_make_one("localhost", -1, ca, ca_key, c->expired_cert, c->expired_key);
    X509_free(ca);
    X509_free(other);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(other_key);
}

void certs_remove(certs *c)
{
    const char *files[] = {c->ca,           c->other_ca,     c->cert,        c->key, c->stranger_cert,
                           c->stranger_key, c->expired_cert, c->expired_key, c->garbage};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(files[i]);
    rmdir(c->folder);
}
