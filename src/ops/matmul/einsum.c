/* Reading the equation of Einsum. */
#include "ops/matmul/einsum.h"

static int label_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    return c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1;
}

/* Counts letters and ellipses of one term; every other character but the space is refused. */
static hone_status count_term(hn_bytes text, int *letters, int *ellipses, hn_diag *diag) {
    *letters = *ellipses = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.data[i];
        if (c == ' ') continue;
        if (label_of(c) >= 0) ++*letters;
        else if (c == '.' && i + 2 < text.n && text.data[i + 1] == '.' && text.data[i + 2] == '.') {
            ++*ellipses;
            i += 2;
        } else HN_FAIL(diag, HONE_INVALID_MODEL, "attribute equation: character 0x%02x is no label", (unsigned char)c);
        if (*ellipses > 1) HN_FAIL(diag, HONE_INVALID_MODEL, "attribute equation: a term has more than one ellipsis");
        if (*letters > HONE_MAX_RANK)
            HN_FAIL(diag, HONE_UNSUPPORTED, "attribute equation: a term has more than %d labels", HONE_MAX_RANK);
    }
    return HONE_OK;
}

/* Labels of a term whose ellipsis stands for the last `own` of `ellipsis` broadcast dimensions. */
static hone_status label_term(hn_einsum_term *term, int own, int ellipsis, hn_diag *diag) {
    term->rank = 0;
    for (size_t i = 0; i < term->text.n; i++) {
        const char c = term->text.data[i];
        const int count = c == ' ' ? 0 : c == '.' ? own : 1;
        if (term->rank + count > HONE_MAX_RANK)
            HN_FAIL(diag, HONE_UNSUPPORTED, "attribute equation: a term has more than %d labels", HONE_MAX_RANK);
        for (int k = 0; k < count; k++)
            term->label[term->rank++] = (int8_t)(c == '.' ? HN_EINSUM_LETTERS + ellipsis - own + k : label_of(c));
        if (c == '.') i += 2;
    }
    return HONE_OK;
}

/* Splits off what stands before the next comma. */
static hn_bytes next_term(hn_bytes *rest) {
    size_t n = 0;
    while (n < rest->n && rest->data[n] != ',') n++;
    const hn_bytes term = {rest->data, n};
    const size_t used = n < rest->n ? n + 1 : n;
    *rest = (hn_bytes){rest->data + used, rest->n - used};
    return term;
}

static hone_status split_terms(hn_bytes left, int n, hn_einsum *out, hn_diag *diag) {
    size_t commas = 0;
    for (size_t i = 0; i < left.n; i++) commas += left.data[i] == ',';
    if (commas + 1 != (size_t)n)
        HN_FAIL(diag, HONE_INVALID_MODEL, "attribute equation has %zu terms for %d operands", commas + 1, n);
    for (out->n = 0; out->n < n; out->n++) out->term[out->n].text = next_term(&left);
    return HONE_OK;
}

/* Dimensions that the ellipsis of a term stands for; -1 when the operand's rank is unknown, 0 without an ellipsis. */
static hone_status ellipsis_of(const hn_einsum *e, int i, int rank, int *own, hn_diag *diag) {
    int letters, ellipses;
    HN_TRY(count_term(e->term[i].text, &letters, &ellipses, diag));
    *own = ellipses == 0 ? 0 : rank < 0 ? -1 : rank - letters;
    if (rank >= 0 && (ellipses ? rank < letters : rank != letters))
        HN_FAIL(diag, HONE_INVALID_MODEL, "attribute equation: term %d has %d labels for an operand of rank %d", i,
                letters, rank);
    return HONE_OK;
}

/* Without an arrow: the ellipsis, then the labels that occur once. */
static void implicit_output(hn_einsum *e, int ellipsis) {
    int seen[HN_EINSUM_LETTERS] = {0};
    for (int i = 0; i < e->n; i++)
        for (size_t k = 0; k < e->term[i].text.n; k++) {
            const int label = label_of(e->term[i].text.data[k]);
            if (label >= 0) seen[label]++;
        }
    e->out.rank = 0;
    for (int k = 0; k < ellipsis; k++) e->out.label[e->out.rank++] = (int8_t)(HN_EINSUM_LETTERS + k);
    for (int label = 0; label < HN_EINSUM_LETTERS; label++)
        if (seen[label] == 1 && e->out.rank < HONE_MAX_RANK) e->out.label[e->out.rank++] = (int8_t)label;
}

static bool occurs(const hn_einsum *e, char letter) {
    for (int i = 0; i < e->n; i++)
        for (size_t k = 0; k < e->term[i].text.n; k++)
            if (e->term[i].text.data[k] == letter) return true;
    return false;
}

/* Labels of the output occur in operands, once each in the output. */
static hone_status check_output(const hn_einsum *e, hn_bytes text, hn_diag *diag) {
    uint64_t seen = 0;
    for (size_t i = 0; i < text.n; i++) {
        const int label = label_of(text.data[i]);
        if (label < 0) continue;
        if (seen >> label & 1 || !occurs(e, text.data[i]))
            HN_FAIL(diag, HONE_INVALID_MODEL, "attribute equation: output label '%c' %s", text.data[i],
                    seen >> label & 1 ? "is repeated" : "occurs in no operand");
        seen |= UINT64_C(1) << label;
    }
    return HONE_OK;
}

/* `ellipsis` -1: its size is not known. */
static hone_status label_output(hn_einsum *e, bool is_explicit, int ellipsis, hn_diag *diag) {
    int letters, ellipses;
    e->out.rank = -1;
    if (!is_explicit) {
        if (ellipsis >= 0) implicit_output(e, ellipsis);
        return HONE_OK;
    }
    HN_TRY(count_term(e->out.text, &letters, &ellipses, diag));
    HN_TRY(check_output(e, e->out.text, diag));
    if (ellipses && ellipsis < 0) return HONE_OK;
    return label_term(&e->out, ellipses ? ellipsis : 0, ellipsis, diag);
}

static hone_status label_all(hn_einsum *e, const int *rank, bool is_explicit, hn_diag *diag) {
    int own[HN_EINSUM_OPERANDS], ellipsis = 0;
    bool known = true;
    for (int i = 0; i < e->n; i++) {
        HN_TRY(ellipsis_of(e, i, rank[i], &own[i], diag));
        known &= own[i] >= 0;
        if (own[i] > ellipsis) ellipsis = own[i];
    }
    for (int i = 0; i < e->n; i++) {
        e->term[i].rank = -1;
        if (rank[i] >= 0) HN_TRY(label_term(&e->term[i], own[i], ellipsis, diag));
    }
    return label_output(e, is_explicit, known ? ellipsis : -1, diag);
}

hone_status hn_einsum_read(hn_attrs attrs, int n, const int *rank, hn_einsum *out, hn_diag *diag) {
    const hn_attr *equation = hn_attrs_find(attrs, "equation");
    if (!equation || equation->kind != HN_ATTR_STRING)
        HN_FAIL(diag, HONE_INVALID_MODEL, "attribute equation is missing");
    if (n < 1 || n > HN_EINSUM_OPERANDS)
        HN_FAIL(diag, HONE_UNSUPPORTED, "%d operands; allowed: 1 to %d", n, HN_EINSUM_OPERANDS);
    hn_bytes left = equation->s;
    size_t arrow = 0;
    while (arrow + 1 < left.n && !(left.data[arrow] == '-' && left.data[arrow + 1] == '>')) arrow++;
    const bool is_explicit = arrow + 1 < left.n;
    *out = (hn_einsum){.n = n};
    if (is_explicit) {
        out->out.text = (hn_bytes){left.data + arrow + 2, left.n - arrow - 2};
        left.n = arrow;
    }
    HN_TRY(split_terms(left, n, out, diag));
    return label_all(out, rank, is_explicit, diag);
}
