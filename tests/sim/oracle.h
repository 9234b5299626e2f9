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

#define ORACLE_AUTHORS 16

typedef struct piece {
    unsigned author;
    bool follows; /* was typed behind the one before, in one go */
    bool touched; /* somebody deleted it, or tried to */
    bool deleted; /* and might */
    bool taken;   /* its author, or who has a copy of his steps, took something back while
                     it was away: maybe this, for all that was typed goes, seen or not */
    bool lost;    /* its author's disk may have lost it, so it may be nowhere */
    bool durable; /* the server called it durable, and was not restored since */
} piece;

/* A piece deleted by somebody. */
typedef struct erasure {
    size_t piece;
    unsigned author;
    bool barred; /* he might not, so far */
    bool undone; /* he took it back */
    bool lost;   /* whether it counts cannot be told: a disk may have lost it, or what
                    took it back */
} erasure;

typedef struct oracle {
    piece *pieces;
    size_t len;
    erasure *erasures;
    size_t erasures_len;
    uint32_t steps[ORACLE_AUTHORS]; /* bits: of whose steps each has a copy */
} oracle;

void oracle_free(oracle *o);

/* Draw up n new characters, 4 * n bytes of text. */
void oracle_type(oracle *o, unsigned author, size_t n, char *text);

/* A stretch of text is deleted. may: its author may do that. */
void oracle_erase(oracle *o, unsigned author, bool may, const uint8_t *text, size_t len);

/* A text was this before and is that after its author took something back, or did it
 * again; places as oracle_look gives them. */
void oracle_turn(oracle *o, unsigned author, bool may, const uint32_t *before, const uint32_t *after);

/* An author may edit now, so what he deleted before counts too. */
void oracle_allow(oracle *o, unsigned author);

/* What an author brought back may have come anew, as other text than others delete. */
void oracle_retype(oracle *o, unsigned author);

/* The disk of an author is as it was when there were so many pieces and erasures. */
void oracle_lose(oracle *o, unsigned author, size_t pieces, size_t erasures);

/* The disk of one is a copy of another's now, with his steps and those he had. */
void oracle_copy(oracle *o, unsigned from, unsigned to);

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
