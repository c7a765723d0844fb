/* Reference of RegexFullMatch with PCRE2, which understands what RE2 does. All its memory is the call's scratch. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include "ops/registry.h"

/* Steps and bytes after which a pattern is refused rather than tried further: it backtracks without end. */
enum { MATCH_LIMIT = 10000000, HEAP_LIMIT_KIB = 65536 };

static void *take(size_t size, void *arena) { return hn_arena_alloc_aligned(arena, size, 16); }

static void leave(void *memory, void *arena) { (void)memory, (void)arena; }

static hone_status explain(hn_call *call, int code, const char *what, size_t place) {
    PCRE2_UCHAR text[128];
    if (code == PCRE2_ERROR_NOMEMORY) return HONE_OUT_OF_MEMORY;
    if (pcre2_get_error_message(code, text, sizeof text) < 0) text[0] = 0;
    HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "%s: %s (at character %zu)", what, (const char *)text, place);
}

static hone_status match_all(hn_call *call, const pcre2_code *code, pcre2_match_data *data,
                             pcre2_match_context *limits) {
    const hn_tensor *in = call->in[0];
    const hn_bytes *text = in->data;
    uint8_t *out = call->out[0] ? call->out[0]->data : NULL;
    for (int64_t i = 0, n = hn_tensor_count(in); i < n; i++) {
        const PCRE2_SPTR at = (PCRE2_SPTR)(text[i].n ? text[i].data : "");
        const int found = pcre2_match(code, at, text[i].n, 0, 0, data, limits);
        if (found < 0 && found != PCRE2_ERROR_NOMATCH &&
            !(found >= PCRE2_ERROR_UTF8_ERR21 && found <= PCRE2_ERROR_UTF8_ERR1))
            return explain(call, found, "the pattern cannot be matched", (size_t)i);
        if (out) out[i] = found >= 0;
    }
    return HONE_OK;
}

hone_status hn_ops_ref_regex_full_match(hn_call *call) {
    const hn_bytes pattern = hn_attrs_find(call->attrs, "pattern")->s;
    int error = PCRE2_ERROR_NOMEMORY;
    PCRE2_SIZE place = 0;
    pcre2_general_context *memory = pcre2_general_context_create(take, leave, call->scratch);
    pcre2_compile_context *rules = memory ? pcre2_compile_context_create(memory) : NULL;
    HN_TRY_ALLOC(rules);
    const pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.data : ""), pattern.n,
                                           PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &place, rules);
    if (!code) return explain(call, error, "attribute pattern", place);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, memory);
    pcre2_match_context *limits = pcre2_match_context_create(memory);
    if (!data || !limits) return HONE_OUT_OF_MEMORY;
    (void)pcre2_set_match_limit(limits, MATCH_LIMIT);
    (void)pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    return match_all(call, code, data, limits);
}
