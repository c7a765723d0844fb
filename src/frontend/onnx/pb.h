/* Bounded reader of the protobuf wire format over memory: no copies, no recursion, every length checked.
 *
 * A message is a list of fields (number, wire type, payload). hn_pb_next walks it; hn_pb_read fills a struct by a table
 * of rules; hn_pb_numbers walks the elements of a repeated number, packed or not. Submessages stay spans until somebody
 * reads them, so nesting is bounded by the callers. Groups, which ONNX never uses, are refused. */
#ifndef HN_FRONTEND_ONNX_PB_H
#define HN_FRONTEND_ONNX_PB_H

#include "base/diag.h"
#include "base/str.h"
#include "base/growable.h"

typedef enum hn_pb_wire { HN_PB_VARINT = 0, HN_PB_FIXED64 = 1, HN_PB_LENGTH = 2, HN_PB_FIXED32 = 5 } hn_pb_wire;

/* What every read needs: where the file begins (for offsets in messages), memory for lists, the list of faults. */
typedef struct hn_pb {
    const uint8_t *base;
    hn_arena *arena;
    hn_diag *diag;
} hn_pb;

typedef struct hn_pb_field {
    uint32_t number; /* 0: end of the message */
    hn_pb_wire wire;
    uint64_t value;    /* of VARINT, FIXED64 and FIXED32 */
    hn_bytes bytes;    /* of LENGTH */
    const uint8_t *at; /* its tag */
} hn_pb_field;

typedef struct hn_pb_reader {
    const uint8_t *at, *end;
} hn_pb_reader;

/* Offset of a pointer into the file. */
uint64_t hn_pb_offset(const hn_pb *pb, const void *at);
hn_pb_reader hn_pb_open(hn_bytes message);
/* The next field, or number 0 at the end. HONE_MALFORMED with offsets in the text. */
HONE_MUST_USE hone_status hn_pb_next(const hn_pb *pb, hn_pb_reader *reader, hn_pb_field *field);

/* Lists that hn_pb_read fills; their memory is the arena of hn_pb. */
typedef hn_vec(hn_bytes) hn_pb_list;
typedef hn_vec(int64_t) hn_pb_ints;
typedef hn_vec(float) hn_pb_floats;

/* First member of every struct that hn_pb_read fills. */
typedef struct hn_pb_head {
    hn_bytes bytes; /* the whole message */
    uint32_t seen;  /* bit n: field number n was there */
} hn_pb_head;
static inline bool hn_pb_has(const hn_pb_head *head, int number) { return head->seen >> number & 1; }

typedef enum hn_pb_kind {
    HN_PB_INT,    /* int64_t, last one wins */
    HN_PB_FLOAT,  /* float, last one wins */
    HN_PB_BYTES,  /* hn_bytes (string, bytes, message), last one wins */
    HN_PB_LIST,   /* hn_pb_list */
    HN_PB_INTS,   /* hn_pb_ints, packed or not */
    HN_PB_FLOATS, /* hn_pb_floats, packed or not */
    HN_PB_LATER   /* checked for its wire form only; read by hn_pb_numbers when it is wanted */
} hn_pb_kind;

typedef struct hn_pb_rule {
    uint32_t number; /* below 32 */
    hn_pb_kind kind;
    size_t offset; /* of the member in the struct */
    const char *name;
} hn_pb_rule;

/* Fills `message` (zeroed first, starts with a hn_pb_head, `size` bytes). Fields without a rule are skipped. */
HONE_MUST_USE hone_status hn_pb_read(const hn_pb *pb, hn_bytes bytes, const hn_pb_rule *rule, size_t n_rules,
                                     void *message, size_t size);

/* Iterator over the elements of one repeated number field of a message. */
typedef struct hn_pb_numbers {
    const hn_pb *pb;
    hn_pb_reader message, block;
    uint32_t number;
    hn_pb_wire wire; /* of one element */
} hn_pb_numbers;
hn_pb_numbers hn_pb_numbers_open(const hn_pb *pb, hn_bytes message, uint32_t number, hn_pb_wire wire);
/* Next element; *more false at the end. Floats and doubles come as their bits. */
HONE_MUST_USE hone_status hn_pb_numbers_next(hn_pb_numbers *numbers, uint64_t *value, bool *more);
/* Number of elements. */
HONE_MUST_USE hone_status hn_pb_numbers_count(const hn_pb *pb, hn_bytes message, uint32_t number, hn_pb_wire wire,
                                              size_t *count);
/* The bytes of a fixed-width field that lies in one packed block; data NULL when it does not. */
HONE_MUST_USE hone_status hn_pb_numbers_block(const hn_pb *pb, hn_bytes message, uint32_t number, hn_bytes *block);

#endif
