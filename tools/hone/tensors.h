/* Named arrays, and the files that they come from and go to. */
#ifndef HONE_TENSORS_H
#define HONE_TENSORS_H

#include "hone/runtime.h"
#include "tool.h"

typedef struct tensor {
    const char *name;
    hone_value *value;
} tensor;

typedef struct tensors {
    tensor *at;
    int n;
} tensors;

/* Takes the value over. */
void tensors_add(tensors *list, const char *name, hone_value *value);
tensor *tensors_find(const tensors *list, const char *name);
void tensors_free(tensors *list);
/* Copies of all tensors; items of lists are named "output[0]", "output[1]". */
tensors tensors_flat(const tensors *list);
/* A copy of a value, and one with another leading extent (rows [first, first + n) of `from`). */
hone_value *value_copy(const hone_value *from);
hone_value *value_rows(const hone_value *from, int64_t first, int64_t n);
hone_value *value_new(hone_dtype dtype, int rank, const int64_t *dim);

/* A whole file in memory for as long as the program runs; ends the program when it cannot be read. */
typedef struct file_bytes {
    const uint8_t *at;
    size_t n;
} file_bytes;
file_bytes read_file(const char *path);
bool is_folder(const char *path);
bool file_exists(const char *path);

/* What a file of arrays is expected to hold: types of nameless items and shapes of raw bytes. */
typedef struct expectation {
    const hone_port *port; /* NULL: nothing is known */
    int n;
    int (*shape)(void *user, const hone_port *port, int64_t *dim); /* rank for raw bytes, -1: not known */
    void *user;
} expectation;

/* Appends the arrays of FILE.npz or of a folder with input_N.pb or output_N.pb. */
void load_all(tensors *list, const char *path, const expectation *expected);
/* Appends one array from .npy, .npz (the one of that name, or the only one), .pb or raw bytes. */
void load_one(tensors *list, const char *name, const char *path, const expectation *expected);
/* Writes all arrays, whole or not at all: to FILE.npz, or when `path` ends with a slash or is a folder, to
 * output_0.pb, output_1.pb, ... in it. */
void save_all(const tensors *list, const char *path);
/* Refuses a place for outputs that is neither FILE.npz nor a folder. */
void check_outputs_path(const char *path);

#endif
