/* The bytes of an HTTP answer. */
#ifndef SN_ANSWER_H
#define SN_ANSWER_H

#include <sennit/transport.h>

#include "net/lws.h"

/* All zero is none. */
typedef struct sn_answer {
    sennit_buf head;  /* status and headers; a short body too */
    sennit_buf body;
    const uint8_t *rest; /* what follows head */
    size_t rest_len;
    size_t sent;      /* of head and rest */
} sn_answer;

/* Put together what is to be sent; the body is taken over, and left empty.
 *
 * head     send no body, but say how long it is
 * last     tell that the connection closes
 *
 * Returns  SENNIT_OK; SENNIT_EINVAL (a status or string that cannot be sent);
 *          SENNIT_ENOMEM. After a failure response is as it was, and the answer is
 *          for sn_answer_clear.
 */
sennit_status sn_answer_set(sn_answer *answer, const sennit_alloc *alloc,
                            sennit_http_response *response, bool head, bool last);

/* Send as much as goes out. Returns false if the connection failed. */
bool sn_answer_flush(sn_answer *answer, struct lws *wsi);

bool sn_answer_is_sent(const sn_answer *answer);
void sn_answer_clear(sn_answer *answer);

/* What a status is called, such as "Not Found"; "" if it is rare. */
const char *sn_answer_reason(int status);

#endif
