/* Fields, one after the other. */
#include "frontend/onnx/pb_write.h"

#include <string.h>
#include "frontend/onnx/pb.h"

#define LONGEST_VARINT 10

void hn_pb_out_init(hn_pb_out *out, hn_arena *arena) {
    *out = (hn_pb_out){.size = 0};
    hn_str_init(&out->text, arena);
}

static void add_piece(hn_pb_out *out, hn_pb_piece piece) {
    if (!hn_vec_push(out->text.arena, &out->pieces, piece)) out->failed = true;
    out->size += piece.n;
}

static void add_bytes(hn_pb_out *out, const void *data, size_t n) {
    const size_t start = out->text.n;
    if (!n) return;
    hn_str_append(&out->text, data, n);
    out->failed = out->failed || out->text.failed;
    hn_pb_piece *last = out->pieces.n ? &out->pieces.at[out->pieces.n - 1] : NULL;
    if (!last || last->borrowed) {
        add_piece(out, (hn_pb_piece){NULL, start, n});
        return;
    }
    last->n += n;
    out->size += n;
}

static void add_varint(hn_pb_out *out, uint64_t value) {
    uint8_t bytes[LONGEST_VARINT];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7) bytes[n++] = (uint8_t)(value | 0x80);
    bytes[n++] = (uint8_t)value;
    add_bytes(out, bytes, n);
}

static void add_tag(hn_pb_out *out, uint32_t number, hn_pb_wire wire) { add_varint(out, number << 3 | wire); }

void hn_pb_put_int(hn_pb_out *out, uint32_t number, int64_t value) {
    add_tag(out, number, HN_PB_VARINT);
    add_varint(out, (uint64_t)value);
}

void hn_pb_put_float(hn_pb_out *out, uint32_t number, float value) {
    add_tag(out, number, HN_PB_FIXED32);
    add_bytes(out, &value, sizeof value);
}

void hn_pb_put_bytes(hn_pb_out *out, uint32_t number, const void *data, size_t n) {
    add_tag(out, number, HN_PB_LENGTH);
    add_varint(out, n);
    add_bytes(out, data, n);
}

void hn_pb_put_text(hn_pb_out *out, uint32_t number, const char *text) {
    hn_pb_put_bytes(out, number, text, strlen(text));
}

void hn_pb_put_borrowed(hn_pb_out *out, uint32_t number, const void *data, size_t n) {
    add_tag(out, number, HN_PB_LENGTH);
    add_varint(out, n);
    if (n) add_piece(out, (hn_pb_piece){data, 0, n});
}

void hn_pb_append(hn_pb_out *out, const hn_pb_out *fields) {
    out->failed = out->failed || fields->failed;
    for (size_t i = 0; i < fields->pieces.n && !out->failed; i++) {
        const hn_pb_piece *piece = &fields->pieces.at[i];
        if (piece->borrowed) add_piece(out, *piece);
        else add_bytes(out, fields->text.data + piece->start, piece->n);
    }
}

void hn_pb_put_message(hn_pb_out *out, uint32_t number, const hn_pb_out *inner) {
    add_tag(out, number, HN_PB_LENGTH);
    add_varint(out, inner->size);
    hn_pb_append(out, inner);
}

hone_status hn_pb_save(const hn_pb_out *out, hn_file_writer *writer, hn_diag *diag) {
    if (out->failed) return HONE_OUT_OF_MEMORY;
    for (size_t i = 0; i < out->pieces.n; i++) {
        const hn_pb_piece *piece = &out->pieces.at[i];
        const void *from = piece->borrowed ? piece->borrowed : out->text.data + piece->start;
        HN_TRY(hn_file_write(writer, from, piece->n, diag));
    }
    return HONE_OK;
}
