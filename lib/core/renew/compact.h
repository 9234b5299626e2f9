/* Deleted text that is not here any more.
 *
 * Each replica has a cut: so many of its first operations. Of the bytes that they
 * inserted those are *erased* that a delete names which is below its own author's
 * cut, unless some toggle names that delete. Their ids stay, and so does their
 * place in their author's text, where they count as NULs.
 *
 * So what is erased follows from the operations and the cuts, and nobody has to
 * list it. It never comes back: a toggle that comes later and switches such a
 * delete off is refused with SENNIT_EGONE.
 *
 * Invariants
 *   C1  a cut is at most what is known, lies between characters, and its numbers of
 *       operations and of bytes agree
 */
#ifndef SN_COMPACT_H
#define SN_COMPACT_H

#include "base/bytes.h"
#include "core/doc/version.h"

/* A bit for each byte of text. */
typedef struct sn_erased {
    sn_mem *mem;
    uint64_t *bits;
    uint32_t *base; /* per replica: where its bytes begin, of replicas_len */
    size_t words;
    uint32_t replicas_len;
} sn_erased;

/* Find what is erased by the cuts as they stand. Free *out also after a failure.
 * Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_erased_find(sennit_doc *doc, sn_erased *out);
void sn_erased_free(sn_erased *erased);

/* Add what was redacted (redact.h). */
void sn_erased_redacted(sennit_doc *doc, sn_erased *erased);

/* How many bytes of a replica from one on, at most n, are erased, or are not. */
uint32_t sn_erased_alike(const sn_erased *erased, uint32_t replica, uint32_t at, uint32_t n,
                         bool *is);

/* Keep the cuts of all replicas, and put them back. */
sn_cut *sn_cuts_keep(sennit_doc *doc, size_t *size); /* NULL if there is no memory */
void sn_cuts_put(sennit_doc *doc, const sn_cut *cuts);

/* Raise each replica's cut to what is wanted, as far as that is known and ends
 * between characters; none gets lower. Nothing is erased by it. */
void sn_cuts_raise(sennit_doc *doc, const sn_wanted *to);

/* Raise them all to what is known. */
void sn_cuts_raise_all(sennit_doc *doc);

bool sn_doc_is_compacted(const sennit_doc *doc);

/* Whether a document knows all that another has below its cuts. */
bool sn_doc_knows_cuts(const sennit_doc *doc, const sennit_doc *of);

/* Append the cuts: `len:varint version digest:8*`, a digest for each entry of the
 * version. Returns SENNIT_OK, SENNIT_ENOMEM. */
sennit_status sn_cuts_write(sennit_doc *doc, sennit_buf *out);

/* The same, read as far as that is possible without a document. */
typedef struct sn_cuts {
    const uint8_t *version, *digests; /* version NULL: there are none */
    size_t len;
} sn_cuts;

sennit_status sn_cuts_read(sn_reader *r, sn_cuts *out, sennit_error *err);

/* Set them in a document that has all its operations but none of its text.
 * Returns SENNIT_OK, SENNIT_ENOMEM, SENNIT_ECORRUPT. */
sennit_status sn_cuts_set(sennit_doc *doc, const sn_cuts *cuts, sennit_error *err);

/* ---- digest.c ---- */

/* What the first operations of a replica come to if erased bytes and dropped payloads of
 * another document, where it has an index of its own, are NULs here too. seq > 0
 * operations are known to both. */
uint64_t sn_digest_blank(const sennit_doc *doc, uint32_t index, uint32_t seq, const sennit_doc *other,
                         const sn_erased *blank, uint32_t blank_index);

/* ---- successor.c ---- */

/* Whether what a document and one just opened from a compacted snapshot both know is
 * the same, but for erased text. SENNIT_EFORK, SENNIT_ELINEAGE if it is not. */
sennit_status sn_doc_compare(sennit_doc *doc, sennit_doc *fresh, sennit_error *err);

/* Let fresh, opened with the document's options and compared, take its place, with
 * what the document knows beyond it. fresh is then fit to be freed only. Returns
 * SENNIT_OK, SENNIT_ENOMEM, SENNIT_ELIMIT, SENNIT_EGONE. */
sennit_status sn_doc_succeed(sennit_doc *doc, sennit_doc *fresh, sennit_applied *out,
                             sennit_error *err);

#endif
