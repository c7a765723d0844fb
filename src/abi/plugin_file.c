/* Is a file a shared library of this machine? The loader of the system maps what headers promise, and ends the program
 * where a file is shorter; its messages about other machines do not say so. */
#include <elf.h>
#include <string.h>
#include "abi/plugin_op.h"
#include "base/file.h"

/* What this program runs on. */
#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64 };
#define OWN_MACHINE_NAME "x86-64"
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64 };
#define OWN_MACHINE_NAME "AArch64"
#else
enum { OWN_MACHINE = EM_NONE };
#define OWN_MACHINE_NAME "this machine"
#endif

static hone_status check_segments(const hn_map_file *file, const Elf64_Ehdr *head, const char *path, hn_diag *diag) {
    const uint64_t n = (uint64_t)head->e_phnum * sizeof(Elf64_Phdr);
    if (head->e_phentsize != sizeof(Elf64_Phdr) || head->e_phoff > file->size || n > file->size - head->e_phoff)
        HN_FAIL(diag, HONE_MALFORMED, "the plugin %s is damaged: its program headers lie outside of the file", path);
    for (unsigned i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, (const char *)file->data + head->e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type != PT_LOAD) continue;
        if (segment.p_offset > file->size || segment.p_filesz > file->size - segment.p_offset)
            HN_FAIL(diag, HONE_MALFORMED, "the plugin %s is cut off: it has %zu bytes, its headers speak of more", path,
                    file->size);
    }
    return HONE_OK;
}

static hone_status check_library(const hn_map_file *file, const char *path, hn_diag *diag) {
    Elf64_Ehdr head;
    if (file->size < sizeof head || memcmp(file->data, ELFMAG, SELFMAG) != 0)
        HN_FAIL(diag, HONE_MALFORMED, "%s is no plugin: it is not a shared library", path);
    memcpy(&head, file->data, sizeof head);
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || (OWN_MACHINE != EM_NONE && head.e_machine != OWN_MACHINE))
        HN_FAIL(
            diag, HONE_UNSUPPORTED,
            "the plugin %s was built for another processor (%d bits, ELF machine %d): compile it for " OWN_MACHINE_NAME,
            path, head.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32, head.e_machine);
    if (head.e_type != ET_DYN)
        HN_FAIL(diag, HONE_MALFORMED, "%s is no plugin: it is an object or a program, not a shared library (-shared)",
                path);
    return check_segments(file, &head, path, diag);
}

hone_status hn_plugin_check_file(const char *path, hn_diag *diag) {
    hn_map_file file;
    HN_TRY(hn_file_map(path, &file, diag));
    const hone_status status = check_library(&file, path, diag);
    hn_file_unmap(&file);
    return status;
}
