/* A document the slow way, to hold the library against.
 *
 * Written from the rules alone: each byte is an operation of its own and a node
 * of a tree with left and right children; the text is that tree, read. There are
 * no runs, no inherited keys, no positions that are kept.
 *
 *   key     (hlc, replica, seq); an operation's is greater than those of all it
 *           names
 *   order   left children oldest first, the byte, right children newest first
 *   dead    is what a delete covers that is on; the toggle with the greatest key
 *           says whether it is
 *   marks   see naive_rich.h
 *
 * Operations belong to a log and are never changed; documents point to them.
 */
#ifndef TESTS_NAIVE_H
#define TESTS_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct naive_id {
    uint64_t replica;
    uint32_t n; /* place among its operations (seq), or among its bytes (number) */
} naive_id;

typedef enum naive_kind { NAIVE_INSERT, NAIVE_DELETE, NAIVE_TOGGLE, NAIVE_MARK, NAIVE_SET } naive_kind;

/* One end of a mark. */
typedef struct naive_end {
    bool none;   /* of the document: its end if after, else its start */
    bool after;
    naive_id byte;
} naive_end;

typedef struct naive_op {
    naive_kind kind;
    naive_id id;       /* its seq */
    uint64_t hlc;
    uint32_t number;   /* of the byte it inserts; of others, of the next one */
    uint8_t byte;
    bool left;         /* insert: child on the left */
    bool root;         /* insert: child of the root */
    bool on;           /* toggle */
    naive_end ends[2]; /* mark: start, end */
    unsigned name;     /* mark, set: which of the test's names */
    int value;         /* 0: none */
    naive_id ref;      /* insert: parent's number. toggle: seq of the delete */
    naive_id *targets; /* delete: numbers */
    size_t targets_len;
} naive_op;

typedef struct naive_log {
    naive_op **ops; /* in the order in which they were made */
    size_t len;
} naive_log;

/* Add a copy of an operation, its targets included. */
naive_op *naive_log_add(naive_log *log, const naive_op *op);
void naive_log_free(naive_log *log);
bool naive_same(const naive_op *a, const naive_op *b);

#define NAIVE_REPLICAS 32

typedef struct naive_node {
    const naive_op *op;
    struct naive_node *left, *right; /* first child: left oldest, right newest first */
    struct naive_node *next;         /* sibling */
    bool dead;
} naive_node;

typedef struct naive_author {
    uint64_t id;
    const naive_op **ops; /* by seq: all that are known */
    naive_node **bytes;   /* by number */
    uint32_t len, bytes_len;
} naive_author;

typedef struct naive {
    uint64_t replica, coalesce_ms;
    uint64_t now_ms, last_hlc;
    uint64_t change_hlc, edited_ms; /* of its own open change; hlc 0: none */
    naive_author authors[NAIVE_REPLICAS];
    size_t authors_len;
    naive_node *root;       /* newest child of the root */
    const naive_op **pending;
    size_t pending_len;
    naive_node **order;     /* if not stale: all bytes as they stand */
    size_t order_len;
    bool stale;
} naive;

naive *naive_new(uint64_t replica, uint64_t coalesce_ms);
void naive_free(naive *doc);

/* ---- edits of its own; positions in bytes; operations are added to the log ---- */

void naive_insert(naive *doc, size_t pos, const char *text, size_t len, naive_log *log);
void naive_delete(naive *doc, size_t pos, size_t len, naive_log *log);
void naive_toggle(naive *doc, naive_id target, bool on, naive_log *log);

/* The same behind so many bytes of the order, deleted ones included. */
void naive_insert_at(naive *doc, size_t at, const char *text, size_t len, naive_log *log);

/* A mark, or with ends NULL a set: newer than all of both that are known. */
void naive_note(naive *doc, const naive_end *ends, unsigned name, int value, naive_log *log);

/* Delete bytes by number, visible or not. */
void naive_delete_bytes(naive *doc, const naive_id *targets, size_t n, naive_log *log);

/* ---- operations from elsewhere ---- */

typedef struct naive_result {
    size_t applied, known;
    size_t refused; /* dropped for good */
    size_t forked;  /* known with other content */
} naive_result;

/* Take operations in any order; those whose causes are missing wait. */
naive_result naive_apply(naive *doc, const naive_op *const *ops, size_t n);

/* How many operations, and how many bytes, of a replica are known. */
uint32_t naive_known(const naive *doc, uint64_t replica);
uint32_t naive_bytes(const naive *doc, uint64_t replica);

/* A known operation by its seq, or NULL. */
const naive_op *naive_find(const naive *doc, naive_id seq);

/* What decides whether a delete is on: the toggle with the greatest key among
 * those that name it; the delete itself if there is none. */
const naive_op *naive_decider(const naive *doc, naive_id target);
bool naive_is_on(const naive *doc, const naive_op *target);

/* Whether key a is less than key b. */
bool naive_key_less(const naive_op *a, const naive_op *b);

/* ---- reading ---- */

/* All bytes in document order, deleted ones included. */
naive_node *const *naive_order(naive *doc, size_t *n);

/* The visible text; *out is the caller's to free, also if it is empty. */
size_t naive_text(naive *doc, char **out);

/* Where an anchor at a byte is now, in bytes: before it, or after it if it is
 * visible. False if the byte is not known. */
bool naive_resolve(naive *doc, naive_id byte, bool after, size_t *pos);

#endif
