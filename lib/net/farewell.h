/* How a connection ended: a WebSocket close code and a reason (RFC 6455, 7.1.5). */
#ifndef SN_FAREWELL_H
#define SN_FAREWELL_H

#include "base/base.h"

#define SN_REASON_MAX 123 /* bytes; a close frame has 125, two of them the code */

#define SN_CLOSE_NORMAL 1000
#define SN_CLOSE_PROTOCOL 1002
#define SN_CLOSE_KIND 1003     /* a frame of a kind that is not taken: text */
#define SN_CLOSE_NO_CODE 1005  /* only told, never sent: the other end gave no code */
#define SN_CLOSE_BROKEN 1006   /* only told, never sent: gone without a farewell */
#define SN_CLOSE_TOO_LONG 1009
#define SN_CLOSE_FAILED 1011

typedef struct sn_farewell {
    int code; /* 0: not ended */
    char reason[SN_REASON_MAX + 1];
} sn_farewell;

/* Note code and reason as they are told; the reason need not be terminated. What
 * is not UTF-8 in it, and what follows, is left out. */
void sn_farewell_note(sn_farewell *bye, int code, const char *reason, size_t len);

/* The same for what is to be sent: a code that may not be becomes 1000. reason may
 * be NULL. */
void sn_farewell_say(sn_farewell *bye, int code, const char *reason);

#endif
