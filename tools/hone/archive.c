/* Reading and writing .npz with libzip. */
#include "archive.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>
#include "npy.h"

bool is_archive(const void *bytes, size_t n) {
    return n >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "PK\5\6", 4) == 0);
}

static zip_t *open_archive(const char *path, int flags) {
    int code = 0;
    zip_t *zip = zip_open(path, flags, &code);
    if (zip) return zip;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    fail("%s: %s", path, zip_error_strerror(&error));
}

/* ---- reading ---- */

static const char *array_name(const char *entry) {
    const size_t n = strlen(entry);
    const bool npy = n > 4 && strcmp(entry + n - 4, ".npy") == 0;
    return text_copy(entry, npy ? n - 4 : n);
}

/* Entries whose sizes the archive only claims are read in pieces, so that a small file cannot ask for all memory. */
static uint8_t *read_entry(zip_t *zip, zip_uint64_t index, const char *what, size_t *n) {
    enum { PIECE = 1 << 20 };
    zip_file_t *file = zip_fopen_index(zip, index, 0);
    if (!file) fail("%s: %s", what, zip_strerror(zip));
    uint8_t *bytes = NULL;
    size_t room = 0;
    *n = 0;
    for (;;) {
        if (room - *n < PIECE) bytes = grow(bytes, room = room * 2 + PIECE, 1);
        const zip_int64_t got = zip_fread(file, bytes + *n, room - *n);
        if (got < 0) fail("%s: the archive is damaged: %s", what, zip_file_strerror(file));
        if (got == 0) break;
        *n += (size_t)got;
    }
    zip_fclose(file);
    return bytes;
}

static hone_dtype expected_type(const expectation *expected, const char *name) {
    for (int i = 0; i < expected->n; i++)
        if (strcmp(expected->port[i].name, name) == 0) return expected->port[i].dtype;
    return HONE_NO_DTYPE;
}

void read_archive(tensors *list, const char *path, const expectation *expected) {
    zip_t *zip = open_archive(path, ZIP_RDONLY);
    const zip_int64_t count = zip_get_num_entries(zip, 0);
    for (zip_int64_t i = 0; i < count; i++) {
        const char *entry = zip_get_name(zip, (zip_uint64_t)i, ZIP_FL_ENC_GUESS);
        if (!entry) fail("%s: entry %lld has no name", path, (long long)i);
        const char *name = array_name(entry), *what = text_of("%s, array '%s'", path, name);
        size_t n;
        uint8_t *bytes = read_entry(zip, (zip_uint64_t)i, what, &n);
        if (tensors_find(list, name)) fail("%s comes twice", what);
        tensors_add(list, name, read_npy(bytes, n, expected_type(expected, name), what));
        free(bytes);
    }
    zip_discard(zip);
}

/* ---- writing ---- */

static void add_array(zip_t *zip, const tensor *t) {
    zip_buffer_fragment_t part[2];
    size_t n;
    part[0].data = (zip_uint8_t *)npy_header(t->value, &n);
    part[0].length = n;
    part[1].data = hone_value_data(t->value);
    part[1].length = hone_value_bytes(t->value);
    zip_source_t *source = zip_source_buffer_fragment(zip, part, part[1].length ? 2 : 1, 0);
    const char *entry = text_of("%s.npy", t->name);
    const zip_int64_t index = source ? zip_file_add(zip, entry, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0 || zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 0x21, 0) != 0) /* 1 January 1980 */
        fail("cannot write array '%s': %s", t->name, zip_strerror(zip));
}

static void refuse_nameless(const tensors *list, const char *path) {
    for (int i = 0; i < list->n; i++) {
        const hone_dtype dtype = hone_value_dtype(list->at[i].value);
        if (!npy_descr(dtype))
            fail_hint("give a folder instead: --outputs DIR/ writes ONNX .pb files",
                      "%s: NumPy has no type for output '%s', which is %s", path, list->at[i].name,
                      hone_value_kind(list->at[i].value) == HONE_TENSOR ? hone_dtype_name(dtype) : "a list");
    }
}

void write_archive(const tensors *list, const char *path) {
    refuse_nameless(list, path);
    zip_t *zip = open_archive(path, ZIP_CREATE | ZIP_TRUNCATE);
    for (int i = 0; i < list->n; i++) add_array(zip, &list->at[i]);
    if (zip_close(zip) == 0) return;
    fail("cannot write %s: %s", path, zip_strerror(zip));
}
