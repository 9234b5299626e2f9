#include "net/farewell.h"

#include "base/utf8.h"

void sn_farewell_note(sn_farewell *bye, int code, const char *reason, size_t len)
{
    size_t n = sn_utf8_valid((const uint8_t *)reason, len < SN_REASON_MAX ? len : SN_REASON_MAX);

    bye->code = code;
    memcpy(bye->reason, reason, n);
    bye->reason[n] = 0;
}

/* RFC 6455, 7.4: 1004 to 1006 and 1015 are reserved, below 3000 is for the
 * protocol; nothing above 4999 is defined. */
static bool farewell_may_send(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) ||
           (code >= 3000 && code <= 4999);
}

void sn_farewell_say(sn_farewell *bye, int code, const char *reason)
{
    if (reason == NULL)
        reason = "";
    sn_farewell_note(bye, farewell_may_send(code) ? code : SN_CLOSE_NORMAL, reason,
                     strnlen(reason, SN_REASON_MAX + 1));
}
