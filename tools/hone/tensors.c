/* Lists of named arrays; single files. */
#include "tensors.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "archive.h"
#include "base/file.h"
#include "console.h"
#include "hone/build.h"
#include "npy.h"
#include "shapes.h"

/* ---- lists ---- */

void tensors_add(tensors *list, const char *name, hone_value *value) {
    list->at = grow(list->at, (size_t)list->n + 1, sizeof *list->at);
    list->at[list->n++] = (tensor){name, value};
}

tensor *tensors_find(const tensors *list, const char *name) {
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->at[i].name, name) == 0) return &list->at[i];
    return NULL;
}

void tensors_free(tensors *list) {
    for (int i = 0; i < list->n; i++) hone_value_destroy(&list->at[i].value);
    free(list->at);
    *list = (tensors){0};
}

hone_value *value_new(hone_dtype dtype, int rank, const int64_t *dim) {
    hone_value *value = NULL;
    const hone_status status = hone_value_create(dtype, rank, dim, NULL, &value);
    if (status != HONE_OK)
        fail("an array of %s %s: %s", hone_dtype_name(dtype), shape_text(rank, dim), hone_status_text(status));
    return value;
}

static hone_value *list_copy(const hone_value *from) {
    hone_value *to = NULL;
    const hone_status status = hone_value_create_list(hone_value_kind(from), hone_value_count(from), NULL, &to);
    if (status != HONE_OK)
        fail("a list of %lld items: %s", (long long)hone_value_count(from), hone_status_text(status));
    for (int64_t i = 0; i < hone_value_count(from); i++) {
        hone_value *item = value_copy(hone_value_item(from, i));
        if (hone_value_set_item(to, i, &item) != HONE_OK) fail("item %lld of a list does not fit", (long long)i);
    }
    return to;
}

static void copy_texts(hone_value *to, const hone_value *from) {
    size_t n;
    const char *text;
    for (int64_t i = 0; (text = hone_value_string(from, i, &n)); i++)
        if (hone_value_set_string(to, i, text, n) != HONE_OK) fail("a string of %zu bytes: out of memory", n);
}

hone_value *value_copy(const hone_value *from) {
    if (hone_value_kind(from) != HONE_TENSOR) return list_copy(from);
    hone_value *to = value_new(hone_value_dtype(from), hone_value_rank(from), hone_value_dims(from));
    if (hone_value_dtype(from) == HONE_STRING) copy_texts(to, from);
    else if (hone_value_bytes(from)) memcpy(hone_value_data(to), hone_value_data(from), hone_value_bytes(from));
    return to;
}

hone_value *value_rows(const hone_value *from, int64_t first, int64_t n) {
    int64_t dim[HONE_MAX_RANK];
    const int rank = hone_value_rank(from);
    memcpy(dim, hone_value_dims(from), sizeof dim);
    const size_t row = dim[0] ? hone_value_bytes(from) / (size_t)dim[0] : 0;
    dim[0] = n;
    hone_value *to = value_new(hone_value_dtype(from), rank, dim);
    if (hone_value_bytes(to))
        memcpy(hone_value_data(to), (const char *)hone_value_data(from) + (size_t)first * row, hone_value_bytes(to));
    return to;
}

static void flatten(tensors *out, const char *name, const hone_value *value) {
    if (hone_value_kind(value) == HONE_TENSOR) tensors_add(out, name, value_copy(value));
    for (int64_t i = 0; i < hone_value_count(value); i++)
        flatten(out, text_of("%s[%lld]", name, (long long)i), hone_value_item(value, i));
}

tensors tensors_flat(const tensors *list) {
    tensors out = {0};
    for (int i = 0; i < list->n; i++) flatten(&out, list->at[i].name, list->at[i].value);
    return out;
}

/* ---- files ---- */

file_bytes read_file(const char *path) {
    hn_map_file file;
    hone_messages *messages = new_messages();
    require(hn_file_map(path, &file, messages), messages, path);
    hone_messages_destroy(&messages);
    return (file_bytes){file.data, file.size};
}

bool is_folder(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

bool file_exists(const char *path) {
    struct stat s;
    return stat(path, &s) == 0;
}

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const hone_port *port_of(const expectation *expected, const char *name) {
    for (int i = 0; i < expected->n; i++)
        if (strcmp(expected->port[i].name, name) == 0) return &expected->port[i];
    return NULL;
}

static hone_value *read_onnx(const char *path, hone_kind kind, char **name) {
    hone_messages *messages = new_messages();
    hone_value *value = NULL;
    const file_bytes file = read_file(path);
    require(hone_value_read_onnx(kind, file.at, file.n, messages, name, &value), messages, path);
    hone_messages_destroy(&messages);
    return value;
}

static hone_value *read_raw(const file_bytes file, const char *path, const hone_port *port,
                            const expectation *expected) {
    int64_t dim[HONE_MAX_RANK];
    const int rank = port && expected->shape ? expected->shape(expected->user, port, dim) : -1;
    if (port && (port->kind != HONE_TENSOR || port->dtype == HONE_STRING))
        fail("input '%s' is %s: only an ONNX .pb file can hold it", port->name, port->type);
    if (rank < 0)
        fail_hint("give it with --shapes, or use .npy", "%s holds raw bytes and the shape of the input is not known",
                  path);
    hone_value *value = value_new(port->dtype, rank, dim);
    if (hone_value_bytes(value) != file.n)
        fail("%s has %zu bytes, input '%s' (%s %s) takes %zu", path, file.n, port->name, hone_dtype_name(port->dtype),
             shape_text(rank, dim), hone_value_bytes(value));
    if (file.n) memcpy(hone_value_data(value), file.at, file.n);
    return value;
}

void load_one(tensors *list, const char *name, const char *path, const expectation *expected) {
    const hone_port *port = port_of(expected, name);
    if (is_folder(path)) fail("%s is a folder; --inputs %s takes all files in it", path, path);
    const file_bytes file = read_file(path);
    if (is_npy(file.at, file.n)) {
        tensors_add(list, name, read_npy(file.at, file.n, port ? port->dtype : HONE_NO_DTYPE, path));
    } else if (is_archive(file.at, file.n)) {
        tensors all = {0};
        read_archive(&all, path, expected);
        const tensor *found = all.n == 1 ? &all.at[0] : tensors_find(&all, name);
        if (!found) fail("%s has no array '%s'", path, name);
        tensors_add(list, name, value_copy(found->value));
        tensors_free(&all);
    } else if (ends_with(path, ".pb")) {
        tensors_add(list, name, read_onnx(path, port ? port->kind : HONE_TENSOR, NULL));
    } else {
        tensors_add(list, name, read_raw(file, path, port, expected));
    }
}

/* ---- folders of .pb files ---- */

static bool load_numbered(tensors *list, const char *folder, const char *kind, int number,
                          const expectation *expected) {
    const char *path = text_of("%s/%s_%d.pb", folder, kind, number);
    if (!file_exists(path)) return false;
    char *name = NULL;
    const hone_port *port = number < expected->n ? &expected->port[number] : NULL;
    hone_value *value = read_onnx(path, port ? port->kind : HONE_TENSOR, &name);
    const bool known = name && *name && (!expected->n || port_of(expected, name));
    if (!known && expected->n && number >= expected->n) fail("%s: there is no input number %d", path, number);
    const char *chosen = known ? name : expected->n ? expected->port[number].name : text_of("%s_%d", kind, number);
    tensors_add(list, text_copy(chosen, strlen(chosen)), value);
    hone_text_destroy(&name);
    return true;
}

static void load_folder(tensors *list, const char *folder, const expectation *expected) {
    const char *kind = file_exists(text_of("%s/input_0.pb", folder)) ? "input" : "output";
    int n = 0;
    while (n < INT_MAX && load_numbered(list, folder, kind, n, expected)) n++;
    if (!n) fail("%s holds no input_0.pb and no output_0.pb", folder);
}

void load_all(tensors *list, const char *path, const expectation *expected) {
    if (is_folder(path)) {
        load_folder(list, path, expected);
        return;
    }
    const file_bytes file = read_file(path);
    if (is_archive(file.at, file.n)) read_archive(list, path, expected);
    else if (expected->n == 1) load_one(list, expected->port[0].name, path, expected);
    else fail_hint("write --input NAME:FILE for a single array", "%s is no .npz archive", path);
}

/* ---- saving ---- */

static void save_pb(const tensor *t, const char *path) {
    void *bytes;
    size_t n;
    hone_messages *messages = new_messages();
    require(hone_value_write_onnx(t->value, t->name, &bytes, &n), messages, t->name);
    require(hn_file_save(path, bytes, n, messages), messages, path);
    hone_messages_destroy(&messages);
    hone_bytes_destroy(&bytes);
}

void check_outputs_path(const char *path) {
    if (!ends_with(path, "/") && !ends_with(path, ".npz") && !is_folder(path))
        fail_hint("give FILE.npz, or a folder as DIR/", "--outputs: '%s' is neither an .npz file nor a folder", path);
}

void save_all(const tensors *list, const char *path) {
    if (!ends_with(path, "/") && !is_folder(path)) {
        write_archive(list, path);
        return;
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST) fail("cannot make the folder %s: %s", path, strerror(errno));
    for (int i = 0; i < list->n; i++) save_pb(&list->at[i], text_of("%s/output_%d.pb", path, i));
}
