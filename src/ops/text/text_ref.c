/* References of StringConcat and StringSplit. Pieces share the text of their input. */
#include <string.h>
#include "ops/broadcast.h"
#include "ops/registry.h"

/* ---- StringConcat ---- */

static hone_status join(hn_call *call, hn_bytes a, hn_bytes b, hn_bytes *out) {
    size_t n;
    if (__builtin_add_overflow(a.n, b.n, &n)) return HONE_OUT_OF_MEMORY;
    char *text = hn_arena_alloc_aligned(call->lasting, n, 1);
    HN_TRY_ALLOC(text);
    if (a.n) memcpy(text, a.data, a.n);
    if (b.n) memcpy(text + a.n, b.data, b.n);
    *out = (hn_bytes){text, n};
    return HONE_OK;
}

hone_status hn_ops_ref_string_concat(hn_call *call) {
    const hn_bytes *a = call->in[0]->data, *b = call->in[1]->data;
    if (!call->out[0]) return HONE_OK;
    hn_bytes *out = call->out[0]->data;
    hn_broadcast w;
    for (bool more = hn_broadcast_begin(&w, call->out[0], call->in, 2); more; more = hn_broadcast_next(&w))
        for (int i = 0; i < w.length; i++)
            HN_TRY(join(call, a[w.at[0] + i * w.step[0]], b[w.at[1] + i * w.step[1]], &out[w.out + i]));
    return HONE_OK;
}

/* ---- StringSplit ---- */

typedef struct splitter {
    hn_bytes delimiter; /* n 0: runs of white space */
    int64_t most;       /* splits; -1: any number */
} splitter;

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void skip_space(hn_bytes *text) {
    while (text->n && is_space(*text->data)) text->data++, text->n--;
}

/* Length of the text in front of the next separator. */
static size_t piece_length(const splitter *s, hn_bytes text) {
    size_t n = 0;
    if (!s->delimiter.n) {
        while (n < text.n && !is_space(text.data[n])) n++;
        return n;
    }
    const char *found = text.n ? memmem(text.data, text.n, s->delimiter.data, s->delimiter.n) : NULL;
    return found ? (size_t)(found - text.data) : text.n;
}

/* Splits `text`; writes the pieces when `out` is given. Returns their number. */
static int64_t split(const splitter *s, hn_bytes text, hn_bytes *out) {
    int64_t n = 0;
    if (!s->delimiter.n) skip_space(&text);
    if (!s->delimiter.n && !text.n) return 0;
    for (;;) {
        const size_t length = s->most >= 0 && n >= s->most ? text.n : piece_length(s, text);
        if (out) out[n] = (hn_bytes){text.data, length};
        n++;
        if (length == text.n) return n;
        const size_t gap = s->delimiter.n ? s->delimiter.n : 1;
        text = (hn_bytes){text.data + length + gap, text.n - length - gap};
        if (s->delimiter.n) continue;
        skip_space(&text);
        if (!text.n) return n;
    }
}

hone_status hn_ops_ref_string_split(hn_call *call) {
    const hn_tensor *in = call->in[0];
    const hn_bytes *text = in->data;
    const hn_attr *delimiter = hn_attrs_find(call->attrs, "delimiter");
    const splitter s = {delimiter ? delimiter->s : (hn_bytes){0}, hn_attrs_int(call->attrs, "maxsplit", -1)};
    const int64_t count = hn_tensor_count(in);
    int64_t longest = 0, dim[HONE_MAX_RANK];
    for (int64_t i = 0; i < count; i++) {
        const int64_t n = split(&s, text[i], NULL);
        if (n > longest) longest = n;
    }
    memcpy(dim, in->dim, (size_t)in->rank * sizeof *dim);
    dim[in->rank] = longest;
    HN_TRY(call->resize(call, 0, in->rank + 1, dim));
    if (call->n_out > 1) HN_TRY(call->resize(call, 1, in->rank, in->dim));
    hn_bytes *pieces = call->out[0] ? call->out[0]->data : NULL;
    int64_t *counts = call->n_out > 1 && call->out[1] ? call->out[1]->data : NULL;
    for (int64_t i = 0; i < count; i++) {
        const int64_t n = split(&s, text[i], pieces ? pieces + i * longest : NULL);
        for (int64_t k = n; pieces && k < longest; k++) pieces[i * longest + k] = (hn_bytes){"", 0};
        if (counts) counts[i] = n;
    }
    return HONE_OK;
}
