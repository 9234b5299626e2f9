/* Damage to marks and metadata is found, and called by its name. */
#include "core/rich/mark_index.h"

#include "support/rich.h"
#include "support/stage.h"

#include <string.h>

typedef struct notes {
    sennit_doc *doc;
    sn_notes *of;   /* this replica's: two marks and a set */
    sn_mark *first;
} notes;

static notes open_notes(stage *s)
{
    const sennit_value one = {.type = SENNIT_INT, .integer = 1};
    notes n = {.doc = stage_doc(s, 1, "abcdef")};

    rich_mark(n.doc, 0, 5, "strong", 1);
    rich_mark(n.doc, 1, 3, "link", 1);
    assert_ok(sennit_meta_set(n.doc, "key", 3, &one));
    n.of = n.doc->who.replicas[n.doc->me].notes;
    n.first = (sn_mark *)n.of->list[0].note;
    doc_check(n.doc);
    return n;
}

/* The check fails and begins with a name; then the damage is taken back. */
static void found(notes *n, void *at, const void *was, size_t len, const char *name)
{
    sennit_error err = {SENNIT_OK, 0, ""};

    assert_int_equal(sennit_doc_check(n->doc, &err), SENNIT_ECORRUPT);
    assert_int_equal(strncmp(err.what, name, strlen(name)), 0);
    memcpy(at, was, len);
    doc_check(n->doc);
}

#define DAMAGE(n, what, other, name)                   \
    do {                                               \
        __typeof__(what) was_ = (what);                \
                                                       \
        (what) = (other);                              \
        found((n), &(what), &was_, sizeof was_, name); \
    } while (0)

static void a_note_that_is_not_as_the_log_says_is_n1(void **state)
{
    notes n = open_notes(*state);

    DAMAGE(&n, n.of->list_len, 2, "N1");
    DAMAGE(&n, n.of->list[1].seq, 7, "N1");
    DAMAGE(&n, n.of->bytes[0], 200, "N1");
    DAMAGE(&n, n.first->note.value, 1, "N1");
    DAMAGE(&n, n.first->note.hlc, 1, "N1");
}

static void a_note_that_stands_wrongly_is_n2(void **state)
{
    notes n = open_notes(*state);

    DAMAGE(&n, n.first->note.stands, false, "N2");
    DAMAGE(&n, n.doc->book.edges, NULL, "N2");
}

static void wrong_sums_are_n3(void **state)
{
    notes n = open_notes(*state);

    DAMAGE(&n, n.doc->book.bytes, n.doc->book.bytes + 1, "N3");
    DAMAGE(&n, n.doc->book.newest, SN_ROOT_CHANGE, "N3");
}

static void a_wrong_index_of_marks_is_named_by_what_is_wrong(void **state)
{
    notes n = open_notes(*state);
    sn_edge *root = n.doc->book.edges;
    sn_edge *child = root->left != NULL ? root->left : root->right;

    DAMAGE(&n, n.first->start.number, 4, "K1");
    DAMAGE(&n, child->rank, UINT32_MAX, "K2");
    DAMAGE(&n, root->furthest, NULL, "K3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(a_note_that_is_not_as_the_log_says_is_n1),
        STAGE_TEST(a_note_that_stands_wrongly_is_n2),
        STAGE_TEST(wrong_sums_are_n3),
        STAGE_TEST(a_wrong_index_of_marks_is_named_by_what_is_wrong),
    };

    return RUN_TESTS(tests);
}
