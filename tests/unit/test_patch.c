#include "core/doc/patch.h"

#include "support/cm.h"
#include "support/failmem.h"

typedef struct queue {
    failmem fm;
    sn_mem mem;
    sn_patches patches;
} queue;

static void queue_init(queue *q, size_t most)
{
    *q = (queue){.patches = {.max = most}};
    sennit_alloc alloc = failmem_at(&q->fm, 0);
    sn_mem_init(&q->mem, &alloc);
    sn_patches_start(&q->patches, SENNIT_WATCH_LOCAL, 0);
}

static void queue_free(queue *q)
{
    sn_patches_free(&q->patches, &q->mem);
    assert_int_equal(q->fm.live, 0);
}

static void come(queue *q, uint32_t pos, uint32_t at, uint32_t n)
{
    sn_patches_add(&q->patches, &q->mem,
                   &(sn_step){.pos = pos, .inserted = n, .text_of = 1, .at = at, .len = n,
                              .replica = 1, .local = true});
}

static void go(queue *q, uint32_t pos, uint32_t n)
{
    sn_patches_add(&q->patches, &q->mem,
                   &(sn_step){.pos = pos, .removed = n, .replica = 1, .local = true});
}

static void steps_that_go_on_are_joined(void **state)
{
    (void)state;
    queue q;

    queue_init(&q, 10);
    come(&q, 5, 0, 1);
    come(&q, 6, 1, 2);
    assert_int_equal(q.patches.len, 1);
    assert_int_equal(q.patches.steps[0].inserted, 3);
    go(&q, 7, 1); /* backspace */
    go(&q, 6, 1);
    assert_int_equal(q.patches.len, 2);
    assert_int_equal(q.patches.steps[1].pos, 6);
    assert_int_equal(q.patches.steps[1].removed, 2);
    go(&q, 6, 3); /* and what follows */
    assert_int_equal(q.patches.steps[1].removed, 5);
    queue_free(&q);
}

static void steps_that_do_not_go_on_stay_apart(void **state)
{
    (void)state;
    queue q;

    queue_init(&q, 20);
    come(&q, 5, 0, 1);
    come(&q, 7, 1, 1); /* elsewhere */
    come(&q, 8, 9, 1); /* other text */
    go(&q, 8, 1);
    go(&q, 3, 2); /* neither ends nor begins where the last was */
    sn_patches_add(&q.patches, &q.mem, &(sn_step){.pos = 3, .removed = 1, .replica = 2});
    sn_patches_add(&q.patches, &q.mem, &(sn_step){.pos = 3, .removed = 1, .replica = 2,
                                                  .local = true});
    assert_int_equal(q.patches.len, 7);
    queue_free(&q);
}

static void what_was_taken_is_not_joined_to(void **state)
{
    (void)state;
    queue q;

    queue_init(&q, 10);
    come(&q, 0, 0, 1);
    q.patches.taken = 1;
    come(&q, 1, 1, 1);
    assert_int_equal(q.patches.len - q.patches.taken, 1);
    assert_int_equal(q.patches.steps[q.patches.taken].pos, 1);
    assert_int_equal(q.patches.steps[q.patches.taken].inserted, 1);
    queue_free(&q);
}

static void too_many_steps_become_a_reset(void **state)
{
    (void)state;
    queue q;

    queue_init(&q, 3);
    for (uint32_t i = 0; i < 3; i++)
        come(&q, 10 * i, 100 * i, 1);
    assert_false(q.patches.reset);
    come(&q, 21, 201, 1); /* joined, so not too many */
    assert_false(q.patches.reset);
    come(&q, 0, 900, 1);
    assert_true(q.patches.reset);
    come(&q, 0, 901, 1);
    assert_true(q.patches.reset);
    sn_patches_start(&q.patches, SENNIT_WATCH_REMOTE, 77);
    assert_false(q.patches.reset);
    assert_int_equal(q.patches.len, 0);
    assert_int_equal(q.patches.shown, 77);
    queue_free(&q);
}

static void a_step_without_memory_becomes_a_reset(void **state)
{
    (void)state;
    queue q;

    queue_init(&q, 10);
    q.fm.fail_at = 1;
    come(&q, 0, 0, 1);
    assert_true(q.fm.fired);
    assert_true(q.patches.reset);
    queue_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_that_go_on_are_joined),
        cmocka_unit_test(steps_that_do_not_go_on_stay_apart),
        cmocka_unit_test(what_was_taken_is_not_joined_to),
        cmocka_unit_test(too_many_steps_become_a_reset),
        cmocka_unit_test(a_step_without_memory_becomes_a_reset),
    };

    return RUN_TESTS(tests);
}
