/* What a replica's first operations come to, as one number.
 *
 * Each operation is told in words that depend on it and the one before it alone,
 * not on how runs are joined, split or stored; docs/FORMAT.md, "Digests", is the
 * contract. The words go into a hash one by one, as in FNV-1a (Fowler, Noll and
 * Vo): a step is a bijection, so one word changed is always noticed, and several
 * are missed once in 2^64. It finds accidents, such as a copied disk; what an
 * attacker makes up is found when operations meet (known.c).
 */
#include "core/check/digest.h"

#include "core/renew/compact.h"
#include "core/renew/redact.h"

enum { /* words below stand for a byte typed on */
    DIGEST_CHANGE = 256,  /* time */
    DIGEST_RIGHT = 257,   /* id number byte: child of that byte */
    DIGEST_LEFT = 258,
    DIGEST_ROOT = 259,    /* byte */
    DIGEST_DELETE = 260,  /* id number len */
    DIGEST_MORE = 261,    /* id number len, and what follows belongs to it */
    DIGEST_FORTH = 262,   /* as many bytes as before, behind those */
    DIGEST_BACK = 263,    /* before those */
    DIGEST_OFF = 264,     /* id seq */
    DIGEST_ON = 265,
    DIGEST_BEFORE = 266,  /* id number: an end of a mark */
    DIGEST_AFTER = 267,
    DIGEST_START = 268,   /* of the document */
    DIGEST_END = 269,
    DIGEST_NOTE = 270,    /* length, bytes of the payload */
    DIGEST_REDACTION = 271 /* id number len */
};

typedef struct digesting {
    const sn_roster *who;
    uint32_t author;
    uint64_t hash;
    uint32_t change; /* of the operation before */
    sn_op gone;      /* the operation before, if it deleted one range; else len is 0 */
    const sn_erased *blank; /* bytes that count as NUL, or NULL: */
    uint32_t blank_index;   /* those of this replica */
    bool shape;   /* all bytes of text and payloads count as NUL */
    const sn_notes *blank_notes; /* payloads dropped here count as NULs; or NULL */
    bool redacts; /* there may be stand-ins, */
    bool lost;    /* and there was one that does not count as NULs */
} digesting;

static inline uint64_t digest_step(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
}

static void digest_put(digesting *d, uint64_t word)
{
    d->hash = digest_step(d->hash, word);
}

static void digest_nuls(digesting *d, uint32_t n)
{
    while (n-- > 0)
        digest_put(d, 0);
}

static void digest_named(digesting *d, unsigned what, const sn_op *op)
{
    digest_put(d, what);
    digest_put(d, d->who->replicas[op->ref_replica].id);
    digest_put(d, op->ref);
}

/* Where something was redacted: stand-ins count as NULs too, if others do. */
static void digest_redacted(digesting *d, const sn_text *text, uint32_t at, uint32_t n)
{
    for (uint32_t end = at + n; at < end; at++) {
        const bool stands_in = sn_text_stands_in(text, at);

        d->lost = d->lost || (stands_in && d->blank == NULL);
        digest_put(d, stands_in ? 0 : text->bytes[at]);
    }
}

static void digest_text(digesting *d, uint32_t at, uint32_t n)
{
    const uint8_t *text = d->who->replicas[d->author].text.bytes + at;
    uint64_t hash = d->hash;

    if (SN_UNLIKELY(d->shape)) {
        digest_nuls(d, n);
        return;
    }
    if (SN_UNLIKELY(d->redacts)) {
        digest_redacted(d, &d->who->replicas[d->author].text, at, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        hash = digest_step(hash, text[i]);
    d->hash = hash;
}

static void digest_with_blanks(digesting *d, uint32_t at, uint32_t len)
{
    bool blank;

    for (uint32_t end = at + len, n; at < end; at += n) {
        n = sn_erased_alike(d->blank, d->blank_index, at, end - at, &blank);
        if (blank)
            digest_nuls(d, n);
        else
            digest_text(d, at, n);
    }
}

static void digest_insert(digesting *d, const sn_op *op)
{
    bool typed_on = op->ref_replica == d->author && op->ref + 1 == op->number && !op->flag;

    if (op->ref_replica == SN_NO_REPLICA)
        digest_put(d, DIGEST_ROOT);
    else if (!typed_on)
        digest_named(d, op->flag ? DIGEST_LEFT : DIGEST_RIGHT, op);
    if (d->blank != NULL)
        digest_with_blanks(d, op->number, op->n);
    else
        digest_text(d, op->number, op->n);
}

static void digest_delete(digesting *d, const sn_op *op)
{
    const sn_op *gone = &d->gone;
    bool alike = op->part == SN_WHOLE && gone->len == op->len && gone->ref_replica == op->ref_replica;

    if (op->part == SN_REDACTION) {
        digest_named(d, DIGEST_REDACTION, op);
        digest_put(d, op->len);
    } else if (alike && op->ref == gone->ref + gone->len) {
        digest_put(d, DIGEST_FORTH);
    } else if (alike && op->ref + op->len == gone->ref) {
        digest_put(d, DIGEST_BACK);
    } else {
        digest_named(d, op->part == SN_MORE ? DIGEST_MORE : DIGEST_DELETE, op);
        digest_put(d, op->len);
    }
    for (uint32_t i = 1; i < op->n; i++)
        digest_put(d, SENNIT_MUTANT != 30 && op->flag ? DIGEST_BACK : DIGEST_FORTH);
}

/* Whether the payload of an operation was dropped where blanks come from. */
static bool digest_blanks_note(const digesting *d, uint32_t seq)
{
    const sn_notes *notes = d->blank_notes;
    const uint32_t i = sn_notes_from(notes, seq);

    return notes != NULL && i < notes->list_len && notes->list[i].seq == seq &&
           notes->list[i].note->name == NULL;
}

static void digest_note(digesting *d, const sn_op *op)
{
    const uint8_t *payload = sn_notes_bytes(d->who->replicas[d->author].notes, op->seq);

    if (op->kind == SN_MARK && op->ref_replica != SN_NO_REPLICA)
        digest_named(d, op->flag ? DIGEST_AFTER : DIGEST_BEFORE, op);
    else if (op->kind == SN_MARK)
        digest_put(d, op->flag ? DIGEST_END : DIGEST_START);
    if (op->part == SN_MORE)
        return;
    const bool blank = d->shape || digest_blanks_note(d, op->seq);
    digest_put(d, DIGEST_NOTE);
    digest_put(d, op->len);
    for (uint32_t i = 0; i < op->len; i++)
        digest_put(d, blank ? 0 : payload[i]);
}

/* The next operations of a record, at most `most`, which are taken off it; returns
 * how many they were. */
static uint32_t digest_some(digesting *d, sn_op *record, uint64_t most)
{
    sn_op op = *record;

    op.n = (uint32_t)sn_min_u64(op.n, most);
    if (op.n < record->n)
        sn_op_skip(record, op.n, d->author);
    else
        record->n = 0;
    if (op.change != d->change) {
        digest_put(d, DIGEST_CHANGE);
        digest_put(d, d->who->times[d->change = op.change]);
    }
    if (op.kind == SN_INSERT)
        digest_insert(d, &op);
    else if (op.kind == SN_DELETE)
        digest_delete(d, &op);
    else if (op.kind >= SN_MARK)
        digest_note(d, &op);
    else
        digest_named(d, op.flag ? DIGEST_ON : DIGEST_OFF, &op);
    d->gone.len = 0;
    if (op.kind == SN_DELETE && op.part == SN_WHOLE) {
        d->gone = op;
        d->gone.ref += (op.flag ? 0u - op.len : op.len) * (op.n - 1);
    }
    return sn_op_seqs(&op);
}

/* Whether a digest of so many operations can go on from a cut. */
static bool digest_serves(const sn_cut *cut, uint64_t count)
{
    return cut->seq == 0 || (count >= cut->seq && cut->digest != 0);
}

static sennit_status digest_check(const sennit_doc *doc, uint64_t replica, uint32_t index,
                                  const uint64_t *counts, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (counts[i] > counts[i + 1])
            return SENNIT_EINVAL;
    if (n == 0 || counts[n - 1] == 0)
        return SENNIT_OK;
    if (counts[n - 1] > sennit_doc_known(doc, replica))
        return SENNIT_ERANGE;
    for (size_t i = 0; i < n; i++)
        if (counts[i] > 0 && !digest_serves(&doc->who.replicas[index].cut, counts[i]))
            return SENNIT_EGONE;
    return SENNIT_OK;
}

/* Where the operations of a replica that can still be told begin. */
static uint64_t digest_start(digesting *d, sn_log_iter *it, sn_op *op)
{
    const sn_replica *r = &d->who->replicas[d->author];
    const uint32_t from = d->shape || d->blank != NULL ? 0 : r->cut.seq;

    if (from > 0) {
        sn_roster_seek(d->who, it, d->author, from - 1);
        sn_log_next(it, op);
        d->hash = r->cut.digest;
        d->change = op->change;
        if (op->kind == SN_DELETE && op->part == SN_WHOLE && SENNIT_MUTANT != 63) {
            const uint32_t before = (from - 1 - op->seq) * op->len;

            d->gone = *op;
            d->gone.ref = op->flag ? op->ref - before : op->ref + before;
        }
    }
    op->n = 0;
    sn_roster_seek(d->who, it, d->author, from);
    if (from < r->seq && sn_log_next(it, op) && op->seq < from)
        sn_op_skip(op, from - op->seq, d->author);
    return from;
}

static void digest_all(digesting *d, const uint64_t *counts, size_t n, uint64_t *digests)
{
    uint64_t done = 0;
    sn_op op = {.n = 0};
    sn_log_iter it;

    for (; n > 0 && *counts == 0; counts++, n--)
        *digests++ = d->hash;
    if (n > 0)
        done = digest_start(d, &it, &op);
    for (size_t i = 0; i < n; i++) {
        while (done < counts[i]) {
            if (op.n == 0)
                sn_log_next(&it, &op);
            done += digest_some(d, &op, counts[i] - done);
        }
        digests[i] = d->hash;
    }
}

static digesting digest_of(const sennit_doc *doc, uint64_t replica)
{
    return (digesting){.who = &doc->who, .author = sn_roster_find(&sn_doc_mutable(doc)->who, replica),
                       .hash = digest_step(0, replica), .redacts = doc->redacts};
}

sennit_status sennit_doc_digest(const sennit_doc *doc, uint64_t replica, const uint64_t *counts,
                                size_t n, uint64_t *digests)
{
    digesting d = digest_of(doc, replica);

    SN_TRY(digest_check(doc, replica, d.author, counts, n));
    digest_all(&d, counts, n, digests);
    return d.lost ? SENNIT_EGONE : SENNIT_OK;
}

SN_RARE void sn_digest_shapes(const sennit_doc *doc, uint64_t replica, const uint64_t *counts, size_t n,
                              uint64_t *digests)
{
    digesting d = digest_of(doc, replica);

    d.shape = true;
    digest_all(&d, counts, n, digests);
}

sennit_status sennit_doc_digest_shapes(const sennit_doc *doc, uint64_t replica, const uint64_t *counts,
                                       size_t n, uint64_t *digests)
{
    sennit_status st = digest_check(doc, replica, digest_of(doc, replica).author, counts, n);

    if (st != SENNIT_OK && st != SENNIT_EGONE)
        return st;
    sn_digest_shapes(doc, replica, counts, n, digests);
    return SENNIT_OK;
}

sennit_status sn_digest_told(const sennit_doc *doc, uint64_t replica, const uint64_t *counts, size_t n,
                             uint64_t *digests)
{
    const uint32_t index = digest_of(doc, replica).author;
    const uint64_t cut = index != SN_NO_REPLICA ? doc->who.replicas[index].cut.seq : 0;
    sennit_status st = digest_check(doc, replica, index, counts, n);
    size_t below = 0;

    if (st != SENNIT_OK && st != SENNIT_EGONE)
        return st;
    while (below < n && counts[below] < cut)
        below++;
    st = sennit_doc_digest(doc, replica, counts + below, n - below, digests + below);
    sn_digest_shapes(doc, replica, counts, st == SENNIT_OK ? below : n, digests);
    return SENNIT_OK;
}

uint64_t sn_digest_known(const sennit_doc *doc, uint32_t index, uint32_t seq)
{
    const uint64_t count = seq;
    uint64_t digest = 0;

    sennit_status st = sennit_doc_digest(doc, doc->who.replicas[index].id, &count, 1, &digest);

    SN_ASSERT(st == SENNIT_OK || st == SENNIT_EGONE);
    return st == SENNIT_OK ? digest : 0;
}

uint64_t sn_digest_blank(const sennit_doc *doc, uint32_t index, uint32_t seq, const sennit_doc *other,
                         const sn_erased *blank, uint32_t blank_index)
{
    digesting d = {.who = &doc->who, .author = index, .blank = blank, .blank_index = blank_index,
                   .blank_notes = other->who.replicas[blank_index].notes,
                   .redacts = doc->redacts};
    const uint64_t count = seq;
    uint64_t digest;

    digest_all(&d, &count, 1, &digest);
    return digest;
}
