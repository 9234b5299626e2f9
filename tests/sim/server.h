/* The server: a hub on a disk, users and what they may do. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim/disk.h"
#include "sim/network.h"

#include <sennit/sync.h>

#define SERVER_USERS 16
#define SERVER_DOCUMENT "doc"
#define SERVER_FRAME (1u << 16)
#define SERVER_QUEUE 2000u
#define SERVER_GATHER_MS 30u /* of servers that are open to everybody */

typedef struct server {
    rng *chance;
    journal *journal;
    const uint64_t *now_ms;
    disk *disk;
    size_t backup;           /* writes it has */
    uint64_t backup_ms;      /* when it was made */
    sennit_hub *hub;
    wire *speaking;          /* whose frame the hub is reading */
    unsigned age;            /* how often it was restored */
    bool open;               /* no tokens: everybody may edit, and nobody has a name */
    unsigned keep_ms;        /* how long it keeps deleted text; 0: for ever */
    uint64_t token_ms;       /* how long tokens are good; 0: for ever */
    bool revoked[SERVER_USERS];
    sennit_permission permission[SERVER_USERS];
} server;

void server_start(server *s, bool restored);
void server_stop(server *s);

/* Make a backup of what is committed. */
void server_back_up(server *s);

/* Its machine stops, and has so many writes when it is back. */
void server_crash(server *s, network *n, size_t writes, bool restored);

/* A user may do so much from now on; nothing: his tokens are revoked. */
void server_permit(server *s, unsigned user, sennit_permission permission);

/* What users do with connections. */
void server_accept(server *s, wire *w);
void server_receive(server *s, wire *w);
void server_send(server *s, wire *w);
void server_hang_up(server *s, wire *w);

/* Do what time brings. */
void server_tick(server *s);

/* Its document, or NULL. */
sennit_doc *server_document(server *s);

/* Require that nothing piles up. */
void server_check_bounds(const server *s, const network *n);

/* The token of a user, as text. */
void server_token(unsigned user, char out[4]);

#endif
