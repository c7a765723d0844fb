/* Reference of StringNormalizer: leaves words out, changes the case of the rest. Text is UTF-8; bytes that are no UTF-8
 * stay as they are. */
#include <locale.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>
#include "ops/registry.h"

enum { UTF8_MOST = 4 };

/* Code point at the start of `text` and its bytes; a byte that begins none stands for itself (-1). */
static int read_point(hn_bytes text, int32_t *point) {
    const unsigned char *at = (const unsigned char *)text.data;
    const int n = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    *point = -1;
    if (!n || (size_t)n > text.n || at[0] > 0xf4) return 1;
    int32_t value = n == 1 ? at[0] : at[0] & (0x7f >> n);
    for (int i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) return 1;
        value = value << 6 | (at[i] & 0x3f);
    }
    *point = value;
    return n;
}

static int write_point(int32_t point, char *to) {
    if (point < 0x80) return to[0] = (char)point, 1;
    const int n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, point >>= 6) to[i] = (char)(0x80 | (point & 0x3f));
    to[0] = (char)((0xf00 >> n) & 0xff) | (char)point;
    return n;
}

typedef enum letter_case { KEEP, LOWER, UPPER } letter_case;

/* `text` in the other case; UTF-8 of another length is possible. */
static hone_status change_case(hn_arena *arena, locale_t locale, letter_case wanted, hn_bytes text, hn_bytes *out) {
    *out = text;
    if (wanted == KEEP || !text.n) return HONE_OK;
    if (text.n > SIZE_MAX / UTF8_MOST) return HONE_OUT_OF_MEMORY;
    char *to = hn_arena_alloc_aligned(arena, text.n * UTF8_MOST, 1);
    HN_TRY_ALLOC(to);
    *out = (hn_bytes){to, 0};
    while (text.n) {
        int32_t point;
        const int n = read_point(text, &point);
        if (point < 0) to[out->n++] = *text.data;
        else
            out->n += (size_t)write_point(
                (int32_t)(wanted == LOWER ? towlower_l((wint_t)point, locale) : towupper_l((wint_t)point, locale)),
                to + out->n);
        text = (hn_bytes){text.data + n, text.n - (size_t)n};
    }
    return HONE_OK;
}

static bool same(hn_bytes a, hn_bytes b) { return a.n == b.n && (!a.n || memcmp(a.data, b.data, a.n) == 0); }

typedef struct normalizer {
    locale_t locale;
    letter_case wanted;
    bool exact; /* stop words are compared as they are written */
    const hn_bytes *stop;
    uint32_t n_stop;
} normalizer;

static hone_status is_stopped(hn_call *call, const normalizer *n, hn_bytes text, bool *out) {
    hn_bytes folded;
    HN_TRY(change_case(call->scratch, n->locale, n->exact ? KEEP : LOWER, text, &folded));
    *out = false;
    for (uint32_t i = 0; i < n->n_stop && !*out; i++) {
        hn_bytes stop;
        HN_TRY(change_case(call->scratch, n->locale, n->exact ? KEEP : LOWER, n->stop[i], &stop));
        *out = same(folded, stop);
    }
    return HONE_OK;
}

static hone_status normalize(hn_call *call, const normalizer *n) {
    const hn_tensor *in = call->in[0];
    const hn_bytes *text = in->data;
    const int64_t count = hn_tensor_count(in);
    hn_bytes *kept = HN_NEW_ARRAY(call->scratch, hn_bytes, count + 1);
    int64_t n_kept = 0, dim[2] = {1, 1};
    HN_TRY_ALLOC(kept);
    for (int64_t i = 0; i < count; i++) {
        bool stopped;
        HN_TRY(is_stopped(call, n, text[i], &stopped));
        if (!stopped) HN_TRY(change_case(call->lasting, n->locale, n->wanted, text[i], &kept[n_kept++]));
    }
    if (!n_kept) kept[n_kept++] = (hn_bytes){"", 0}; /* nothing left: one empty string */
    dim[in->rank - 1] = n_kept;
    HN_TRY(call->resize(call, 0, in->rank, dim));
    if (call->out[0]) memcpy(call->out[0]->data, kept, (size_t)n_kept * sizeof *kept);
    return HONE_OK;
}

hone_status hn_ops_ref_string_normalizer(hn_call *call) {
    const hn_attr *stop = hn_attrs_find(call->attrs, "stopwords");
    normalizer n = {.exact = hn_attrs_int(call->attrs, "is_case_sensitive", 0) != 0};
    if (hn_attrs_text_is(call->attrs, "case_change_action", "NONE", "LOWER")) n.wanted = LOWER;
    if (hn_attrs_text_is(call->attrs, "case_change_action", "NONE", "UPPER")) n.wanted = UPPER;
    if (stop && stop->kind == HN_ATTR_STRINGS) n.stop = stop->strings, n.n_stop = stop->n;
    if (call->in[0]->rank == 2 && call->in[0]->dim[0] != 1)
        HN_FAIL(call->diag, HONE_INVALID_ARGUMENT, "the input has %lld rows, one is allowed",
                (long long)call->in[0]->dim[0]);
    n.locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!n.locale)
        HN_FAIL(call->diag, HONE_UNSUPPORTED, "the system has no locale C.UTF-8, which tells upper from lower case");
    const hone_status status = normalize(call, &n);
    freelocale(n.locale);
    return status;
}
