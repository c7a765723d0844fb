/* The revision of the git work tree around a file, read from the repository's own files. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "metadata.h"

enum { LINE = 4096 };

/* First line of a small file without its newline; false when it cannot be read. */
static bool first_line(const char *path, char line[LINE]) {
    FILE *file = fopen(path, "re");
    const bool ok = file && fgets(line, LINE, file);
    if (file) fclose(file);
    if (ok) line[strcspn(line, "\r\n")] = 0;
    return ok;
}

static bool is_hash(const char *text) {
    const size_t n = strspn(text, "0123456789abcdef");
    return (n == 40 || n == 64) && !text[n];
}

static const char *resolve(const char *base, const char *path) {
    return *path == '/' ? text_of("%s", path) : text_of("%s/%s", base, path);
}

/* The folder of the repository: `.git` itself, or what a `.git` file of a linked work tree names. */
static const char *repository_of(const char *folder) {
    const char *path = text_of("%s/.git", folder);
    struct stat s;
    char line[LINE];
    if (stat(path, &s) != 0) return NULL;
    if (S_ISDIR(s.st_mode)) return path;
    if (!first_line(path, line) || strncmp(line, "gitdir: ", 8) != 0) return NULL;
    return resolve(folder, line + 8);
}

static const char *packed_revision(const char *repository, const char *ref) {
    FILE *file = fopen(text_of("%s/packed-refs", repository), "re");
    char line[LINE];
    const char *found = NULL;
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = 0;
        char *space = strchr(line, ' ');
        if (!space || strcmp(space + 1, ref) != 0) continue;
        *space = 0;
        if (is_hash(line)) found = text_of("%s", line);
    }
    if (file) fclose(file);
    return found;
}

static const char *revision_of(const char *repository) {
    char line[LINE], common[LINE];
    if (!first_line(text_of("%s/HEAD", repository), line)) return NULL;
    if (is_hash(line)) return text_of("%s", line);
    if (strncmp(line, "ref: ", 5) != 0) return NULL;
    const char *ref = text_of("%s", line + 5);
    const char *shared =
        first_line(text_of("%s/commondir", repository), common) ? resolve(repository, common) : repository;
    if (first_line(text_of("%s/%s", shared, ref), line) && is_hash(line)) return text_of("%s", line);
    return packed_revision(shared, ref);
}

const char *git_revision(const char *path) {
    char folder[PATH_MAX];
    if (!realpath(path, folder)) return NULL;
    for (char *slash = strrchr(folder, '/'); slash; slash = strrchr(folder, '/')) {
        *slash = 0;
        const char *repository = repository_of(folder);
        if (repository) return revision_of(repository);
    }
    return NULL;
}
