/* Status codes of every fallible Hone function. The numbers are pinned: scripts and bindings depend on them. */
#ifndef HONE_STATUS_H
#define HONE_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum hone_status {
    HONE_OK = 0,
    HONE_INVALID_ARGUMENT = -1, /* the caller's request makes no sense: wrong name, type, null pointer, option */
    HONE_OUT_OF_MEMORY = -2,    /* an allocation failed, or a memory limit would be exceeded */
    HONE_IO_ERROR = -3,         /* the operating system refused to read or write */
    HONE_MALFORMED = -4,        /* a file is truncated, damaged or not of the format it claims */
    HONE_INVALID_MODEL = -5,    /* the file reads well but the model breaks a rule of types, shapes or structure */
    HONE_UNSUPPORTED = -6,      /* understood, and not available here */
    HONE_OUT_OF_PROFILE = -7,   /* an input shape lies outside every optimization profile */
    HONE_VERSION_MISMATCH = -8, /* written by an incompatible version */
    HONE_CANCELLED = -9,        /* a progress callback asked to stop */
    HONE_INTERNAL = -10         /* a bug in Hone, reported rather than hidden */
} hone_status;

#if defined(__GNUC__)
#define HONE_MUST_USE __attribute__((warn_unused_result))
#if defined(HONE_BUILDING)
#define HONE_API __attribute__((visibility("default")))
#else
#define HONE_API
#endif
#else
#define HONE_MUST_USE
#define HONE_API
#endif

/* A short English phrase for a status ("out of memory"); static storage, never NULL. */
HONE_API const char *hone_status_text(hone_status status);

#ifdef __cplusplus
}
#endif
#endif
