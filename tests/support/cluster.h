/* Several replicas side by side, each twice: as a document of the library and as
 * a naive one. Whatever happens to the one happens to the other, and after each
 * step they are compared.
 *
 * Some sites are edited through the library, the naive document predicting each
 * operation. At the others the naive document edits and the library's follows:
 * that is how toggles of any delete get in.
 */
#ifndef TESTS_CLUSTER_H
#define TESTS_CLUSTER_H

#include "support/doc.h"
#include "support/naive.h"

#define CLUSTER_SITES 5

typedef struct site {
    uint64_t id;
    sennit_doc *doc;
    naive *model;
    bool follows;      /* the naive document edits */
    uint64_t coalesce_ms;
    int64_t skew_ms;
    sennit_unit unit;
    size_t caret;      /* bytes: where it edited last */
    bool watched;
    sennit_buf shown;  /* watched: what the patches made of the text */
} site;

/* The delta of one edit, as its author sent it. */
typedef struct message {
    sennit_buf delta;
    size_t from, to; /* its operations in the log */
} message;

typedef struct cluster {
    rng *r;
    sennit_options options;
    site sites[CLUSTER_SITES];
    size_t n;
    naive_log log;      /* every operation of all */
    size_t seeded;      /* those everybody starts with */
    message *messages;
    size_t messages_len;
    uint64_t wall_ms;
    unsigned toggles;   /* percent of the edits of following sites */
} cluster;

/* 2 .. CLUSTER_SITES sites with random clocks, units and first text. */
void cluster_init(cluster *c, rng *r, unsigned toggles);
void cluster_free(cluster *c);

/* Let a little time pass, or none, for a site. */
void cluster_tick(cluster *c, site *s);

/* One random edit at a site; one random delivery to a site. Both compare. */
void cluster_edit(cluster *c, site *s);
void cluster_deliver(cluster *c, site *s);

/* Everything to everybody, in random order and pieces; then all must agree. */
void cluster_settle(cluster *c);

/* ---- cluster_edit.c ---- */

void cluster_edit_real(cluster *c, site *s);

/* Both documents of a site made operations, which have to be the same: the
 * library's from number `before` on, the naive one's from place `from` of the log
 * on. Keeps their delta as a message. */
void cluster_made(cluster *c, site *s, uint32_t before, size_t from);
void cluster_edit_model(cluster *c, site *s);

/* ---- cluster_send.c ---- */

/* Deliver operations of the log [from, to), each character or other operation
 * with a probability. */
void cluster_send_ops(cluster *c, site *s, size_t from, size_t to, unsigned percent);

/* Deliver bytes that hold these operations of the log. */
void cluster_send_bytes(cluster *c, site *s, const sennit_buf *delta,
                        const naive_op *const *ops, size_t n);

/* ---- cluster_compare.c ---- */

/* Require that both documents of a site agree. */
void cluster_compare(site *s);

/* Start, or go on, following a site's patches. */
void cluster_watch(cluster *c, site *s);

#endif
