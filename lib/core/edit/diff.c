#include "core/edit/diff.h"

#define DIFF_NONE (INT32_MIN / 2) /* leaves room for subtracting a diagonal */
#define DIFF_MID (SN_DIFF_COST + 2) /* index of diagonal 0 */

/* A part of both sequences that is still to be compared. */
typedef struct diff_box {
    size_t a, b;       /* where it begins */
    int32_t n, m;      /* how long it is; positions below are relative */
} diff_box;

typedef struct diff_point {
    int32_t x, y;
} diff_point;

/* How far a path on diagonal k can go on from the two beside it. */
static int32_t diff_reach(const int32_t *v, int32_t k)
{
    int32_t down = v[DIFF_MID + k + 1], right = v[DIFF_MID + k - 1];

    if (right != DIFF_NONE && right + 1 > down)
        return right + 1;
    return down;
}

static bool diff_equal(const sn_diff *d, const diff_box *box, int32_t x, int32_t y, bool backward)
{
    if (backward)
        return d->a[box->a + (size_t)(box->n - 1 - x)] == d->b[box->b + (size_t)(box->m - 1 - y)];
    return d->a[box->a + (size_t)x] == d->b[box->b + (size_t)y];
}

/* Extend all paths of one direction by one edit. Returns true and the point where
 * a path met one of the other direction, if that has come so far. */
static bool diff_step(sn_diff *d, const diff_box *box, int32_t cost, bool backward, bool may_meet,
                      diff_point *met)
{
    int32_t *v = backward ? d->back : d->forth;
    const int32_t *other = backward ? d->forth : d->back;
    int32_t delta = box->n - box->m, other_cost = backward ? cost : cost - 1;

    v[DIFF_MID + cost + 1] = v[DIFF_MID - cost - 1] = DIFF_NONE;
    for (int32_t k = -cost; k <= cost; k += 2) {
        int32_t x = cost == 0 ? 0 : diff_reach(v, k), y = x - k;

        if (x == DIFF_NONE || x > box->n || y > box->m || y < 0) {
            v[DIFF_MID + k] = DIFF_NONE;
            continue;
        }
        while (x < box->n && y < box->m && diff_equal(d, box, x, y, backward)) {
            x++;
            y++;
        }
        v[DIFF_MID + k] = x;
        int32_t facing = delta - k;
        if (!may_meet || facing < -other_cost || facing > other_cost ||
            other[DIFF_MID + facing] == DIFF_NONE || x + other[DIFF_MID + facing] < box->n)
            continue;
        *met = backward ? (diff_point){box->n - x, box->m - y} : (diff_point){x, y};
        return true;
    }
    return false;
}

/* The forward path that came farthest. */
static diff_point diff_farthest(const sn_diff *d, int32_t cost)
{
    diff_point best = {0, 0};

    for (int32_t k = -cost; k <= cost; k += 2) {
        int32_t x = d->forth[DIFF_MID + k];

        if (x != DIFF_NONE && x + x - k > best.x + best.y)
            best = (diff_point){x, x - k};
    }
    return best;
}

/* A point that a short path goes through. */
static diff_point diff_middle(sn_diff *d, const diff_box *box)
{
    bool odd = (box->n - box->m) & 1;
    diff_point met;

    for (int32_t cost = 0; cost <= SN_DIFF_COST; cost++) {
        if (diff_step(d, box, cost, false, odd, &met) || diff_step(d, box, cost, true, !odd, &met))
            return met;
    }
    return diff_farthest(d, SN_DIFF_COST);
}

static void diff_trim(const sn_diff *d, diff_box *box)
{
    while (box->n > 0 && box->m > 0 && d->a[box->a] == d->b[box->b]) {
        box->a++;
        box->b++;
        box->n--;
        box->m--;
    }
    while (box->n > 0 && box->m > 0 && diff_equal(d, box, 0, 0, true)) {
        box->n--;
        box->m--;
    }
}

/* Recurses into the part that was searched, which halves the edits each time,
 * and loops over the rest. */
static void diff_compare(sn_diff *d, diff_box box)
{
    for (;;) {
        diff_trim(d, &box);
        diff_point p = {0, 0};
        if (box.n > 0 && box.m > 0)
            p = diff_middle(d, &box);
        if ((p.x == 0 && p.y == 0) || (p.x == box.n && p.y == box.m)) {
            memset(d->gone + box.a, 1, (size_t)box.n);
            memset(d->come + box.b, 1, (size_t)box.m);
            return;
        }
        diff_compare(d, (diff_box){box.a, box.b, p.x, p.y});
        box.a += (size_t)p.x;
        box.b += (size_t)p.y;
        box.n -= p.x;
        box.m -= p.y;
    }
}

void sn_diff_run(sn_diff *d, size_t n, size_t m)
{
    SN_ASSERT(n <= INT32_MAX / 2 && m <= INT32_MAX / 2);
    diff_compare(d, (diff_box){0, 0, (int32_t)n, (int32_t)m});
}
