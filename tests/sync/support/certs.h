/* Certificates made for one run of a test, in a folder that goes with it. */
#ifndef TESTS_CERTS_H
#define TESTS_CERTS_H

typedef struct certs {
    char folder[64];
    char ca[96];       /* an authority, self-signed */
    char other_ca[96]; /* one that signed nothing */
    char cert[96], key[96];             /* for "localhost" */
    char stranger_cert[96], stranger_key[96]; /* by the same authority for "example.org" */
    char expired_cert[96], expired_key[96];   /* for "localhost", until yesterday */
    char garbage[96];  /* a file that is no certificate */
} certs;

void certs_make(certs *c);
void certs_remove(certs *c);

#endif
