/* Files: mapped reading, whole-or-nothing writing, and paths confined to a folder. */
#ifndef HN_BASE_FILE_H
#define HN_BASE_FILE_H

#include "base/diag.h"

typedef struct hn_map_file {
    const uint8_t *data;
    size_t size;
} hn_map_file;

/* Maps `path` read-only (private). An empty file gives size 0 and data NULL. */
HONE_MUST_USE hone_status hn_file_map(const char *path, hn_map_file *out, hn_diag *diag);
void hn_file_unmap(hn_map_file *file);

/* Writes to `path`.part-<pid>-<n>, made visible by rename on commit; abort (or an error before) leaves nothing behind.
 */
typedef struct hn_file_writer {
    int fd;
    char *path, *temporary;
    uint64_t offset; /* bytes written so far */
    hn_arena arena;
} hn_file_writer;

HONE_MUST_USE hone_status hn_file_create(const char *path, hn_file_writer *writer, hn_diag *diag);
HONE_MUST_USE hone_status hn_file_write(hn_file_writer *writer, const void *bytes, size_t n, hn_diag *diag);
/* Overwrites bytes written earlier (for headers whose content is known at the end). */
HONE_MUST_USE hone_status hn_file_write_at(hn_file_writer *writer, uint64_t offset, const void *bytes, size_t n,
                                           hn_diag *diag);
/* Pads with zeros to a multiple of `alignment`. */
HONE_MUST_USE hone_status hn_file_align(hn_file_writer *writer, size_t alignment, hn_diag *diag);
HONE_MUST_USE hone_status hn_file_commit(hn_file_writer *writer, hn_diag *diag);
void hn_file_abort(hn_file_writer *writer);
/* Whole file in one call. */
HONE_MUST_USE hone_status hn_file_save(const char *path, const void *bytes, size_t n, hn_diag *diag);

/* A file that is not there is no error. */
HONE_MUST_USE hone_status hn_file_remove(const char *path, hn_diag *diag);

/* The path of `relative` inside `folder`, in `arena`; refused when absolute, when a `..` or a symbolic link leads out
 * of the folder, or when it does not name a regular file. */
HONE_MUST_USE hone_status hn_file_confined(hn_arena *arena, const char *folder, const char *relative, const char **out,
                                           hn_diag *diag);
/* Folder part of a path ("." when there is none), in `arena`. */
const char *hn_file_folder(hn_arena *arena, const char *path);

#endif
