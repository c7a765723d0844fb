/* Wire format reader: tags, varints, lengths. Nothing here knows what a field means. */
#include "frontend/onnx/pb.h"

#include <string.h>

#define LARGEST_FIELD ((1u << 29) - 1)

uint64_t hn_pb_offset(const hn_pb *pb, const void *at) { return (uint64_t)((const uint8_t *)at - pb->base); }

hn_pb_reader hn_pb_open(hn_bytes message) {
    const uint8_t *at = (const uint8_t *)message.data;
    return (hn_pb_reader){at, at ? at + message.n : NULL};
}

#define OFFSET(pb, at) ((unsigned long long)hn_pb_offset((pb), (at)))

static hone_status read_varint(const hn_pb *pb, hn_pb_reader *reader, uint64_t *value) {
    const uint8_t *start = reader->at;
    uint64_t v = 0;
    for (int shift = 0;; shift += 7) {
        if (reader->at == reader->end)
            HN_FAIL(pb->diag, HONE_MALFORMED, "the number at byte %llu is cut off by the end of its message",
                    OFFSET(pb, start));
        const uint8_t byte = *reader->at++;
        if (shift == 63 && byte > 1)
            HN_FAIL(pb->diag, HONE_MALFORMED, "the number at byte %llu is longer than 64 bits", OFFSET(pb, start));
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) break;
    }
    *value = v;
    return HONE_OK;
}

static hone_status read_fixed(const hn_pb *pb, hn_pb_reader *reader, size_t n, uint64_t *value) {
    if ((size_t)(reader->end - reader->at) < n)
        HN_FAIL(pb->diag, HONE_MALFORMED, "the %zu-byte number at byte %llu is cut off by the end of its message", n,
                OFFSET(pb, reader->at));
    *value = 0;
    for (size_t i = 0; i < n; i++) *value |= (uint64_t)reader->at[i] << (8 * i);
    reader->at += n;
    return HONE_OK;
}

static hone_status read_span(const hn_pb *pb, hn_pb_reader *reader, hn_pb_field *field) {
    uint64_t n;
    HN_TRY(read_varint(pb, reader, &n));
    const uint64_t left = (uint64_t)(reader->end - reader->at);
    if (n > left)
        HN_FAIL(pb->diag, HONE_MALFORMED,
                "field %u at byte %llu says it has %llu bytes, but its message ends after %llu of them", field->number,
                OFFSET(pb, field->at), (unsigned long long)n, (unsigned long long)left);
    field->bytes = (hn_bytes){(const char *)reader->at, (size_t)n};
    reader->at += n;
    return HONE_OK;
}

static hone_status read_tag(const hn_pb *pb, hn_pb_reader *reader, hn_pb_field *field) {
    uint64_t tag;
    HN_TRY(read_varint(pb, reader, &tag));
    if (tag >> 3 == 0 || tag >> 3 > LARGEST_FIELD)
        HN_FAIL(pb->diag, HONE_MALFORMED, "byte %llu starts a field with the impossible number %llu",
                OFFSET(pb, field->at), (unsigned long long)(tag >> 3));
    field->number = (uint32_t)(tag >> 3);
    field->wire = (hn_pb_wire)(tag & 7);
    return HONE_OK;
}

hone_status hn_pb_next(const hn_pb *pb, hn_pb_reader *reader, hn_pb_field *field) {
    *field = (hn_pb_field){.at = reader->at};
    if (reader->at == reader->end) return HONE_OK;
    HN_TRY(read_tag(pb, reader, field));
    switch (field->wire) {
    case HN_PB_VARINT:
        return read_varint(pb, reader, &field->value);
    case HN_PB_FIXED64:
        return read_fixed(pb, reader, 8, &field->value);
    case HN_PB_FIXED32:
        return read_fixed(pb, reader, 4, &field->value);
    case HN_PB_LENGTH:
        return read_span(pb, reader, field);
    }
    HN_FAIL(pb->diag, HONE_MALFORMED, "field %u at byte %llu has wire type %d, which no ONNX file uses", field->number,
            OFFSET(pb, field->at), (int)field->wire);
}

/* ---- numbers ---- */

hn_pb_numbers hn_pb_numbers_open(const hn_pb *pb, hn_bytes message, uint32_t number, hn_pb_wire wire) {
    return (hn_pb_numbers){pb, hn_pb_open(message), {NULL, NULL}, number, wire};
}

static hone_status read_number(const hn_pb *pb, hn_pb_reader *block, hn_pb_wire wire, uint64_t *value) {
    if (wire == HN_PB_VARINT) return read_varint(pb, block, value);
    return read_fixed(pb, block, wire == HN_PB_FIXED64 ? 8 : 4, value);
}

static hone_status wrong_wire(const hn_pb *pb, const hn_pb_field *field, const char *name) {
    HN_FAIL(pb->diag, HONE_MALFORMED, "field %s%s%u at byte %llu is stored in the wrong form (wire type %d)", name,
            *name ? ", number " : "", field->number, OFFSET(pb, field->at), (int)field->wire);
}

hone_status hn_pb_numbers_next(hn_pb_numbers *numbers, uint64_t *value, bool *more) {
    *more = true;
    while (numbers->block.at == numbers->block.end) {
        hn_pb_field field;
        HN_TRY(hn_pb_next(numbers->pb, &numbers->message, &field));
        if (!field.number) {
            *more = false;
            return HONE_OK;
        }
        if (field.number != numbers->number) continue;
        if (field.wire == numbers->wire) {
            *value = field.value;
            return HONE_OK;
        }
        if (field.wire != HN_PB_LENGTH) return wrong_wire(numbers->pb, &field, "");
        numbers->block = hn_pb_open(field.bytes);
    }
    return read_number(numbers->pb, &numbers->block, numbers->wire, value);
}

hone_status hn_pb_numbers_count(const hn_pb *pb, hn_bytes message, uint32_t number, hn_pb_wire wire, size_t *count) {
    hn_pb_numbers numbers = hn_pb_numbers_open(pb, message, number, wire);
    uint64_t value;
    bool more;
    for (*count = 0;; ++*count) {
        HN_TRY(hn_pb_numbers_next(&numbers, &value, &more));
        if (!more) return HONE_OK;
    }
}

hone_status hn_pb_numbers_block(const hn_pb *pb, hn_bytes message, uint32_t number, hn_bytes *block) {
    hn_pb_reader reader = hn_pb_open(message);
    hn_pb_field field;
    int found = 0;
    *block = (hn_bytes){NULL, 0};
    for (;;) {
        HN_TRY(hn_pb_next(pb, &reader, &field));
        if (!field.number) break;
        if (field.number != number) continue;
        found++;
        *block = field.wire == HN_PB_LENGTH ? field.bytes : (hn_bytes){NULL, 0};
    }
    if (found != 1) *block = (hn_bytes){NULL, 0};
    return HONE_OK;
}

/* ---- structs by rule ---- */

static hone_status push_numbers(const hn_pb *pb, const hn_pb_rule *rule, const hn_pb_field *field, void *member) {
    const bool is_float = rule->kind == HN_PB_FLOATS;
    const hn_pb_wire wire = is_float ? HN_PB_FIXED32 : HN_PB_VARINT;
    hn_pb_reader block = hn_pb_open(field->bytes);
    for (bool single = field->wire == wire; single || block.at != block.end; single = false) {
        uint64_t value = field->value;
        if (field->wire == HN_PB_LENGTH) HN_TRY(read_number(pb, &block, wire, &value));
        if (is_float) {
            const uint32_t bits = (uint32_t)value;
            float f;
            memcpy(&f, &bits, sizeof f);
            HN_TRY_ALLOC(hn_vec_push(pb->arena, (hn_pb_floats *)member, f));
        } else {
            HN_TRY_ALLOC(hn_vec_push(pb->arena, (hn_pb_ints *)member, (int64_t)value));
        }
    }
    return HONE_OK;
}

static bool wire_fits(hn_pb_kind kind, hn_pb_wire wire) {
    switch (kind) {
    case HN_PB_INT:
        return wire == HN_PB_VARINT;
    case HN_PB_FLOAT:
        return wire == HN_PB_FIXED32;
    case HN_PB_BYTES:
    case HN_PB_LIST:
        return wire == HN_PB_LENGTH;
    case HN_PB_INTS:
        return wire == HN_PB_VARINT || wire == HN_PB_LENGTH;
    case HN_PB_FLOATS:
        return wire == HN_PB_FIXED32 || wire == HN_PB_LENGTH;
    case HN_PB_LATER:
        return true;
    }
    return false;
}

static hone_status store(const hn_pb *pb, const hn_pb_rule *rule, const hn_pb_field *field, void *message) {
    void *member = (char *)message + rule->offset;
    if (!wire_fits(rule->kind, field->wire)) return wrong_wire(pb, field, rule->name);
    ((hn_pb_head *)message)->seen |= 1u << rule->number;
    switch (rule->kind) {
    case HN_PB_INT:
        *(int64_t *)member = (int64_t)field->value;
        break;
    case HN_PB_FLOAT: {
        const uint32_t bits = (uint32_t)field->value;
        memcpy(member, &bits, sizeof bits);
        break;
    }
    case HN_PB_BYTES:
        *(hn_bytes *)member = field->bytes;
        break;
    case HN_PB_LIST:
        HN_TRY_ALLOC(hn_vec_push(pb->arena, (hn_pb_list *)member, field->bytes));
        break;
    case HN_PB_INTS:
    case HN_PB_FLOATS:
        return push_numbers(pb, rule, field, member);
    case HN_PB_LATER:
        break;
    }
    return HONE_OK;
}

hone_status hn_pb_read(const hn_pb *pb, hn_bytes bytes, const hn_pb_rule *rule, size_t n_rules, void *message,
                       size_t size) {
    hn_pb_reader reader = hn_pb_open(bytes);
    memset(message, 0, size);
    ((hn_pb_head *)message)->bytes = bytes;
    for (;;) {
        hn_pb_field field;
        HN_TRY(hn_pb_next(pb, &reader, &field));
        if (!field.number) return HONE_OK;
        for (size_t i = 0; i < n_rules; i++)
            if (rule[i].number == field.number) {
                HN_TRY(store(pb, &rule[i], &field, message));
                break;
            }
    }
}
