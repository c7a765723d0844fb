/* What the printer and the parser of the text form agree on. The grammar stands in print.c. */
#ifndef HN_IR_HIR_TEXT_H
#define HN_IR_HIR_TEXT_H

#include "ir/graph.h"

#define HN_HIR_VERSION "hir 1"
/* Constants of more elements print as a seed. */
#define HN_HIR_INLINE 64

/* Characters of names that stand without quotes. */
static inline bool hn_hir_is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '-' || c == '$';
}

/* Fills a dense tensor of more than HN_HIR_INLINE elements with small numbers that follow from the seed. No strings. */
void hn_hir_seed_fill(hn_tensor *t, uint64_t seed);
/* The seed that `t` was filled from; a hash of its bytes for any other tensor. So text that was read prints the same.
 */
uint64_t hn_hir_seed_of(const hn_tensor *t);

/* ---- reading (parse.c, parse_tensor.c, parse_number.c) ---- */

/* Text being read into a model. */
typedef struct hn_hir_reader {
    hn_model *model;
    const char *text, *at; /* ends with NUL */
    hn_arena scratch;
    hn_map values; /* by name */
    int depth;     /* of graphs */
    size_t filled; /* bytes of constants made from seeds */
    hn_diag *diag;
} hn_hir_reader;

/* HONE_MALFORMED with the line in the message. */
hone_status hn_hir_fault(const hn_hir_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Skip white space and comments, then take the character or the whole word if it comes next. */
bool hn_hir_take(hn_hir_reader *r, char c);
bool hn_hir_take_word(hn_hir_reader *r, const char *word);
/* As hn_hir_take, a fault when it does not come. */
hone_status hn_hir_expect(hn_hir_reader *r, char c);
hone_status hn_hir_name(hn_hir_reader *r, const char **out);
hone_status hn_hir_quoted(hn_hir_reader *r, hn_bytes *out);
/* The characters of a number (letters, digits, signs, point); n is 0 when none comes. */
hn_bytes hn_hir_token(hn_hir_reader *r);
hone_status hn_hir_dims(hn_hir_reader *r, hn_dim *out, int max, int *n);

/* A type with the shape of a tensor: *type NULL for "?". */
hone_status hn_hir_type(hn_hir_reader *r, const hn_type **type, hn_shape *shape);
/* Type, shape and elements; the bytes live in the model's arena. */
hone_status hn_hir_tensor(hn_hir_reader *r, hn_tensor *out);
/* "{" attributes "}" if they come. */
hone_status hn_hir_attrs(hn_hir_reader *r, hn_attrs *out);

/* Numbers as the printer writes them, the same in every locale. Nothing but the number may stand in `text`. */
bool hn_hir_integer(hn_bytes text, bool *negative, uint64_t *magnitude);
bool hn_hir_int64(hn_bytes text, int64_t *out);
bool hn_hir_real(hn_bytes text, double *out);

#endif
