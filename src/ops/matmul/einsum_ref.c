/* Einsum: for each output element the sum of products over all labels that the output lacks, in double or wrapping
 * 64-bit integers. */
#include "base/dtype.h"
#include "ops/block.h"
#include "ops/matmul/einsum.h"
#include "ops/matmul/panel.h"
#include "ops/registry.h"

typedef struct digit {
    int64_t size, step[HN_EINSUM_OPERANDS]; /* elements that each operand moves */
} digit;

typedef struct contraction {
    int n, n_out, n_sum;
    digit out[HONE_MAX_RANK], sum[HN_EINSUM_LABELS];
    void *data[HN_EINSUM_OPERANDS]; /* doubles or uint64_t */
    int64_t at[HN_EINSUM_OPERANDS]; /* element of each operand that the walk is at */
} contraction;

static void label_sizes(const hn_call *call, const hn_einsum *e, int64_t *size) {
    for (int label = 0; label < HN_EINSUM_LABELS; label++) size[label] = 1;
    for (int i = 0; i < e->n; i++)
        for (int d = 0; d < e->term[i].rank; d++)
            if (call->in[i]->dim[d] != 1) size[e->term[i].label[d]] = call->in[i]->dim[d];
}

/* A label that an operand repeats walks its diagonal; a dimension of 1 stands still. */
static digit digit_of(const hn_call *call, const hn_einsum *e, int label, int64_t size) {
    digit out = {.size = size};
    for (int i = 0; i < e->n; i++)
        for (int d = 0; d < e->term[i].rank; d++)
            if (e->term[i].label[d] == label && call->in[i]->dim[d] != 1) out.step[i] += call->in[i]->stride[d];
    return out;
}

static void plan(const hn_call *call, const hn_einsum *e, contraction *c) {
    int64_t size[HN_EINSUM_LABELS];
    bool kept[HN_EINSUM_LABELS] = {false};
    label_sizes(call, e, size);
    c->n = e->n;
    for (int d = 0; d < e->out.rank; d++) {
        kept[e->out.label[d]] = true;
        c->out[c->n_out++] = digit_of(call, e, e->out.label[d], size[e->out.label[d]]);
    }
    for (int label = 0; label < HN_EINSUM_LABELS; label++)
        if (!kept[label] && size[label] != 1) c->sum[c->n_sum++] = digit_of(call, e, label, size[label]);
}

/* Next index of the digits, last one fastest; false after the last index, with the walk back at its begin. */
static bool advance(contraction *c, const digit *digits, int n, int64_t *index) {
    for (int d = n - 1; d >= 0; d--) {
        const bool more = ++index[d] < digits[d].size;
        const int64_t move = more ? 1 : 1 - digits[d].size;
        for (int i = 0; i < c->n; i++) c->at[i] += move * digits[d].step[i];
        if (more) return true;
        index[d] = 0;
    }
    return false;
}

#define DEFINE_SUM(suffix, type)                                                                                       \
    static type sum_##suffix(contraction *c) {                                                                         \
        int64_t index[HN_EINSUM_LABELS] = {0};                                                                         \
        type sum = 0;                                                                                                  \
        do {                                                                                                           \
            type product = 1;                                                                                          \
            for (int i = 0; i < c->n; i++) product *= ((const type *)c->data[i])[c->at[i]];                            \
            sum += product;                                                                                            \
        } while (advance(c, c->sum, c->n_sum, index));                                                                 \
        return sum;                                                                                                    \
    }
DEFINE_SUM(f64, double)
DEFINE_SUM(u64, uint64_t)

static hone_status load(hn_call *call, contraction *c, bool integer) {
    for (int i = 0; i < c->n; i++) {
        const int64_t count = hn_tensor_count(call->in[i]);
        HN_TRY_ALLOC(c->data[i] = hn_panel_scratch(call, count));
        for (int64_t at = 0; at < count; at += HN_BLOCK) {
            const int n = count - at < HN_BLOCK ? (int)(count - at) : HN_BLOCK;
            if (integer) hn_block_load_u64((uint64_t *)c->data[i] + at, call->in[i], at, n);
            else hn_block_load_f64((double *)c->data[i] + at, call->in[i], at, n);
        }
    }
    return HONE_OK;
}

static bool sums_nothing(const contraction *c) {
    for (int d = 0; d < c->n_sum; d++)
        if (c->sum[d].size == 0) return true;
    return false;
}

hone_status hn_ops_ref_einsum(hn_call *call) {
    hn_tensor *out = call->out[0];
    hn_einsum e;
    contraction c = {0};
    int rank[HN_EINSUM_OPERANDS];
    int64_t index[HONE_MAX_RANK] = {0}, at = 0;
    if (!out || hn_tensor_count(out) == 0) return HONE_OK;
    for (int i = 0; i < call->n_in && i < HN_EINSUM_OPERANDS; i++) rank[i] = call->in[i]->rank;
    HN_TRY(hn_einsum_read(call->attrs, call->n_in, rank, &e, call->diag));
    plan(call, &e, &c);
    const bool integer = hn_dtype_is_int(out->dtype), nothing = sums_nothing(&c);
    if (!nothing) HN_TRY(load(call, &c, integer));
    do {
        const double real = integer || nothing ? 0 : sum_f64(&c);
        const uint64_t whole = integer && !nothing ? sum_u64(&c) : 0;
        if (integer) hn_block_store_u64(out, at++, &whole, 1);
        else hn_block_store_f64(out, at++, &real, 1);
    } while (advance(&c, c.out, c.n_out, index));
    return HONE_OK;
}
