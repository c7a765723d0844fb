/* Reference of RegexFullMatch with PCRE2, after its pattern was read as RE2's. All its memory is the call's scratch. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <math.h>
#include <pcre2.h>

#include "ops/registry.h"
#include "ops/text/regex_syntax.h"

/* Steps and bytes after which PCRE2's backtracking is given up for its other matcher, which follows all ways at once.
 * That one compares the states of a place with one another: their number is kept so small that a text costs SLOW_STEPS
 * at most. */
enum { MATCH_LIMIT = 1000000, HEAP_LIMIT_KIB = 65536, LEAST_STATES = 100, MOST_STATES = 20000, INTS_OF_A_STATE = 8 };
static const double SLOW_STEPS = 4e9;

static void *take(size_t size, void *arena) { return hn_arena_alloc_aligned(arena, size, 16); }

static void leave(void *memory, void *arena) { (void)memory, (void)arena; }

/* `where` is printed with the number `place`. */
static hone_status explain(hn_call *call, int code, const char *what, const char *where, size_t place) {
    PCRE2_UCHAR text[128];
    if (code == PCRE2_ERROR_NOMEMORY) return HONE_OUT_OF_MEMORY;
    if (pcre2_get_error_message(code, text, sizeof text) < 0) text[0] = 0;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "%s: %s (%s %zu)", what, (const char *)text, where, place);
}

static const pcre2_code *compile(hn_call *call, pcre2_general_context *memory, bool grouped, hone_status *status) {
    hn_bytes pattern;
    int error = PCRE2_ERROR_NOMEMORY;
    PCRE2_SIZE place = 0;
    pcre2_compile_context *rules = pcre2_compile_context_create(memory);
    *status = hn_regex_from_re2(call->scratch, hn_attrs_find(call->attrs, "pattern")->s, grouped, &pattern, call->diag);
    if (*status == HONE_OK && !rules) *status = HONE_OUT_OF_MEMORY;
    if (*status != HONE_OK) return NULL;
    (void)pcre2_set_newline(rules, PCRE2_NEWLINE_LF);
    const pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.n,
                                           PCRE2_UTF | PCRE2_ANCHORED | PCRE2_DOLLAR_ENDONLY, &error, &place, rules);
    if (!code) {
        const int shown = (int)(pattern.n < 200 ? pattern.n : 200);
        const char *where = hn_arena_format(call->scratch, "'%.*s' at byte", shown, pattern.data);
        *status = where ? explain(call, error, "attribute pattern", where, place) : HONE_OUT_OF_MEMORY;
    }
    return code;
}

typedef struct matcher {
    pcre2_general_context *memory;
    const pcre2_code *code, *grouped; /* `grouped` and `states` after backtracking failed: for all ways at once */
    int *states;
    pcre2_match_data *data;
    pcre2_match_context *limits;
} matcher;

static hone_status prepare_slow(hn_call *call, matcher *m) {
    hone_status status = HONE_OUT_OF_MEMORY;
    m->states = HN_NEW_ARRAY(call->scratch, int, MOST_STATES *INTS_OF_A_STATE);
    m->grouped = m->states ? compile(call, m->memory, true, &status) : NULL;
    return m->grouped ? HONE_OK : status;
}

static int match_slowly(const matcher *m, PCRE2_SPTR text, size_t n) {
    const double fitting = sqrt(SLOW_STEPS / (double)(n + 1));
    const size_t states = fitting < LEAST_STATES ? LEAST_STATES : fitting > MOST_STATES ? MOST_STATES : (size_t)fitting;
    return pcre2_dfa_match(m->grouped, text, n, 0, 0, m->data, m->limits, m->states, states * INTS_OF_A_STATE);
}

static hone_status match(hn_call *call, matcher *m, PCRE2_SPTR text, size_t n, int *found) {
    *found = m->grouped ? PCRE2_ERROR_MATCHLIMIT : pcre2_match(m->code, text, n, 0, 0, m->data, m->limits);
    if (*found != PCRE2_ERROR_MATCHLIMIT && *found != PCRE2_ERROR_DEPTHLIMIT && *found != PCRE2_ERROR_HEAPLIMIT)
        return HONE_OK;
    if (!m->grouped) HN_TRY(prepare_slow(call, m));
    *found = match_slowly(m, text, n);
    return HONE_OK;
}

static hone_status match_all(hn_call *call, matcher *m) {
    const hn_tensor *in = call->in[0];
    const hn_bytes *text = in->data;
    uint8_t *out = call->out[0] ? call->out[0]->data : NULL;
    for (int64_t i = 0, n = hn_tensor_count(in); i < n; i++) {
        int found;
        HN_TRY(match(call, m, (PCRE2_SPTR)(text[i].n ? text[i].data : ""), text[i].n, &found));
        if (found < 0 && found != PCRE2_ERROR_NOMATCH &&
            !(found >= PCRE2_ERROR_UTF8_ERR21 && found <= PCRE2_ERROR_UTF8_ERR1))
            return explain(call, found, "the pattern cannot be matched", "at element", (size_t)i);
        if (out) out[i] = found >= 0;
    }
    return HONE_OK;
}

hone_status hn_ops_ref_regex_full_match(hn_call *call) {
    hone_status status = HONE_OUT_OF_MEMORY;
    pcre2_general_context *memory = pcre2_general_context_create(take, leave, call->scratch);
    HN_TRY_ALLOC(memory);
    matcher m = {.memory = memory, .code = compile(call, memory, false, &status)};
    if (!m.code) return status;
    m.data = pcre2_match_data_create_from_pattern(m.code, memory);
    m.limits = pcre2_match_context_create(memory);
    if (!m.data || !m.limits) return HONE_OUT_OF_MEMORY;
    (void)pcre2_set_match_limit(m.limits, MATCH_LIMIT);
    (void)pcre2_set_heap_limit(m.limits, HEAP_LIMIT_KIB);
    return match_all(call, &m);
}
