/* A small document with some history for fuzz targets: three writers, deletes
 * that overlap, one of them switched off, characters of all widths. */
#ifndef TESTS_BASE_H
#define TESTS_BASE_H

#include "support/doc.h"

#define BASE_WRITERS 3

/* The operations of each writer as one delta, replacing what the buffers held. */
void base_deltas(sennit_buf out[BASE_WRITERS]);

/* A document that knows all of them; free it with sennit_doc_free. It draws from
 * r, which has to outlive it. */
sennit_doc *base_doc(rng *r);

#endif
