/* Plans whose blocks lie inside one another: as deep as the runtime may recurse, and not a level deeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "plan/plan_verify.h"

enum { MOST = HN_MAX_NESTING + 40 };

/* Block i holds one If, whose branches are block i + 1 and an empty one; the innermost block is empty. Steps of bodies
 * come first. */
static hone_status verify(int levels, hn_diag *diag) {
    static const char strings[] = "\0If";
    static const uint8_t profile[sizeof(hn_plan_profile)];
    static hn_plan_block block[2 * MOST + 1];
    static hn_plan_step step[MOST];
    static uint32_t arg[4 * MOST];
    const hn_plan_value value[] = {{.dtype = HONE_BOOL, .source = HN_SOURCE_INPUT, .storage = HN_STORAGE_CALLER},
                                   {.dtype = HONE_BOOL, .source = HN_SOURCE_STEP, .storage = HN_STORAGE_HEAP}};
    memset(block, 0, sizeof block);
    memset(step, 0, sizeof step);
    for (int i = 0; i < levels; i++) {
        const uint32_t at = (uint32_t)(levels - 1 - i), body = (uint32_t)i + 1;
        memcpy(&arg[4 * at], (uint32_t[]){1, 2, body, (uint32_t)levels + body}, 4 * sizeof *arg);
        block[i] = (hn_plan_block){.first_step = at, .n_steps = 1};
        step[at] = (hn_plan_step){
            .op = 1, .fused = 1, .kind = HN_STEP_IF, .args = 4 * at, .n_in = 1, .n_out = 1, .n_block = 2};
    }
    const hn_plan plan = {.strings = strings,
                          .n_strings = sizeof strings,
                          .profiles = profile,
                          .n_profile = 1,
                          .value = value,
                          .n_value = 2,
                          .arg = arg,
                          .n_arg = (uint32_t)(4 * levels),
                          .step = step,
                          .n_step = (uint32_t)levels,
                          .block = block,
                          .n_block = (uint32_t)(2 * levels) + 1};
    return hn_plan_verify(&plan, diag);
}

static void nesting_is_limited(void **state) {
    (void)state;
    hn_diag diag;
    hn_diag_init(&diag, NULL);
    assert_int_equal(verify(1, &diag), HONE_OK);
    assert_int_equal(verify(HN_MAX_NESTING, &diag), HONE_OK);
    assert_int_equal(diag.n, 0);
    assert_int_equal(verify(HN_MAX_NESTING + 1, &diag), HONE_MALFORMED);
    assert_non_null(strstr(diag.at[0].text, "nested more than 64 levels deep"));
    assert_int_equal(verify(MOST, &diag), HONE_MALFORMED);
    hn_diag_free(&diag);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nesting_is_limited)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
