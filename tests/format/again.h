/* Written as a Delta and read again: nothing is lost. For tests and fuzz targets. */
#ifndef TESTS_AGAIN_H
#define TESTS_AGAIN_H

#include "support/doc.h"
#include "support/require.h"

#include <sennit/format.h>

/* Write a document as a Delta, read that into a new one, which is the caller's, and write
 * that: it is the same. out has the Delta. */
static inline sennit_doc *delta_again(const sennit_doc *doc, const sennit_options *options, sennit_buf *out)
{
    sennit_doc *again = doc_new(options);
    sennit_buf now;

    sennit_buf_init(&now, NULL);
    require(sennit_format_delta(doc, out) == SENNIT_OK);
    require(sennit_format_read_delta(again, (const char *)out->data, out->len, NULL) == SENNIT_OK);
    doc_check(again);
    require(sennit_format_delta(again, &now) == SENNIT_OK && buf_equal(out, &now));
    sennit_buf_clear(&now);
    return again;
}

#endif
