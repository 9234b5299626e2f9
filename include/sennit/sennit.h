/* sennit: text that many people edit at once.
 *
 * A document is a sequence of UTF-8 text that every replica edits locally and
 * at once. What a replica did travels to the others as deltas: small byte
 * strings, in any order, over anything, as often as you like. Replicas that
 * have seen the same operations hold the same text, byte for byte.
 *
 *     sennit_doc *doc;
 *     sennit_buf delta;
 *
 *     sennit_buf_init(&delta, NULL);
 *     sennit_doc_new(&options, &doc);
 *     sennit_doc_insert(doc, 0, "hello", 5);
 *     sennit_doc_delta(doc, NULL, 0, NULL, &delta, NULL);  send delta.data ...
 *     sennit_doc_apply(peer, delta.data, delta.len, NULL, NULL, NULL);
 *
 * Rules that hold for every call below and are not repeated there:
 *
 *   - A call that fails changes nothing, unless it says otherwise.
 *   - Nothing aborts, prints, reads a clock or draws randomness; there is no
 *     global state. The host passes in time, randomness and memory.
 *   - An object belongs to one thread at a time; different objects are
 *     independent. Calls that take a const object also need it alone, since
 *     reading moves internal caches.
 *   - Text is UTF-8. Positions and counts of text are in the unit of the
 *     document (sennit_options.unit, bytes unless chosen otherwise), from 0;
 *     a `len` beside a pointer is always in bytes.
 *   - const pointers are borrowed for the call; results are appended to a
 *     sennit_buf that the caller owns.
 *   - SENNIT_EINVAL means a mistake of the calling program (a NULL where none
 *     may be, a call in the wrong state; not every mistake is noticed), or that
 *     its source of randomness failed, SENNIT_ENOMEM that memory ran out; any
 *     call that returns a status may return them.
 *   - err, where a call has it, may be NULL; what it holds counts after a
 *     failure only.
 *
 * How it works: docs/ALGORITHM.md. The bytes: docs/FORMAT.md.
 */
#ifndef SENNIT_H
#define SENNIT_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(SENNIT_SHARED)
#define SENNIT_API __declspec(dllexport)
#elif defined(__GNUC__)
#define SENNIT_API __attribute__((visibility("default")))
#else
#define SENNIT_API
#endif
#if defined(__GNUC__)
#define SENNIT_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SENNIT_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------- Version -- */

#define SENNIT_VERSION_MAJOR 0
#define SENNIT_VERSION_MINOR 1
#define SENNIT_VERSION_PATCH 0
#define SENNIT_VERSION_NUMBER \
    (SENNIT_VERSION_MAJOR * 10000 + SENNIT_VERSION_MINOR * 100 + SENNIT_VERSION_PATCH)

/* Return SENNIT_VERSION_NUMBER of the library that is linked. */
SENNIT_API int sennit_version_number(void);

/* -------------------------------------------------------------- Status -- */

/* Every failure there is. Values are fixed for good; new ones are added. */
typedef enum sennit_status {
    SENNIT_OK = 0,
    SENNIT_ENOMEM = -1,   /* memory ran out */
    SENNIT_EINVAL = -2,   /* the program called wrongly */
    SENNIT_ERANGE = -3,   /* a position past the end */
    SENNIT_EUTF8 = -4,    /* ill-formed UTF-8, or a position inside a character */
    SENNIT_ECORRUPT = -5, /* bytes that no sennit wrote, or that were damaged */
    SENNIT_EVERSION = -6, /* bytes of a later release: format or operation unknown */
    SENNIT_ELIMIT = -7,   /* a limit in sennit_limits would be passed */
    SENNIT_ELINEAGE = -8, /* a delta of an unrelated document */
    SENNIT_EFORK = -9,    /* one operation id with two contents: a copied replica */
    SENNIT_EBUSY = -10,   /* a transaction is open */
    SENNIT_EGONE = -11,   /* something names text that is not here, or not any more */
    SENNIT_EAUTH = -12,   /* not allowed to whoever asks */
    SENNIT_ECLOCK = -13,  /* an operation's time is too far ahead */
    SENNIT_EIO = -14,     /* storage or network failed */
    SENNIT_ECLOSED = -15  /* the other end is gone */
} sennit_status;

/* What went wrong, for calls that read bytes from elsewhere. */
typedef struct sennit_error {
    sennit_status code;
    size_t pos;       /* offset of the guilty byte */
    const char *what; /* a static string in English; never NULL */
} sennit_error;

/* Return a short static text for a status, such as "out of memory". */
SENNIT_API const char *sennit_status_text(sennit_status status);

/* -------------------------------------------------------------- Memory -- */

/* One function for all memory of one object.
 *
 * resize   behaves as realloc: new_size 0 frees and returns NULL, ptr NULL
 *          allocates. old_size is the size last asked for (0 for NULL), so an
 *          arena needs no headers. NULL on failure leaves ptr as it was.
 *          Making a block smaller must not fail. Results are aligned for any
 *          type.
 */
typedef struct sennit_alloc {
    void *(*resize)(void *self, void *ptr, size_t old_size, size_t new_size);
    void *self;
} sennit_alloc;

/* A growable byte string owned by the caller. Calls append to it, so one
 * buffer serves many calls: set len to 0 to reuse its memory. */
typedef struct sennit_buf {
    uint8_t *data; /* NULL while cap is 0 */
    size_t len;
    size_t cap;
    sennit_alloc alloc;
} sennit_buf;

/* Start an empty buffer; alloc NULL means the C library's. Cannot fail. */
SENNIT_API void sennit_buf_init(sennit_buf *buf, const sennit_alloc *alloc);

/* Free the memory of a buffer and leave it empty and usable. */
SENNIT_API void sennit_buf_clear(sennit_buf *buf);

/* ------------------------------------------------------------ Document -- */

typedef struct sennit_doc sennit_doc;

/* What positions count. SENNIT_LINES is for counts and conversions only. */
typedef enum sennit_unit {
    SENNIT_BYTES = 0,
    SENNIT_CODEPOINTS = 1, /* Python, most editing protocols */
    SENNIT_UTF16 = 2,      /* JavaScript, LSP, Windows */
    SENNIT_LINES = 3       /* newlines ("\n") before a position */
} sennit_unit;

/* What a document refuses to grow past. 0 means the default in brackets. */
typedef struct sennit_limits {
    uint64_t text_bytes;   /* inserted by all, deleted ones included [2^30 - 1, the most];
                              names and values of marks and metadata may take as much */
    uint64_t replicas;     /* replicas known [2^24] */
    uint64_t parked_bytes; /* memory for operations that came too early [16 MiB] */
    uint64_t patches;      /* patches not yet taken, then they become one [65,536] */
} sennit_limits;

/* How a document is made. Zero everything, set size, then what you need. */
typedef struct sennit_options {
    size_t size; /* sizeof(sennit_options); members are only ever added */

    const sennit_alloc *alloc; /* NULL: the C library's; copied */

    /* Fill out with len unpredictable bytes and return 0; anything else makes
     * the call that needed them fail with SENNIT_EINVAL. Called at creation,
     * and once more when the first local edit draws the replica id. NULL: the
     * document cannot be edited locally, and chosen ids may slow it down. */
    int (*random)(void *self, void *out, size_t len);
    void *random_self;

    /* Id of this replica; 0 (right for nearly everyone) draws one at the first
     * edit. Two documents must never write under one id: see sennit_doc_fork. */
    uint64_t replica;

    sennit_unit unit; /* of all positions, counts and patches of this document */

    /* Successive edits share one timestamp until this many milliseconds pass
     * between two of them; 0 means 10,000. */
    uint64_t coalesce_ms;

    sennit_limits limits;
} sennit_options;

/* Create an empty document.
 *
 * It has no lineage yet: the first local edit draws one, or the first delta
 * brings one.
 *
 * Owns     *out is the caller's: sennit_doc_free. NULL after a failure.
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_new(const sennit_options *options, sennit_doc **out);

/* Create a document that holds a text everybody already has.
 *
 * name     what tells this document from others made from the same text, such
 *          as its path or id in the host; may be empty.
 *
 * Replicas that seed the same name and text hold the same operations and the
 * same lineage, so they merge without doubling the text.
 *
 * Returns  SENNIT_OK, SENNIT_EUTF8, SENNIT_ELIMIT
 * Cost     O(len)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_seed(const sennit_options *options, const void *name, size_t name_len,
                const char *text, size_t len, sennit_doc **out);

/* What sennit_doc_save leaves out or adds; or them together. */
#define SENNIT_SAVE_SHARED 0u    /* all operations: for peers and for servers */
#define SENNIT_SAVE_IDENTITY 1u  /* also this replica's id and clock: for this device only */
#define SENNIT_SAVE_LIVE_ONLY 2u /* without the bytes of deleted text; see below */

/* Append the document as a snapshot.
 *
 * The same operations give the same bytes, whatever the history of arrival.
 * Operations that wait for others (sennit_doc_apply) are not in it: ask for
 * them again. Saving with SENNIT_SAVE_IDENTITY is what lets editing go on
 * under the same replica after a restart; give such bytes to nobody else.
 *
 * SENNIT_SAVE_LIVE_ONLY saves the document as if sennit_doc_compact had compacted
 * it to its version: for reading, and for editors that are small.
 *
 * Returns  SENNIT_OK, SENNIT_EBUSY
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_save(sennit_doc *doc, unsigned flags, sennit_buf *out);

/* Open a snapshot. The result can edit, merge and serve deltas at once.
 *
 * Returns  SENNIT_OK
 *          SENNIT_ECORRUPT   damaged or truncated; err says where
 *          SENNIT_EVERSION   written by a later release
 *          SENNIT_ELIMIT
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_load(const sennit_options *options, const void *data, size_t len,
                sennit_doc **out, sennit_error *err);

/* Find the text inside the bytes of a snapshot without opening it.
 *
 * Works on a snapshot whose other parts are damaged, or that was cut off behind
 * the text. The text's own checksum and UTF-8 are checked.
 *
 * Owns     *text points into data.
 * Returns  SENNIT_OK, SENNIT_ECORRUPT, SENNIT_EVERSION
 * Cost     O(len of the text), about as much as copying it
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_snapshot_text(const void *data, size_t len, const char **text,
                     size_t *text_len, sennit_error *err);

/* Copy a document; the copy edits under a replica id of its own.
 *
 * options  of the copy; NULL takes those of doc, and without a source of randomness
 *          there it can only be read and merged into. options->replica must not be
 *          doc's.
 *
 * Returns  SENNIT_OK, SENNIT_EBUSY, SENNIT_ELIMIT (one of options)
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_fork(sennit_doc *doc, const sennit_options *options, sennit_doc **out);

/* Free a document; NULL is fine. Cannot fail. */
SENNIT_API void sennit_doc_free(sennit_doc *doc);

/* Tell the document the time, in Unix milliseconds: once per event or so, as
 * precise as the host cares for. Time only orders concurrent edits and dates
 * changes; the text never depends on it being right. Times at or above 2^47
 * are taken for 2^47 - 1. */
SENNIT_API void sennit_doc_set_time(sennit_doc *doc, uint64_t unix_ms);

/* Return the id of this replica; 0 before its first local edit. */
SENNIT_API uint64_t sennit_doc_replica(const sennit_doc *doc);

/* Copy the lineage of the document; all zeros while it has none. Documents
 * with different lineages do not merge. */
SENNIT_API void sennit_doc_lineage(const sennit_doc *doc, uint8_t out[16]);

/* Give a document without operations the lineage of one elsewhere, such as a
 * server's, so that what is typed here next belongs to that.
 *
 * Returns  SENNIT_OK        also if it has that lineage already
 *          SENNIT_ELINEAGE  it has operations, of another lineage
 *          SENNIT_EBUSY
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_adopt(sennit_doc *doc, const uint8_t lineage[16]);

/* ------------------------------------------------------------- Reading -- */

/* Return the length of the text in the document's unit. Cost O(1). */
SENNIT_API size_t sennit_doc_len(const sennit_doc *doc);

/* Return how much text there is in any unit; for SENNIT_LINES, the newlines.
 * Cost O(1). */
SENNIT_API size_t sennit_doc_count(const sennit_doc *doc, sennit_unit unit);

/* Append n units of text from pos on.
 *
 * Returns  SENNIT_OK, SENNIT_ERANGE (past the end), SENNIT_EUTF8 (an end lies
 *          inside a character)
 * Cost     O(log n + bytes)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_read(const sennit_doc *doc, size_t pos, size_t n, sennit_buf *out);

/* A stretch of visible text that one replica typed in one go. */
typedef struct sennit_chunk {
    const char *text; /* not terminated; valid until the document next changes */
    size_t len;       /* bytes */
    uint64_t replica; /* who wrote it; 0: it was seeded */
    uint64_t unix_ms; /* when, by the writer's clock */
} sennit_chunk;

/* Find the text from pos to the end of its chunk, without copying.
 *
 * A loop that adds each length (in the document's unit) to pos visits the
 * whole text; in bytes that is pos += chunk.len.
 *
 * Returns  SENNIT_OK, SENNIT_ERANGE (pos is at or past the end),
 *          SENNIT_EUTF8
 * Cost     O(1) right after the previous chunk, else O(log n)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_chunk(const sennit_doc *doc, size_t pos, sennit_chunk *out);

/* ------------------------------------------------------------- Editing -- */

/* Insert text at a position.
 *
 * pos      0 .. sennit_doc_len(doc)
 *
 * Returns  SENNIT_OK
 *          SENNIT_ERANGE   pos is past the end
 *          SENNIT_EUTF8    text is ill-formed (see sennit_utf8_check), or pos
 *                          lies inside a character
 *          SENNIT_ELIMIT
 * Cost     O(log n); O(1) where the last edit was
 * Source   RGA: Roh et al., JPDC 71(3), 2011; two sides: Weidner and Kleppmann,
 *          "The Art of the Fugue", 2023; see docs/ALGORITHM.md.
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_insert(sennit_doc *doc, size_t pos, const char *text, size_t len);

/* Delete n units of text from pos on.
 *
 * Returns  SENNIT_OK, SENNIT_ERANGE, SENNIT_EUTF8 (an end lies inside a
 *          character), SENNIT_ELIMIT
 * Cost     O(log n) for each stretch that one writer typed
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_delete(sennit_doc *doc, size_t pos, size_t n);

/* Delete n units from pos on and insert text there, both or neither.
 * Returns as insert and delete. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_splice(sennit_doc *doc, size_t pos, size_t n, const char *text, size_t len);

/* Make n units from pos on read as text, by edits as small as is affordable:
 * for a host that only has the whole new text, such as a file that changed.
 *
 * What did not change keeps its identity: cursors, authorship and concurrent
 * edits of others in it survive. Lines are matched first, then characters
 * within them. All the edits are made or none.
 *
 * Returns  as insert and delete
 * Cost     O((n + len) log n) plus a bounded search
 * Source   Myers, "An O(ND) Difference Algorithm", Algorithmica 1, 1986.
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_replace(sennit_doc *doc, size_t pos, size_t n, const char *text, size_t len);

/* Open a transaction: edits until sennit_doc_commit are seen by this document
 * at once, but not by its version, deltas and snapshots. Transactions do not
 * nest. While one is open, everything that would show or change more than
 * local text returns SENNIT_EBUSY (apply, delta, version, save, fork, begin).
 *
 * Returns  SENNIT_OK, SENNIT_EBUSY
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_doc_begin(sennit_doc *doc);

/* Keep the edits of the open transaction. SENNIT_EINVAL if none is open. */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_doc_commit(sennit_doc *doc);

/* Take back the edits of the open transaction: text, version, snapshot and
 * anchors are as they were at sennit_doc_begin. Needs no memory.
 * SENNIT_EINVAL if none is open. */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_doc_abort(sennit_doc *doc);

/* --------------------------------------------------------------- Units -- */

/* Convert a position from one unit to another.
 *
 * A position inside a character is taken back to its start. From
 * SENNIT_LINES, pos is a line counted from 0 and the result the start of that
 * line; to SENNIT_LINES, the result is the line in which pos lies.
 *
 * Returns  SENNIT_OK, SENNIT_ERANGE
 * Cost     O(log n)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_convert(const sennit_doc *doc, sennit_unit from, size_t pos,
                   sennit_unit to, size_t *out);

/* Find line and column (both from 0) of a position; the column is counted in
 * the document's unit. Returns SENNIT_OK, SENNIT_ERANGE. Cost O(log n). */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_line_column(const sennit_doc *doc, size_t pos, size_t *line, size_t *column);

/* Find the position of a line and column; a column past the end of the line
 * gives the end of the line. Returns SENNIT_OK, SENNIT_ERANGE (no such line).
 * Cost O(log n). */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_at_line(const sennit_doc *doc, size_t line, size_t column, size_t *pos);

/* Check that bytes are UTF-8 as every text here must be: well-formed, without
 * overlong forms and surrogates. Cut-off characters at the end are not.
 *
 * Where a call refused text with SENNIT_EUTF8, this tells where; if there is
 * nothing to find, it was the position that lay inside a character.
 *
 * bad      offset of the first character that is none, len if all is well; may
 *          be NULL
 *
 * Returns  SENNIT_OK, SENNIT_EUTF8
 * Cost     O(len)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_utf8_check(const void *text, size_t len, size_t *bad);

/* ------------------------------------------------- Versions and deltas -- */

/* A version says how many operations of each replica are known: a version
 * vector. It travels as bytes with one form per version, so equal versions
 * are equal bytes; zero bytes (NULL, 0) are the version of an empty document.
 */

/* Append the version of the document. Operations that wait for others do not
 * count. Returns SENNIT_OK, SENNIT_EBUSY. Cost O(replicas log replicas). */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_version(const sennit_doc *doc, sennit_buf *out);

/* How two versions stand to each other. */
typedef enum sennit_order {
    SENNIT_EQUAL = 0,
    SENNIT_BEFORE = 1,    /* b knows all that a knows, and more */
    SENNIT_AFTER = 2,     /* a knows all that b knows, and more */
    SENNIT_CONCURRENT = 3 /* each knows something the other does not */
} sennit_order;

/* Compare two versions. Returns SENNIT_OK, SENNIT_ECORRUPT. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_version_compare(const void *a, size_t a_len, const void *b, size_t b_len,
                       sennit_order *out);

/* Append the version of what two versions both know: the *stable* version is that of all
 * who hold a lease, and one that sennit_doc_compact may be given.
 *
 * Returns  SENNIT_OK, SENNIT_ECORRUPT (a or b is no version)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_version_meet(const void *a, size_t a_len, const void *b, size_t b_len, sennit_buf *out);

/* Step through a version: *at starts at 0 and is moved on.
 *
 * Returns  1 and fills replica and count; 0 at the end; a negative status for
 *          bytes that are no version
 */
SENNIT_API int
sennit_version_next(const void *version, size_t len, size_t *at,
                    uint64_t *replica, uint64_t *count);

/* Ids that both ends of a connection know by heart, so that deltas name a
 * replica in one byte instead of eight. Both ends start with an empty table
 * and pass each delta through in the same order; see sennit_doc_delta. */
typedef struct sennit_table sennit_table;

/* Create an empty table (alloc NULL: the C library's). Free it with
 * sennit_table_free; NULL is fine there. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_table_new(const sennit_alloc *alloc, sennit_table **out);
SENNIT_API void sennit_table_free(sennit_table *table);

/* Append all that a version lacks, as one delta.
 *
 * since    the version the receiver has; NULL, 0 for everything. It may know
 *          operations that this document does not.
 * table    NULL, or the table of the one connection this delta is sent on; ids
 *          new to it are added. The receiver must pass every such delta to
 *          sennit_doc_apply with its own table, each once and in order.
 *
 * Appends nothing if nothing is lacking. Deterministic without a table: the
 * same operations give the same bytes.
 *
 * Returns  SENNIT_OK, SENNIT_EBUSY
 *          SENNIT_ECORRUPT   since is no version
 *          SENNIT_EGONE      since is below what was compacted: send a snapshot
 * Cost     O(replicas + operations sent)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_delta(sennit_doc *doc, const void *since, size_t since_len,
                 sennit_table *table, sennit_buf *out, sennit_error *err);

#define SENNIT_OWN 1u    /* what this replica wrote */
#define SENNIT_OTHERS 2u /* what all others wrote */

/* Append the first of what a version lacks: for frames that must not be too long.
 *
 * whose    SENNIT_OWN, SENNIT_OTHERS or both
 * most     about so many bytes, more than 0; a single operation can be longer
 * then     what the receiver has once it has taken that is appended to it as a
 *          version: `since` for the next part. What since knows and this document
 *          does not is left out of it.
 *
 * Appends nothing to delta if nothing is lacking. Whoever has all that the version
 * says can take each part at once. Returns and costs as sennit_doc_delta; SENNIT_EINVAL
 * also for no such `whose`. After a failure both may have been appended to.
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_delta_part(sennit_doc *doc, const void *since, size_t since_len, unsigned whose,
                      size_t most, sennit_buf *delta, sennit_buf *then);

/* Return how many operations this replica has made. */
SENNIT_API uint64_t sennit_doc_own_count(const sennit_doc *doc);

/* Append this replica's own operations from number `from` on, as one delta:
 * what to send after an edit, with from = sennit_doc_own_count before it.
 * Otherwise as sennit_doc_delta. Cost O(operations sent). */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_own_delta(sennit_doc *doc, uint64_t from, sennit_table *table, sennit_buf *out);

/* What became of the operations in a delta. */
typedef struct sennit_applied {
    uint64_t applied; /* new, done now; earlier arrivals that could follow included */
    uint64_t known;   /* seen before */
    uint64_t parked;  /* of this delta, waiting for others: sennit_doc_next_missing */
    uint64_t dropped; /* waited in vain: refused now that their causes are known */
} sennit_applied;

/* Apply a delta, or a whole snapshot, from anywhere.
 *
 * Everything is checked before anything is done. Each replica's operations
 * that are ready are applied; those whose causes are missing are parked and
 * applied when the causes come. Receiving again what is known is harmless. Of
 * operations that wait under one id with different contents, the one that can
 * be done first counts, and the others are dropped.
 *
 * A compacted snapshot whose cut is not known here takes the place of the document's
 * operations; those that it lacks are kept. What that changes in the text is told
 * by patches.
 *
 * out      may be NULL
 *
 * Returns  SENNIT_OK         also if something was parked: see out
 *          SENNIT_ECORRUPT   err->pos says where; the delta is refused whole
 *          SENNIT_EVERSION   an operation or format of a later release
 *          SENNIT_ELINEAGE   a delta of another document
 *          SENNIT_EFORK      an operation that is known with other content
 *          SENNIT_ELIMIT     text, replicas or parking would pass a limit
 *          SENNIT_EGONE      brings back text that was dropped (sennit_doc_compact)
 *          SENNIT_EBUSY
 * Cost     O(log n) for each run of text inserted and each stretch deleted
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_apply(sennit_doc *doc, const void *delta, size_t len,
                 sennit_table *table, sennit_applied *out, sennit_error *err);

/* Step through what parked operations wait for: *at starts at 0.
 *
 * Returns  1 and fills replica and after: "send all of replica after so many
 *          operations"; 0 at the end
 */
SENNIT_API int
sennit_doc_next_missing(const sennit_doc *doc, size_t *at, uint64_t *replica, uint64_t *after);

/* What a delta or snapshot holds, read without applying it. */
typedef struct sennit_delta_info {
    uint8_t lineage[16];
    uint64_t operations;
    uint64_t changes; /* groups of operations with one author and timestamp */
    uint64_t inserted_bytes;
} sennit_delta_info;

/* Check a delta or snapshot as far as that is possible alone, and describe it.
 * One encoded with a table needs a table as sennit_doc_apply does, which is not
 * changed. Returns SENNIT_OK, SENNIT_ECORRUPT, SENNIT_EVERSION. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_delta_inspect(const void *delta, size_t len, const sennit_table *table,
                     sennit_delta_info *out, sennit_error *err);

/* Operations with one author and one timestamp. */
typedef struct sennit_change {
    uint64_t replica;
    uint64_t unix_ms;
    uint64_t first;          /* number of the first operation of that replica */
    uint64_t operations;
    uint64_t inserted_bytes;
} sennit_change;

/* Step through the changes a document knows, oldest first as they arrived
 * here: *at starts at 0. It counts changes, of which there are
 * sennit_stat.changes, so reading can begin anywhere: a page at a time, or at the
 * end. Returns 1 and fills out, or 0 at the end. Cost O(1).
 */
SENNIT_API int
sennit_doc_next_change(const sennit_doc *doc, size_t *at, sennit_change *out);

#define SENNIT_KIND_INSERT 1u
#define SENNIT_KIND_DELETE 2u
#define SENNIT_KIND_TOGGLE 4u
#define SENNIT_KIND_MARK 8u
#define SENNIT_KIND_SET 16u
#define SENNIT_KIND_REDACTION 32u

/* Somebody who must agree before new operations are taken, such as a server.
 *
 * new_change  called for each change of a delta of which something is new here,
 *          cut to what is new, before any of it shows; what will be parked
 *          included. kinds: SENNIT_KIND_... or'ed together. A status other than
 *          SENNIT_OK refuses the delta whole, and sennit_doc_admit returns it.
 *          It must not touch the document, and may be asked again about the
 *          same; the delta can still be refused for other reasons.
 *
 * A keystroke that came before the operation that it tells its time relative to
 * has as unix_ms 0 if it has the time of that one, else UINT64_MAX: unknown.
 */
typedef struct sennit_admission {
    sennit_status (*new_change)(void *self, const sennit_change *change, unsigned kinds);
    void *self;
} sennit_admission;

/* Apply a delta as sennit_doc_apply does, if `admission` (NULL: nobody) agrees. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_admit(sennit_doc *doc, const void *delta, size_t len, sennit_table *table,
                 const sennit_admission *admission, sennit_applied *out, sennit_error *err);

/* ------------------------------------------------------------- Patches -- */

/* One step from the text the host shows to the text the document has. */
typedef struct sennit_patch {
    size_t pos;       /* in the document's unit, after all earlier patches */
    size_t removed;   /* units taken away at pos */
    size_t inserted;  /* units then put there */
    const char *text; /* what was put there; valid until the document changes */
    size_t len;       /* bytes of text */
    uint64_t replica; /* whose operation it was */
    int local;        /* nonzero: made by an editing call of this document */
    int reset;        /* nonzero: too many waited, or were aborted; read the document
                         anew. removed and inserted are the old and new length,
                         text is NULL */
    int what;         /* SENNIT_PATCH_... */
    const char *name; /* of the mark or metadata; name_len bytes, valid as long as the
                         document */
    size_t name_len;
} sennit_patch;

#define SENNIT_PATCH_TEXT 0
#define SENNIT_PATCH_MARK 1 /* the text stays: from pos on, `removed` (and inserted) units
                               of it may have another value of a mark; text is NULL */
#define SENNIT_PATCH_META 2 /* the value of a key of the metadata is another */

#define SENNIT_WATCH_NOTHING 0u
#define SENNIT_WATCH_REMOTE 1u /* what sennit_doc_apply did */
#define SENNIT_WATCH_LOCAL 2u  /* what editing calls did, aborts included */
#define SENNIT_WATCH_MARKS 4u  /* of that also what was done to marks, */
#define SENNIT_WATCH_META 8u   /* and to metadata; else only text is told */

/* Choose what becomes patches from now on; drops those not yet taken. */
SENNIT_API void sennit_doc_watch(sennit_doc *doc, unsigned what);

/* Take the next patch, in the order in which things happened.
 *
 * Applying every patch in turn to the text as it was when watching began gives
 * the text of the document. Nothing is ever called back: take patches when it
 * suits you.
 *
 * Returns  1 and fills out; 0 when there is none
 * Cost     O(1)
 */
SENNIT_API int sennit_doc_next_patch(sennit_doc *doc, sennit_patch *out);

/* ------------------------------------------------------------- Anchors -- */

/* A place in the text that moves with it: a cursor, a bookmark, a comment's
 * end. It clings to one byte, deleted or not, on one side of it. A plain value:
 * copy, compare and keep it; it means the same at every replica. */
typedef struct sennit_anchor {
    uint64_t replica; /* author of the byte */
    uint64_t number;  /* place of the byte in all that author has typed */
    uint8_t side;     /* SENNIT_ANCHOR_... */
} sennit_anchor;

#define SENNIT_ANCHOR_BEFORE 0u /* clings to the character after it */
#define SENNIT_ANCHOR_AFTER 1u  /* clings to the character before it */
#define SENNIT_ANCHOR_START 2u  /* start of the document; no byte */
#define SENNIT_ANCHOR_END 3u    /* end of the document; no byte */

/* Bytes that sennit_anchor_encode appends at most. */
#define SENNIT_ANCHOR_MAX 20

/* Make an anchor for a position.
 *
 * side     SENNIT_ANCHOR_BEFORE: text typed at pos comes before the anchor;
 *          SENNIT_ANCHOR_AFTER: it comes after.
 *
 * Returns  SENNIT_OK, SENNIT_ERANGE, SENNIT_EUTF8, SENNIT_EBUSY (the text in
 *          question belongs to the open transaction)
 * Cost     O(log n)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_anchor(const sennit_doc *doc, size_t pos, unsigned side, sennit_anchor *out);

/* Find where an anchor is now. If its character was deleted, that is the place
 * where it stood.
 *
 * Returns  SENNIT_OK
 *          SENNIT_EGONE    it names text this document does not know (yet)
 *          SENNIT_EINVAL   side is none of SENNIT_ANCHOR_...
 * Cost     O(log n)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_resolve(const sennit_doc *doc, const sennit_anchor *anchor, size_t *pos);

/* Append an anchor as bytes, and read one from the first bytes of data; *used
 * (may be NULL) tells how many. Returns SENNIT_OK, SENNIT_ECORRUPT. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_anchor_encode(const sennit_anchor *anchor, sennit_buf *out);
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_anchor_decode(const void *data, size_t len, sennit_anchor *out, size_t *used);

/* ------------------------------------------------------ Names and values -- */

/* The longest name of a mark, or key of the metadata, and the longest string or data
 * of a value; in bytes. */
#define SENNIT_ATTR_NAME_MAX 255u
#define SENNIT_ATTR_VALUE_MAX 65535u

typedef enum sennit_type {
    SENNIT_NULL = 0,
    SENNIT_BOOL = 1,
    SENNIT_INT = 2,    /* 64 bits, signed */
    SENNIT_DOUBLE = 3, /* IEEE 754, any bits */
    SENNIT_STRING = 4, /* UTF-8 */
    SENNIT_DATA = 5    /* bytes */
} sennit_type;

/* A value. Only what belongs to its type is looked at. */
typedef struct sennit_value {
    sennit_type type;
    int64_t integer;  /* SENNIT_INT; SENNIT_BOOL: 0 or 1 */
    double number;    /* SENNIT_DOUBLE */
    const void *data; /* SENNIT_STRING, SENNIT_DATA: len bytes, not terminated */
    size_t len;
} sennit_value;

/* A name and its value. Where the library fills it, both are valid until the document
 * next changes. */
typedef struct sennit_attr {
    const char *name; /* UTF-8, not terminated */
    size_t name_len;
    sennit_value value;
} sennit_attr;

/* Metadata of the document, such as its title: a value for each key. What was set last
 * counts, by time and then by replica, so all replicas have the same in the end. Setting
 * and deleting are operations as edits are: they count in versions, travel in deltas,
 * can be taken back by sennit_doc_abort and belong to the steps of a sennit_undo.
 *
 * Keys are UTF-8 of 1 to SENNIT_ATTR_NAME_MAX bytes; by convention those that begin with
 * "sennit." are the library's.
 */

/* Set the value of a key.
 *
 * Returns  SENNIT_OK
 *          SENNIT_EUTF8   the key, or a string, is ill-formed
 *          SENNIT_ELIMIT  too long, or the document would pass a limit
 * Cost     O(log keys)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_meta_set(sennit_doc *doc, const char *key, size_t key_len, const sennit_value *value);

/* Let a key have no value any more; nothing is done if it has none. Returns and costs
 * as sennit_meta_set. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_meta_delete(sennit_doc *doc, const char *key, size_t key_len);

/* Find the value of a key.
 *
 * Owns     out's data is the document's, valid until it next changes
 * Returns  1 and fills out; 0 if it has none
 * Cost     O(log keys)
 */
SENNIT_API int
sennit_meta_get(const sennit_doc *doc, const char *key, size_t key_len, sennit_value *out);

/* Step through keys and values in the order of the keys' bytes: *attr is zero at first,
 * then what the call before gave. Returns 1 and fills attr; 0 at the end. Cost
 * O(log keys), and what was deleted in between. */
SENNIT_API int sennit_meta_next(const sennit_doc *doc, sennit_attr *attr);

/* --------------------------------------------------------------- Marks -- */

/* Rich text: marks with a name and a value on ranges of text.
 *
 * A character has at most one value of each name: that of the mark with the greatest
 * time which covers it, whoever set it. Marks move with the text as anchors do, and what
 * is typed inside one has it. What several may have at once on one text, such as
 * comments, needs names that differ: "comment:" and an id of its own.
 *
 * What is typed at the edge of a mark: everything typed has the marks of the character
 * before it, but for those that end there and do not grow. So a bold word grows, a
 * link does not. Nothing grows at its start, save from the start of the document. This
 * holds for local edits whatever was deleted around; so an insert may be told by
 * more than one operation in a text that has marks.
 *
 * Blocks (headings, lists) are marks named "block" on the newline that ends the line.
 * Embeds (pictures) are one character U+FFFC each, with a mark named "embed". Other
 * names and all values are the host's business.
 *
 * Marks are operations as edits are: deltas, snapshots, transactions and sennit_undo
 * have them, and undoing a mark shows what was below. A snapshot's text, and
 * sennit_doc_read, are without them.
 *
 * Source   Peritext: Litt, Lim, Kleppmann and van Hardenberg, "Peritext: A CRDT for
 *          Collaborative Rich Text Editing", CSCW 2022; see docs/ALGORITHM.md
 */

#define SENNIT_MARK_GROWS 1u /* what is typed at its end has it, too */

/* Mark n units of text from pos on, n > 0.
 *
 * value    NULL: the name has no value there any more, whatever was set before
 * flags    SENNIT_MARK_GROWS or 0. To take a mark off, use the same as for setting it.
 *
 * Returns  SENNIT_OK
 *          SENNIT_ERANGE  past the end
 *          SENNIT_EUTF8   an end lies inside a character; name or string ill-formed
 *          SENNIT_ELIMIT  too long, or the document would pass a limit
 * Cost     O(log n + log marks)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_mark_add(sennit_doc *doc, size_t pos, size_t n, const char *name, size_t name_len,
                const sennit_value *value, unsigned flags);

/* Let the line that pos is in be a block, or with value NULL be none: mark its newline.
 * For the last line, which has none, that is the key SENNIT_META_LAST_BLOCK of the
 * metadata. Returns SENNIT_OK, SENNIT_ERANGE, SENNIT_EUTF8, SENNIT_ELIMIT. Cost
 * O(log n + log marks). */
#define SENNIT_META_LAST_BLOCK "sennit.block"
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_mark_block(sennit_doc *doc, size_t pos, const sennit_value *value);

/* Insert a newline at pos that has the block of the line it splits, so that both halves
 * have it. Returns as sennit_doc_insert. */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_mark_split(sennit_doc *doc, size_t pos);

/* Insert an embed at pos. Returns as sennit_doc_insert and sennit_mark_add. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_mark_embed(sennit_doc *doc, size_t pos, const sennit_value *value);

/* A stretch of text with the same marks. */
typedef struct sennit_run {
    size_t pos, len;          /* in the document's unit */
    const sennit_attr *marks; /* by the bytes of their names; valid until the next call
                                 for these runs, or until the document changes */
    size_t marks_len;
} sennit_run;

typedef struct sennit_runs sennit_runs;

/* Begin to read n units from pos on as runs, which are as long as can be.
 *
 * Owns     *out is the caller's: sennit_runs_free. It is good until the document
 *          changes; after that it can only be freed, before the document is.
 * Returns  SENNIT_OK, SENNIT_ERANGE, SENNIT_EUTF8 (an end lies inside a character)
 * Cost     O(log n + log marks) for each mark that begins before pos and covers it
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_mark_runs(const sennit_doc *doc, size_t pos, size_t n, sennit_runs **out);

/* Take the next run. Together they are the range, without gaps.
 *
 * Returns  1 and fills out; 0 at the end; SENNIT_ENOMEM
 * Cost     O(spans of text in the run), and O(marks at the place) for each mark that
 *          begins or ends in it
 */
SENNIT_API int sennit_runs_next(sennit_runs *runs, sennit_run *out);
SENNIT_API void sennit_runs_free(sennit_runs *runs);

/* --------------------------------------------- Identity, clock, rebase -- */

/* Return how many operations of a replica are known; those of the open
 * transaction do not count. Cost O(1). */
SENNIT_API uint64_t sennit_doc_known(const sennit_doc *doc, uint64_t replica);

/* Digest the first operations of a replica: equal digests, equal operations, so
 * that a copy of this replica which went another way is found out. It finds
 * accidents; against forgery there is SENNIT_EFORK.
 *
 * counts   n of them, none less than the one before; digests[i] is that of the
 *          first counts[i] operations, text and times included, as docs/FORMAT.md
 *          defines it
 *
 * Returns  SENNIT_OK
 *          SENNIT_EINVAL  counts do not ascend
 *          SENNIT_ERANGE  more than are known
 *          SENNIT_EGONE   a count below what was compacted, other than 0
 * Cost     O(operations of the replica): one pass for all counts
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_digest(const sennit_doc *doc, uint64_t replica, const uint64_t *counts, size_t n,
                  uint64_t *digests);

/* Digest the *shape* of the first operations of a replica: as sennit_doc_digest, with
 * every byte that was typed, and of values, as NUL. Times and places are in it, and two
 * copies do not type at the same moments; so it tells where they part below what was
 * compacted or redacted, where there is no digest any more. docs/PROTOCOL.md, "Forks".
 *
 * Returns  SENNIT_OK, SENNIT_EINVAL, SENNIT_ERANGE, as sennit_doc_digest
 * Cost     O(operations of the replica): one pass for all counts
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_digest_shapes(const sennit_doc *doc, uint64_t replica, const uint64_t *counts, size_t n,
                         uint64_t *digests);

/* Correct the host's clock by so many milliseconds in every
 * sennit_doc_set_time from now on. Forks inherit it; it is not saved. */
SENNIT_API void sennit_doc_set_clock_offset(sennit_doc *doc, int64_t offset_ms);

/* Give own operations that were never given out (in a delta, snapshot or fork; a
 * snapshot that was opened counts) a new time, all of them alike: for a host that
 * learns that its clock was ahead. It is also as if sennit_doc_set_time had been
 * called with unix_ms, but for the offset.
 *
 * The time becomes unix_ms, or what follows the latest operation that is known
 * here but for them, if that is later.
 *
 * Returns  SENNIT_OK      also if there are none
 *          SENNIT_EBUSY
 *          SENNIT_ECLOCK  own operations that were given out are later than
 *                         unix_ms and hold the others up: wait, or
 *                         sennit_doc_rebase
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_restamp(sennit_doc *doc, uint64_t unix_ms);

/* What a rebase did: operation `from` on, and byte `from_byte` on, of replica
 * `old` are now operations 0 on, and bytes 0 on, of replica `renewed`. */
typedef struct sennit_rebased {
    uint64_t old, renewed;
    uint64_t from, from_byte;
    uint64_t operations, bytes; /* so many; see sennit_doc_rebase */
} sennit_rebased;

/* Take back this replica's operations from number `from` on, and issue them
 * again under a new replica id, which it edits under from then on: the one way
 * out when they can never be accepted as they are, because another copy of this
 * replica went its own way, a permission was lost or a time is beyond repair.
 *
 * Their time becomes the document's, or what follows the latest operation that is
 * left, if that is later; later ones do not hold the clock up any more.
 *
 * The text stays as it is where nobody else wrote at the same place at the same
 * time. What others made of the operations taken back is parked, since it may
 * mean those of the other copy; so what they typed goes from the text until
 * theirs come. Own text inside it stays, behind what is left of its neighbours;
 * of own deletes of it nothing can be issued again, so there may be fewer
 * operations than before. Anchors in own text: sennit_anchor_rebase.
 *
 * Patches that were not taken yet become one that says: read the document anew;
 * else what changed is told as remote.
 *
 * from     at most sennit_doc_own_count; if it is that, only the id changes. Inside
 *          a character it is taken back to its start. Operations before it stay
 *          with the old id, where nobody can issue them anew: they should be such
 *          as were accepted for good.
 * out      may be NULL
 *
 * Returns  SENNIT_OK, SENNIT_ERANGE, SENNIT_EBUSY, SENNIT_ELIMIT, SENNIT_EINVAL (no
 *          source of randomness), SENNIT_EGONE (from is below what was compacted)
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_rebase(sennit_doc *doc, uint64_t from, sennit_rebased *out);

/* The same, but text that was deleted by operations before `from`, and brought back since,
 * is typed anew where it stands: the way out when somebody has dropped that text for good
 * and refuses what brings it back (SENNIT_EGONE, see "Compaction").
 *
 * Toggles that switched such deletes off are left out. What was visible by them alone
 * becomes this replica's own text, behind the operations that `out` tells of: its author
 * and the anchors in it are others than before. Marks and metadata from before `from` that
 * were taken back since are taken off anew, by newer ones.
 *
 * Returns  as sennit_doc_rebase
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_retype(sennit_doc *doc, uint64_t from, sennit_rebased *out);

/* Move an anchor along with a rebase. */
SENNIT_API void sennit_anchor_rebase(const sennit_rebased *rebased, sennit_anchor *anchor);

/* Drop another replica's operations from number `from` on, parked ones included:
 * its author has issued them anew.
 *
 * What others made of them is parked. What this replica itself made of them cannot
 * wait: its operations that were not accepted yet are rebased, as if by
 * sennit_doc_rebase; inside the dropped text they keep their place if the new
 * operations are known here already.
 *
 * renewed   the id they were issued anew under; 0: unknown
 * accepted  so many own operations were accepted for good
 * out       may be NULL. What was rebased; nothing if `renewed` is `old`.
 *
 * Returns  as sennit_doc_rebase; SENNIT_EINVAL also for this replica's own id and
 *          for 0; SENNIT_OK also if there are no such operations
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_void(sennit_doc *doc, uint64_t replica, uint64_t from, uint64_t renewed,
                uint64_t accepted, sennit_rebased *out);

/* ---------------------------------------------------------- Compaction -- */

/* Drop the bytes of text that was deleted up to a version, and of metadata and marks
 * that newer ones took the place of: for good, and here only.
 *
 * All else stays, the ids of what was dropped included: anchors, authorship, edits of
 * others who know more or less, and text, marks and metadata as they are. What is not
 * possible any more: to tell the operations below the cut (sennit_doc_delta), what the
 * text was before it, and to bring back by an undo what had been deleted by then, or to
 * take back a mark or a value of metadata from then. Each gives SENNIT_EGONE. Snapshots
 * stay compacted.
 *
 * cut      a version. What it counts that is not known here is left out, and inside
 *          a character it is taken back to its start. Cuts only rise: to what was
 *          dropped before, this adds. It should be known to all who still write, and
 *          none of them should take back a deletion, a mark or a value below it any
 *          more, for those who compacted could not follow. Whoever comes back with less gets a
 *          snapshot, which sennit_doc_apply takes.
 *
 * Returns  SENNIT_OK, SENNIT_EBUSY, SENNIT_ECORRUPT (cut is no version)
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_compact(sennit_doc *doc, const void *cut, size_t cut_len, sennit_error *err);

/* Append the version that the document was compacted to: nothing if it was not.
 * Cost O(replicas log replicas). */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_doc_cut(const sennit_doc *doc, sennit_buf *out);

/* ----------------------------------------------------------- Redaction -- */

/* Erase deleted text: for good, and in every replica that hears of it.
 *
 * In its place come stand-ins, for each character one of as many bytes: U+001A,
 * U+0080, U+FFFE or U+1FFFE. Ids, anchors and authorship stay; texts of earlier
 * versions show stand-ins, so that positions in them stay right. No undo brings the
 * text back, and none takes the redaction back. It is an ordinary operation of this
 * replica, which counts in versions and travels in deltas: whoever applies it
 * overwrites the bytes, and from then on saves and sends stand-ins only.
 *
 * What it does not do: it does not reach bytes that were given out before (deltas and
 * snapshots in files, logs, backups) until they are written anew; sennitd stores a
 * document anew at its next tick, in place of all that its database held of it, which the
 * next checkpoint overwrites. Copies in SQLite's journal go as that is written over, and
 * with it when the server ends. Names and values of marks and metadata stay. How many bytes
 * each character had can still be seen. And of the operations up to the redacted ones
 * there is no digest any more (sennit_doc_digest), so that a replica whose text was
 * redacted, and whose disk was copied, is found out when its operations meet.
 *
 * version   of a time when the text was there, as in "History"
 * pos, n    where, in the document's unit
 *
 * Returns  SENNIT_OK, also if all of it is redacted already
 *          SENNIT_EINVAL  some of it is still in the text, or is so again: nothing is
 *                         redacted
 *          SENNIT_ERANGE, SENNIT_EUTF8, SENNIT_ELIMIT
 *          SENNIT_ECORRUPT, SENNIT_EGONE, SENNIT_EBUSY as in "History"
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_redact(sennit_doc *doc, const void *version, size_t version_len, size_t pos, size_t n,
                  sennit_error *err);

/* Redact all text of one replica that is deleted now.
 *
 * Returns  SENNIT_OK, also if there is none; SENNIT_ELIMIT, SENNIT_EBUSY
 * Cost     O(what it inserted, log n)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_redact_all(sennit_doc *doc, uint64_t replica, sennit_error *err);

/* ---------------------------------------------------------------- Undo -- */

/* Undo and redo of one user in one document.
 *
 * Local edits become steps while it exists. A new step begins with the first edit
 * after a pause or after sennit_undo_break; a transaction is never cut.
 *
 * What is taken back is what this user did and nothing else: what others typed
 * in between stays, what others deleted stays deleted. Text is never written
 * anew. Undoing an insert deletes it. Undoing a delete switches that delete off,
 * so the same bytes are back, with their authors and all anchors on them. All of
 * this is done by ordinary operations of this replica: they count in versions,
 * travel in deltas and become local patches.
 *
 * Steps move along when own operations are issued anew (sennit_doc_rebase, _void),
 * and so does what they remember as selected. A step of which only a part was
 * issued anew becomes two.
 *
 * A document may have several. Each takes note of all local edits, unless it is
 * told to look away (sennit_undo_track); what one of them takes back is no edit
 * to the others.
 *
 * Source   docs/ALGORITHM.md, "Deletes, toggles, and undo"
 */
typedef struct sennit_undo sennit_undo;

typedef struct sennit_undo_options {
    size_t size;       /* sizeof(sennit_undo_options); members are only ever added */
    uint64_t pause_ms; /* an edit so long after the last begins a step, by the times of
                          sennit_doc_set_time; 0 means 1,000 */
    size_t depth;      /* steps to keep, undone ones included; beyond that the oldest
                          is forgotten. 0 means 1,000 */
} sennit_undo_options;

/* Begin to keep steps.
 *
 * options  NULL: the defaults
 *
 * Owns     *out is the caller's: sennit_undo_free, also if the document is freed
 *          before it; every call below then returns SENNIT_EINVAL. It takes its
 *          memory by the document's allocator.
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_undo_new(sennit_doc *doc, const sennit_undo_options *options, sennit_undo **out);

/* Free it; NULL is fine. Cannot fail. */
SENNIT_API void sennit_undo_free(sennit_undo *undo);

/* End the step: the next edit begins a new one. */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_undo_break(sennit_undo *undo);

/* Take note of local edits (on nonzero, as at first) or look away: what is edited
 * meanwhile is not this user's. For hosts that edit for several, or of their own
 * accord. Ends the step. */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_undo_track(sennit_undo *undo, int on);

/* Tell what is selected: any number of anchors, such as two for each cursor.
 *
 * To be called whenever that changes other than by an edit. A step remembers
 * what was selected when it began; undoing gives that back, and keeps what is
 * selected now for redoing.
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_undo_select(sennit_undo *undo, const sennit_anchor *anchors, size_t n);

/* Return what was selected last or given back since. Owns: valid until the next
 * call for this undo. */
SENNIT_API const sennit_anchor *sennit_undo_selection(const sennit_undo *undo, size_t *n);

/* Take back the last step that was not taken back; do again the one that was taken
 * back last. An edit ends redoing: what was taken back by then stays so.
 *
 * Where somebody decided otherwise since, their word stands. So a step can come
 * to nothing, which is no failure.
 *
 * Returns  SENNIT_OK
 *          SENNIT_ERANGE   there is no such step
 *          SENNIT_EGONE    it deleted text, or was made of operations, that are
 *                          not here any more: the step is dropped, and nothing
 *                          else is changed
 *          SENNIT_ELIMIT
 *          SENNIT_EBUSY    a transaction is open
 * Cost     O(log n) for each operation of the step and each stretch of text that
 *          comes or goes
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_undo_undo(sennit_undo *undo);
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_undo_redo(sennit_undo *undo);

/* Return how many steps can be taken back, and done again. Cost O(1). */
SENNIT_API size_t sennit_undo_can_undo(const sennit_undo *undo);
SENNIT_API size_t sennit_undo_can_redo(const sennit_undo *undo);

/* Take back what some replicas did, whoever they are, between two versions.
 *
 * replicas  n ids; NULL means all there are
 * since     a version; operations that it counts are left alone
 * until     a version, or NULL: up to now. What it does not count is left alone.
 *           Both may count what this document does not know.
 *
 * That is a step of its own, and the last: undoing it brings all of it back. If
 * there is nothing to take back, nothing is changed.
 *
 * Returns  SENNIT_OK
 *          SENNIT_ECORRUPT  since or until is no version
 *          SENNIT_EGONE     some of it deleted text that is not here any more
 *          SENNIT_ELIMIT, SENNIT_EBUSY
 * Cost     O(replicas + operations) as sennit_undo_undo
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_undo_range(sennit_undo *undo, const uint64_t *replicas, size_t n,
                  const void *since, size_t since_len, const void *until, size_t until_len);

/* Append all steps, and go on with them after a restart, in the document that was
 * saved with SENNIT_SAVE_IDENTITY at that time or later. Steps that name what the
 * document does not know are left out. For this device only: the form may change
 * with any release.
 *
 * Returns  SENNIT_OK
 *          SENNIT_EBUSY      a transaction is open (save)
 *          SENNIT_ECORRUPT   damaged; err says where (load)
 *          SENNIT_EVERSION   of another release (load)
 *          SENNIT_ELINEAGE   of another document (load)
 * Owns     *out as in sennit_undo_new
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status sennit_undo_save(sennit_undo *undo, sennit_buf *out);
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_undo_load(sennit_doc *doc, const sennit_undo_options *options, const void *data, size_t len,
                 sennit_undo **out, sennit_error *err);

/* ------------------------------------------------------------- History -- */

/* The text as it was. A version says when: what sennit_doc_version gave at that
 * time, what a peer has told, or one of the two calls below. Versions may come
 * from anywhere. Every call that takes one may return
 *
 *     SENNIT_ECORRUPT  it is no version
 *     SENNIT_EGONE     it counts operations that are not known here, or text of
 *                      that time was dropped (sennit_doc_compact)
 *     SENNIT_EBUSY     a transaction is open
 *
 * sennit_doc_next_change lists the changes.
 */

/* Append the version of all changes with a time up to unix_ms, each of them
 * whole. Times are the authors'; a change never names a later one, so this is a
 * version that some replica could have had. Returns SENNIT_OK, SENNIT_EBUSY.
 * Cost O(replicas log changes). */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_history_at(const sennit_doc *doc, uint64_t unix_ms, sennit_buf *out);

/* Append the versions just before and just after a change, all changes taken in
 * the order of their times: what is between them is what the change did.
 *
 * at       where sennit_doc_next_change had moved to when it gave the change
 *
 * Returns  SENNIT_OK, SENNIT_EBUSY, SENNIT_ERANGE (no such change)
 * Cost     O(replicas log changes)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_history_change(const sennit_doc *doc, size_t at, sennit_buf *before, sennit_buf *after);

/* Append the text at a version. Cost O(document and its history); of the history
 * a bit for each byte, so that 100 KB typed over months take a millisecond. */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_history_text(const sennit_doc *doc, const void *version, size_t len, sennit_buf *out);

/* What leads from the text at one version to that at another, in any direction. */
typedef struct sennit_diff sennit_diff;

/* Compare the texts at two versions, by what became of each character and not by
 * how they look: text that was deleted and typed again is not the same.
 *
 * Owns     *out is the caller's: sennit_diff_free. It is whole in itself: what
 *          happens to the document does not matter to it.
 * Cost     as sennit_history_text
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_history_diff(const sennit_doc *doc, const void *from, size_t from_len,
                    const void *to, size_t to_len, sennit_diff **out);

/* Take the next patch, from the start of the text to its end. Applied in turn to
 * the one text they give the other. In a sennit_patch here, replica is who wrote
 * what came or went; text is valid until sennit_diff_free.
 *
 * Returns  1 and fills out; 0 when there is none
 */
SENNIT_API int sennit_diff_next(sennit_diff *diff, sennit_patch *out);
SENNIT_API void sennit_diff_free(sennit_diff *diff);

/* A stretch of the text that one replica wrote at one time. */
typedef struct sennit_blame {
    size_t pos, len;  /* in the document's unit */
    uint64_t replica; /* who wrote it; 0: it was seeded */
    uint64_t unix_ms; /* when, by the writer's clock */
} sennit_blame;

/* Step through who wrote what from *pos on, up to end: *pos is moved on. What one
 * replica wrote at one time and stands together is one stretch.
 *
 * Returns  1 and fills out; 0 at the end; SENNIT_ERANGE (end is past the end of
 *          the text), SENNIT_EUTF8 (*pos or end lies inside a character)
 * Cost     O(log n) and O(1) for each span of the stretch
 */
SENNIT_API int
sennit_history_blame(const sennit_doc *doc, size_t *pos, size_t end, sennit_blame *out);

/* Edit the text as it was at a version: take n units at pos away and put text
 * there, as sennit_doc_splice, for somebody who has seen that version and nothing
 * later. It is done to the text of now: what was deleted since is not deleted
 * again, what was typed since stays, and the text goes behind the character it
 * was to follow.
 *
 * landed   may be NULL. Where that is in the text of now: the start of what was
 *          inserted.
 *
 * Returns  SENNIT_OK, SENNIT_ERANGE and SENNIT_EUTF8 (pos and n in the text of that
 *          version, or text), SENNIT_ELIMIT
 * Cost     as sennit_history_text
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_history_splice(sennit_doc *doc, const void *version, size_t version_len, size_t pos, size_t n,
                      const char *text, size_t len, size_t *landed);

/* One edit of a text: so much taken away at a place, and something put there. */
typedef struct sennit_edit {
    size_t pos, removed;
    const char *text; /* len bytes of UTF-8 */
    size_t len;
} sennit_edit;

/* Make several such edits, all or none. Each counts in the text of that version, as
 * if it were the only one; of those at one place the first stands first.
 *
 * unit     of their places and lengths; any but SENNIT_LINES
 *
 * Returns  as sennit_history_splice; SENNIT_EINVAL (no such unit)
 * Cost     as sennit_history_text, n times
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_history_edit(sennit_doc *doc, const void *version, size_t version_len, sennit_unit unit,
                    const sennit_edit *edits, size_t n);

/* ------------------------------------------------------ Check and dump -- */

/* How large a document is inside. */
typedef struct sennit_stat {
    uint64_t heap_bytes;     /* everything the document has allocated */
    uint64_t visible_bytes;  /* of text */
    uint64_t inserted_bytes; /* of text, deleted included */
    uint64_t spans;          /* stretches of text in the tree */
    uint64_t operations;
    uint64_t changes;
    uint64_t replicas;       /* that have written something */
    uint64_t parked;         /* operations waiting */
    uint64_t parked_bytes;   /* memory they take */
} sennit_stat;

/* Measure a document. Cost O(replicas + spans). */
SENNIT_API void sennit_doc_stat(const sennit_doc *doc, sennit_stat *out);

/* Recompute every sum, order and index, and compare.
 *
 * Returns  SENNIT_OK
 *          SENNIT_ECORRUPT   an invariant does not hold: err->what names it as
 *                            docs/INTERNALS.md does, err->pos the place. This
 *                            is a defect of sennit or of the memory.
 * Cost     O(document and its history)
 */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_check(const sennit_doc *doc, sennit_error *err);

/* Append a readable dump: spans in document order, operations of each replica.
 * It names ids and never addresses, so dumps of two replicas can be compared;
 * replicas that know the same operations give the same dump. Meant for people;
 * the form may change. Cost O(document and its history). */
SENNIT_API SENNIT_MUST_CHECK sennit_status
sennit_doc_dump(const sennit_doc *doc, sennit_buf *out);

#ifdef __cplusplus
}
#endif
#endif
