/* Writer of the protobuf wire format: messages grow in memory, large blocks are borrowed and only copied into the file.
 * Errors stick: after a failed allocation `failed` is set and adds do nothing. */
#ifndef HN_FRONTEND_ONNX_PB_WRITE_H
#define HN_FRONTEND_ONNX_PB_WRITE_H

#include "base/file.h"
#include "base/str.h"
#include "base/growable.h"

/* A stretch of the message: bytes of `text`, or somebody else's. */
typedef struct hn_pb_piece {
    const void *borrowed; /* NULL: `text` from `start` on */
    size_t start, n;
} hn_pb_piece;

typedef struct hn_pb_out {
    hn_str text;
    hn_vec(hn_pb_piece) pieces;
    uint64_t size;
    bool failed;
} hn_pb_out;

void hn_pb_out_init(hn_pb_out *out, hn_arena *arena);
void hn_pb_put_int(hn_pb_out *out, uint32_t number, int64_t value);
void hn_pb_put_float(hn_pb_out *out, uint32_t number, float value);
void hn_pb_put_bytes(hn_pb_out *out, uint32_t number, const void *data, size_t n);
void hn_pb_put_text(hn_pb_out *out, uint32_t number, const char *text);
/* `data` must live until the message has been written. */
void hn_pb_put_borrowed(hn_pb_out *out, uint32_t number, const void *data, size_t n);
void hn_pb_put_message(hn_pb_out *out, uint32_t number, const hn_pb_out *inner);
/* All fields of another message behind those that are there. */
void hn_pb_append(hn_pb_out *out, const hn_pb_out *fields);
/* The whole message to a file. */
HONE_MUST_USE hone_status hn_pb_save(const hn_pb_out *out, hn_file_writer *writer, hn_diag *diag);

#endif
