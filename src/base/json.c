/* JSON writer: two spaces per level, or one line where the caller asks for it. */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACKED_DEPTH 64 /* bits in hn_json.inline_bits; deeper containers are written on one line */

void hn_json_init(hn_json *json, hn_str *out) { *json = (hn_json){.out = out, .first = true}; }

/* Length of the valid UTF-8 sequence at `text`, or 0. The text ends with NUL, which no continuation byte can be. */
static size_t utf8_length(const unsigned char *text) {
    unsigned char c = text[0];
    size_t n = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    if ((c == 0xE0 && text[1] < 0xA0) || (c == 0xED && text[1] > 0x9F)) return 0; /* overlong; surrogates */
    if ((c == 0xF0 && text[1] < 0x90) || (c == 0xF4 && text[1] > 0x8F)) return 0; /* overlong; beyond U+10FFFF */
    return n;
}

static void write_character(hn_str *out, const unsigned char *at, size_t n) {
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    const char *known = n == 1 ? memchr(from, *at, sizeof from - 1) : NULL;
    if (n == 0) hn_str_append(out, "\xEF\xBF\xBD", 3);
    else if (known) hn_str_add(out, "\\%c", to[known - from]);
    else if (*at < 0x20 || *at == 0x7F) hn_str_add(out, "\\u%04x", *at);
    else hn_str_append(out, (const char *)at, n);
}

static void write_quoted(hn_str *out, const char *text) {
    hn_str_append(out, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t n = utf8_length(at);
        write_character(out, at, n);
        at += n ? n : 1;
    }
    hn_str_append(out, "\"", 1);
}

static void new_line(hn_json *json) { hn_str_add(json->out, "\n%*s", json->depth * 2, ""); }

/* Comma, line break and key before an item. */
static void begin_item(hn_json *json, const char *key) {
    if (!json->first) hn_str_append(json->out, ",", 1);
    if (json->depth > 0 && !json->inline_) new_line(json);
    else if (!json->first) hn_str_append(json->out, " ", 1);
    json->first = false;
    if (!key) return;
    write_quoted(json->out, key);
    hn_str_append(json->out, ": ", 2);
}

static void open_container(hn_json *json, const char *key, const char *bracket, bool one_line) {
    begin_item(json, key);
    hn_str_append(json->out, bracket, 1);
    if (json->depth < TRACKED_DEPTH) {
        uint64_t bit = (uint64_t)1 << json->depth;
        json->inline_bits = json->inline_ ? json->inline_bits | bit : json->inline_bits & ~bit;
    }
    json->inline_ = json->inline_ || one_line || json->depth >= TRACKED_DEPTH;
    json->depth++;
    json->first = true;
}

static void close_container(hn_json *json, const char *bracket) {
    json->depth--;
    if (!json->first && !json->inline_) new_line(json);
    hn_str_append(json->out, bracket, 1);
    if (json->depth < TRACKED_DEPTH) json->inline_ = json->inline_bits >> json->depth & 1;
    json->first = false;
}

void hn_json_object(hn_json *json, const char *key, bool one_line) { open_container(json, key, "{", one_line); }

void hn_json_array(hn_json *json, const char *key, bool one_line) { open_container(json, key, "[", one_line); }

void hn_json_end_object(hn_json *json) { close_container(json, "}"); }

void hn_json_end_array(hn_json *json) { close_container(json, "]"); }

void hn_json_string(hn_json *json, const char *key, const char *value) {
    begin_item(json, key);
    write_quoted(json->out, value);
}

void hn_json_int(hn_json *json, const char *key, int64_t value) {
    begin_item(json, key);
    hn_str_add(json->out, "%lld", (long long)value);
}

/* The locale's decimal separator, whatever it is, becomes a point. */
static void write_with_point(hn_str *out, const char *number) {
    for (const char *c = number; *c; c++) {
        bool plain = strchr("0123456789+-e", *c) != NULL;
        if (plain) hn_str_append(out, c, 1);
        else if (c == number || strchr("0123456789", c[-1])) hn_str_append(out, ".", 1);
    }
}

void hn_json_number(hn_json *json, const char *key, double value) {
    if (!isfinite(value)) {
        hn_json_null(json, key);
        return;
    }
    char text[64];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    begin_item(json, key);
    write_with_point(json->out, text);
}

void hn_json_bool(hn_json *json, const char *key, bool value) {
    begin_item(json, key);
    hn_str_add(json->out, "%s", value ? "true" : "false");
}

void hn_json_null(hn_json *json, const char *key) {
    begin_item(json, key);
    hn_str_append(json->out, "null", 4);
}
