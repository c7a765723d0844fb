/* JSON writer over a string builder: commas, quoting and indentation are its business. */
#ifndef HN_BASE_JSON_H
#define HN_BASE_JSON_H

#include "base/str.h"

typedef struct hn_json {
    hn_str *out;
    int depth;
    bool first;           /* no comma before the next item */
    bool inline_;         /* current container is written on one line */
    uint64_t inline_bits; /* one bit per depth */
} hn_json;

void hn_json_init(hn_json *json, hn_str *out);
/* `key` is NULL inside arrays and for the root. `one_line` keeps the container's content on one line. */
void hn_json_object(hn_json *json, const char *key, bool one_line);
void hn_json_array(hn_json *json, const char *key, bool one_line);
void hn_json_end_object(hn_json *json);
void hn_json_end_array(hn_json *json);
/* Invalid UTF-8 is replaced by U+FFFD. */
void hn_json_string(hn_json *json, const char *key, const char *value);
void hn_json_int(hn_json *json, const char *key, int64_t value);
/* Shortest text that reads back as the same number; NaN and infinities become null. */
void hn_json_number(hn_json *json, const char *key, double value);
void hn_json_bool(hn_json *json, const char *key, bool value);
void hn_json_null(hn_json *json, const char *key);

#endif
