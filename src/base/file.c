/* Files through the operating system's calls; every refusal becomes HONE_IO_ERROR with the system's words. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_PART_FILES 1000 /* names tried before giving up on a temporary */

static hone_status io_error(hn_diag *diag, const char *what, const char *path, int error) {
    char buffer[256];
    return hn_diag_add(diag, HONE_ERROR, HONE_IO_ERROR, "cannot %s '%s': %s", what, path,
                       strerror_r(error, buffer, sizeof buffer));
}

static hone_status map_open(int fd, const char *path, hn_map_file *out, hn_diag *diag) {
    struct stat facts;
    if (fstat(fd, &facts) != 0) return io_error(diag, "read", path, errno);
    if (S_ISDIR(facts.st_mode)) return io_error(diag, "read", path, EISDIR);
    if (!S_ISREG(facts.st_mode)) HN_FAIL(diag, HONE_IO_ERROR, "cannot read '%s': not a regular file", path);
    if (facts.st_size == 0) return HONE_OK;
    void *data = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) return errno == ENOMEM ? HONE_OUT_OF_MEMORY : io_error(diag, "map", path, errno);
    *out = (hn_map_file){data, (size_t)facts.st_size};
    return HONE_OK;
}

/* O_NONBLOCK: opening a named pipe must not wait for its writer. */
hone_status hn_file_map(const char *path, hn_map_file *out, hn_diag *diag) {
    *out = (hn_map_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return io_error(diag, "open", path, errno);
    hone_status status = map_open(fd, path, out, diag);
    close(fd);
    return status;
}

void hn_file_unmap(hn_map_file *file) {
    if (file->data) munmap((void *)(uintptr_t)file->data, file->size);
    *file = (hn_map_file){0};
}

/* Creates the first free `path`.part-<pid>-<n>. */
static hone_status open_temporary(hn_file_writer *writer, hn_diag *diag) {
    for (int n = 0; n < MOST_PART_FILES; n++) {
        writer->temporary = hn_arena_format(&writer->arena, "%s.part-%ld-%d", writer->path, (long)getpid(), n);
        HN_TRY_ALLOC(writer->temporary);
        writer->fd = open(writer->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (writer->fd >= 0) return HONE_OK;
        if (errno != EEXIST) break;
    }
    return io_error(diag, "create", writer->path, errno);
}

/* Rename would replace a device or pipe by a file: `-o /dev/null` as root must not do that. */
static hone_status check_target(const char *path, hn_diag *diag) {
    struct stat facts;
    if (stat(path, &facts) != 0 || S_ISREG(facts.st_mode)) return HONE_OK;
    if (S_ISDIR(facts.st_mode)) return io_error(diag, "write", path, EISDIR);
    HN_FAIL(diag, HONE_IO_ERROR, "cannot write '%s': it exists and is not a regular file", path);
}

hone_status hn_file_create(const char *path, hn_file_writer *writer, hn_diag *diag) {
    *writer = (hn_file_writer){.fd = -1};
    hn_arena_init(&writer->arena, NULL);
    HN_TRY(check_target(path, diag));
    writer->path = hn_arena_string(&writer->arena, path, strlen(path));
    hone_status status = writer->path ? open_temporary(writer, diag) : HONE_OUT_OF_MEMORY;
    if (status != HONE_OK) hn_file_abort(writer);
    return status;
}

/* All bytes at `offset`, or an errno value. */
static int write_all(int fd, uint64_t offset, const char *bytes, size_t n) {
    while (n > 0) {
        size_t chunk = n < ((size_t)1 << 30) ? n : (size_t)1 << 30;
        ssize_t written = pwrite(fd, bytes, chunk, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        if (written == 0) return ENOSPC;
        bytes += written;
        offset += (uint64_t)written;
        n -= (size_t)written;
    }
    return 0;
}

static hone_status put(hn_file_writer *writer, uint64_t offset, const void *bytes, size_t n, hn_diag *diag) {
    if (writer->fd < 0) HN_FAIL(diag, HONE_IO_ERROR, "write to a file that is not open");
    if (offset > INT64_MAX || n > INT64_MAX - offset) HN_FAIL(diag, HONE_IO_ERROR, "file offset out of range");
    int error = write_all(writer->fd, offset, bytes, n);
    if (error == 0) return HONE_OK;
    hone_status status = io_error(diag, "write", writer->path, error);
    hn_file_abort(writer);
    return status;
}

hone_status hn_file_write(hn_file_writer *writer, const void *bytes, size_t n, hn_diag *diag) {
    HN_TRY(put(writer, writer->offset, bytes, n, diag));
    writer->offset += n;
    return HONE_OK;
}

hone_status hn_file_write_at(hn_file_writer *writer, uint64_t offset, const void *bytes, size_t n, hn_diag *diag) {
    if (offset > writer->offset || n > writer->offset - offset)
        HN_FAIL(diag, HONE_INTERNAL, "overwriting %zu bytes at %llu of %llu written", n, (unsigned long long)offset,
                (unsigned long long)writer->offset);
    return put(writer, offset, bytes, n, diag);
}

hone_status hn_file_align(hn_file_writer *writer, size_t alignment, hn_diag *diag) {
    static const char zeros[4096];
    size_t left = alignment ? (size_t)((alignment - writer->offset % alignment) % alignment) : 0;
    while (left > 0) {
        size_t n = left < sizeof zeros ? left : sizeof zeros;
        HN_TRY(hn_file_write(writer, zeros, n, diag));
        left -= n;
    }
    return HONE_OK;
}

hone_status hn_file_commit(hn_file_writer *writer, hn_diag *diag) {
    if (writer->fd < 0) HN_FAIL(diag, HONE_IO_ERROR, "commit of a file that is not open");
    int fd = writer->fd, error = 0;
    writer->fd = -1;
    if (close(fd) != 0 && errno != EINTR) error = errno; /* some file systems report a full disk only here */
    if (!error && rename(writer->temporary, writer->path) != 0) error = errno;
    hone_status status = error ? io_error(diag, "write", writer->path, error) : HONE_OK;
    if (!error) writer->temporary = NULL;
    hn_file_abort(writer);
    return status;
}

/* Also the common clean-up: after commit there is no temporary left to remove. */
void hn_file_abort(hn_file_writer *writer) {
    if (writer->temporary && writer->fd >= 0) close(writer->fd); /* a zeroed writer must not close descriptor 0 */
    if (writer->temporary) unlink(writer->temporary);
    hn_arena_free(&writer->arena);
    *writer = (hn_file_writer){.fd = -1};
}

hone_status hn_file_save(const char *path, const void *bytes, size_t n, hn_diag *diag) {
    hn_file_writer writer;
    HN_TRY(hn_file_create(path, &writer, diag));
    hone_status status = hn_file_write(&writer, bytes, n, diag);
    if (status == HONE_OK) return hn_file_commit(&writer, diag);
    hn_file_abort(&writer);
    return status;
}

hone_status hn_file_remove(const char *path, hn_diag *diag) {
    if (unlink(path) == 0 || errno == ENOENT) return HONE_OK;
    return io_error(diag, "remove", path, errno);
}

static hone_status resolve(const char *path, char *out, hn_diag *diag) {
    if (realpath(path, out)) return HONE_OK;
    return errno == ENOMEM ? HONE_OUT_OF_MEMORY : io_error(diag, "open", path, errno);
}

static bool is_below(const char *path, const char *folder) {
    size_t n = strlen(folder);
    if (strncmp(path, folder, n) != 0) return false;
    return folder[n - 1] == '/' || path[n] == '/';
}

/* The answer is the resolved path: a link that changes after the check is not followed again, unless a folder on the
 * way is replaced by one who can write there, who could then as well change the file itself. */
hone_status hn_file_confined(hn_arena *arena, const char *folder, const char *relative, const char **out,
                             hn_diag *diag) {
    char base[PATH_MAX], full[PATH_MAX];
    struct stat facts;
    *out = NULL;
    if (!*relative || *relative == '/')
        HN_FAIL(diag, HONE_INVALID_MODEL, "path '%s' is not relative to the model's folder", relative);
    const char *joined = hn_arena_format(arena, "%s/%s", folder, relative);
    HN_TRY_ALLOC(joined);
    HN_TRY(resolve(folder, base, diag));
    HN_TRY(resolve(joined, full, diag));
    if (!is_below(full, base))
        HN_FAIL(diag, HONE_INVALID_MODEL, "path '%s' leads out of folder '%s'", relative, folder);
    if (stat(full, &facts) != 0) return io_error(diag, "open", joined, errno);
    if (!S_ISREG(facts.st_mode)) HN_FAIL(diag, HONE_INVALID_MODEL, "'%s' is not a regular file", joined);
    *out = hn_arena_string(arena, full, strlen(full));
    return *out ? HONE_OK : HONE_OUT_OF_MEMORY;
}

const char *hn_file_folder(hn_arena *arena, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return hn_arena_string(arena, ".", 1);
    return hn_arena_string(arena, path, slash == path ? 1 : (size_t)(slash - path));
}
