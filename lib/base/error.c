/* Statuses and their texts. */
#include "base/base.h"

sennit_status sn_fail(sennit_error *err, sennit_status code, size_t pos, const char *what)
{
    if (err != NULL) {
        err->code = code;
        err->pos = pos;
        err->what = what;
    }
    return code;
}

const char *sennit_status_text(sennit_status status)
{
    switch (status) {
    case SENNIT_OK: return "ok";
    case SENNIT_ENOMEM: return "out of memory";
    case SENNIT_EINVAL: return "called wrongly";
    case SENNIT_ERANGE: return "position past the end";
    case SENNIT_EUTF8: return "ill-formed UTF-8, or a position inside a character";
    case SENNIT_ECORRUPT: return "damaged or foreign bytes";
    case SENNIT_EVERSION: return "written by a later release";
    case SENNIT_ELIMIT: return "a limit would be passed";
    case SENNIT_ELINEAGE: return "belongs to another document";
    case SENNIT_EFORK: return "one operation id with two contents";
    case SENNIT_EBUSY: return "a transaction is open";
    case SENNIT_EGONE: return "names text that is not here";
    case SENNIT_EAUTH: return "not allowed";
    case SENNIT_ECLOCK: return "time too far ahead";
    case SENNIT_EIO: return "storage or network failed";
    case SENNIT_ECLOSED: return "the other end is gone";
    }
    return "unknown status";
}

int sennit_version_number(void)
{
    return SENNIT_VERSION_NUMBER;
}
