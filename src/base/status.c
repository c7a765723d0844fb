/* Phrases for status codes. */
#include "hone/status.h"

const char *hone_status_text(hone_status status) {
    switch (status) {
    case HONE_OK:
        return "ok";
    case HONE_INVALID_ARGUMENT:
        return "invalid argument";
    case HONE_OUT_OF_MEMORY:
        return "out of memory";
    case HONE_IO_ERROR:
        return "input/output error";
    case HONE_MALFORMED:
        return "malformed file";
    case HONE_INVALID_MODEL:
        return "invalid model";
    case HONE_UNSUPPORTED:
        return "not supported";
    case HONE_OUT_OF_PROFILE:
        return "shape outside every optimization profile";
    case HONE_VERSION_MISMATCH:
        return "incompatible version";
    case HONE_CANCELLED:
        return "cancelled";
    case HONE_INTERNAL:
        return "internal error";
    }
    return "unknown status";
}
