/* External data: a file beside the model, mapped once, from which tensors take ranges. */
#include "frontend/onnx/onnx_tensor.h"

#include <string.h>

typedef struct hn_onnx_file {
    hn_map_file map;
    hone_status status; /* of opening it: a missing file is one fault, not one per tensor */
} hn_onnx_file;

typedef struct external_entries {
    const char *location;
    uint64_t offset, length;
    bool has_length;
} external_entries;

static bool key_is(hn_bytes key, const char *text) { return key.n == strlen(text) && !memcmp(key.data, text, key.n); }

static hone_status read_number(const hn_pb *pb, hn_bytes key, hn_bytes text, uint64_t *out) {
    *out = 0;
    bool good = text.n > 0;
    for (size_t i = 0; i < text.n && good; i++) {
        const unsigned digit = (unsigned)(unsigned char)text.data[i] - '0';
        good = digit < 10 && !__builtin_mul_overflow(*out, 10u, out) && !__builtin_add_overflow(*out, digit, out);
    }
    if (good) return HONE_OK;
    HN_FAIL(pb->diag, HONE_INVALID_MODEL, "external_data says %s = '%s', which is not a byte count",
            hn_onnx_show(pb, key), hn_onnx_show(pb, text));
}

static hone_status read_entries(const hn_pb *pb, const hn_pb_list *list, external_entries *out) {
    *out = (external_entries){0};
    for (size_t i = 0; i < list->n; i++) {
        hn_onnx_pair_proto pair;
        HN_TRY(hn_onnx_read_pair(pb, list->at[i], &pair));
        if (key_is(pair.key, "offset")) HN_TRY(read_number(pb, pair.key, pair.value, &out->offset));
        if (key_is(pair.key, "length")) {
            HN_TRY(read_number(pb, pair.key, pair.value, &out->length));
            out->has_length = true;
        }
        if (!key_is(pair.key, "location")) continue;
        if (pair.value.n && memchr(pair.value.data, 0, pair.value.n))
            HN_FAIL(pb->diag, HONE_INVALID_MODEL, "the external data file name '%s' contains a zero byte",
                    hn_onnx_show(pb, pair.value));
        out->location = hn_arena_string(pb->arena, pair.value.data, pair.value.n);
        HN_TRY_ALLOC(out->location);
    }
    if (!out->location || !*out->location)
        HN_FAIL(pb->diag, HONE_INVALID_MODEL, "the tensor is external, but no file is named (external_data.location)");
    return HONE_OK;
}

static hone_status map_file(const hn_onnx_source *source, const char *location, hn_onnx_file *file) {
    const char *path;
    HN_TRY(hn_file_confined(source->pb.arena, source->files->folder, location, &path, source->pb.diag));
    HN_TRY(hn_file_map(path, &file->map, source->pb.diag));
    if (file->map.data && !source->files->keep(source->files->owner, file->map)) {
        hn_file_unmap(&file->map);
        return HONE_OUT_OF_MEMORY;
    }
    return HONE_OK;
}

/* Opens on first use. Later tensors of a file that could not be opened fail without another message. */
static hone_status open_file(const hn_onnx_source *source, const char *location, hn_onnx_file **out) {
    hn_map *opened = &source->files->opened;
    hn_diag *diag = source->pb.diag;
    *out = hn_map_get_text(opened, location);
    if (*out) return (*out)->status;
    *out = HN_NEW(opened->arena, hn_onnx_file);
    if (!*out || !hn_map_put_text(opened, location, *out)) return HONE_OUT_OF_MEMORY;
    const size_t first = diag ? diag->n : 0;
    (*out)->status = map_file(source, location, *out);
    hn_diag_hint(diag, first, "the model keeps weights in '%s': put that file into the model's folder, %s", location,
                 source->files->folder);
    return (*out)->status;
}

hone_status hn_onnx_external_data(const hn_onnx_source *source, const hn_onnx_tensor_proto *proto, size_t size,
                                  const void **data) {
    hn_diag *diag = source->pb.diag;
    external_entries entries;
    HN_TRY(read_entries(&source->pb, &proto->external_data, &entries));
    const char *location = hn_onnx_show(&source->pb, (hn_bytes){entries.location, strlen(entries.location)});
    if (!source->files || !source->files->folder) {
        const size_t first = diag ? diag->n : 0;
        hn_diag_add(diag, HONE_ERROR, HONE_UNSUPPORTED,
                    "the tensor's bytes lie in the file '%s', and there is no folder to look for it", location);
        hn_diag_hint(diag, first, "load the model by its path, or store its weights inside");
        return HONE_UNSUPPORTED;
    }
    hn_onnx_file *file;
    HN_TRY(open_file(source, entries.location, &file));
    if (entries.has_length && entries.length != size)
        HN_FAIL(diag, HONE_INVALID_MODEL, "external_data gives %llu bytes in '%s', but the tensor's shape takes %zu",
                (unsigned long long)entries.length, location, size);
    if (entries.offset > file->map.size || size > file->map.size - entries.offset)
        HN_FAIL(diag, HONE_INVALID_MODEL,
                "the tensor's bytes %llu to %llu lie outside of '%s', which has %zu bytes: the file is truncated or "
                "belongs to another model",
                (unsigned long long)entries.offset, (unsigned long long)entries.offset + size, location,
                file->map.size);
    *data = file->map.data ? (const void *)(file->map.data + entries.offset) : (const void *)"";
    return HONE_OK;
}
