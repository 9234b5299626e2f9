/* What was typed, and what must have become of it.
 *
 * Every character that is ever typed is another one, so a text tells by itself what
 * is missing in it, twice, or out of its order.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "support/require.h"

#include <sennit/sennit.h>

#include <stdbool.h>

typedef struct piece {
    unsigned author;
    bool follows; /* was typed behind the one before, in one go */
    bool deleted; /* somebody deleted it, or tried to */
    bool lost;    /* its author's disk may have lost it, so it may be nowhere */
    bool durable; /* the server called it durable, and was not restored since */
} piece;

/* A piece deleted by somebody. */
typedef struct erasure {
    size_t piece;
    unsigned author;
    bool lost; /* its author's disk may have lost it */
} erasure;

typedef struct oracle {
    piece *pieces;
    size_t len;
    erasure *erasures;
    size_t erasures_len;
} oracle;

void oracle_free(oracle *o);

/* Draw up n new characters, 4 * n bytes of text. */
void oracle_type(oracle *o, unsigned author, size_t n, char *text);

/* A stretch of text is deleted. */
void oracle_erase(oracle *o, unsigned author, const uint8_t *text, size_t len);

/* The disk of an author is as it was when there were so many pieces and erasures. */
void oracle_lose(oracle *o, unsigned author, size_t pieces, size_t erasures);

/* The server was restored: nothing is durable. */
void oracle_undurable(oracle *o);

/* Where each piece is in a text: its number of characters before it and 1; 0: it is
 * not there. Requires that none is there twice, and that those typed in one go are in
 * their order. Free the answer. */
uint32_t *oracle_look(const oracle *o, const sennit_doc *doc);

/* Require something of a piece; says which it is if that does not hold. */
#define require_piece(o, i, x)                                                           \
    do {                                                                                 \
        if (!(x))                                                                        \
            oracle_blame(o, i);                                                          \
        require(x);                                                                      \
    } while (0)

void oracle_blame(const oracle *o, size_t i);

/* Require that a server has all that it called durable. */
void oracle_check_durable(const oracle *o, const uint32_t *places);

/* Require that two texts have in the same order what is in both of them. */
void oracle_check_order(const oracle *o, const uint32_t *a, const uint32_t *b);

#endif
