/* The table of operators and opsets. */
#include <string.h>
#include "frontend/onnx/onnx_convert.h"

#define hn_onnx_same NULL
static const hn_onnx_row rows[] = {
#define HN_ONNX(name, since, op, import) {name, since, op, hn_onnx_##import},
#include "frontend/onnx/onnx_map.def"
#undef HN_ONNX
};
#undef hn_onnx_same
#define N_ROWS (sizeof rows / sizeof *rows)

const hn_onnx_row *hn_onnx_row_at(size_t i) { return i < N_ROWS ? &rows[i] : NULL; }

const hn_onnx_row *hn_onnx_find_row(const char *name, int64_t opset, int *since) {
    size_t low = 0, high = N_ROWS;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (strcmp(rows[middle].name, name) < 0) low = middle + 1;
        else high = middle;
    }
    const hn_onnx_row *found = NULL;
    *since = low < N_ROWS && strcmp(rows[low].name, name) == 0 ? rows[low].since : 0;
    for (; low < N_ROWS && strcmp(rows[low].name, name) == 0 && rows[low].since <= opset; low++) found = &rows[low];
    return found;
}
