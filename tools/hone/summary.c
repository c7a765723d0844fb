/* Least, greatest, mean and first values of arrays. */
#include "summary.h"

#include <math.h>
#include "console.h"
#include "elements.h"
#include "shapes.h"

enum { FIRST = 4, LONGEST = 24 };

typedef struct summary {
    double least, greatest, mean;
    int64_t count, odd; /* odd: neither number nor infinite to be averaged */
} summary;

static summary summarize(const hone_value *value) {
    summary s = {.least = INFINITY, .greatest = -INFINITY, .count = value_count(value)};
    double sum = 0;
    for (int64_t i = 0; i < s.count; i++) {
        const double x = element_get(value, i);
        if (!isfinite(x)) {
            s.odd++;
            continue;
        }
        if (x < s.least) s.least = x;
        if (x > s.greatest) s.greatest = x;
        sum += x;
    }
    s.mean = s.count > s.odd ? sum / (double)(s.count - s.odd) : NAN;
    return s;
}

static const char *first_values(const hone_value *value, int64_t count) {
    hn_str text;
    hn_str_init(&text, tool_arena());
    size_t n;
    const char *string;
    for (int64_t i = 0; i < FIRST && (string = hone_value_string(value, i, &n)); i++)
        hn_str_add(&text, "%s'%.*s'", i ? " " : "", n > LONGEST ? LONGEST : (int)n, string);
    if (hone_value_dtype(value) == HONE_STRING) return text_done(&text);
    for (int64_t i = 0; i < count && i < FIRST; i++) hn_str_add(&text, "%s%.6g", i ? " " : "", element_get(value, i));
    if (count > FIRST) hn_str_add(&text, " ...");
    return text_done(&text);
}

static const char *number_text(const summary *s, double x) { return s->count > s->odd ? text_of("%.6g", x) : "-"; }

static void add_head(table *t) {
    static const char *const head[] = {"output", "type", "shape", "min", "max", "mean", "first values"};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) table_add(t, "%s", head[i]);
}

void print_summaries(const tensors *all) {
    tensors flat = tensors_flat(all), *list = &flat;
    table t = {.align = "lllrrrl"};
    add_head(&t);
    for (int i = 0; i < list->n; i++) {
        const hone_value *v = list->at[i].value;
        const summary s = summarize(v);
        table_add(&t, "%s", list->at[i].name);
        table_add(&t, "%s", hone_dtype_name(hone_value_dtype(v)));
        table_add(&t, "%s", shape_text(hone_value_rank(v), hone_value_dims(v)));
        table_add(&t, "%s", number_text(&s, s.least));
        table_add(&t, "%s", number_text(&s, s.greatest));
        table_add(&t, "%s", number_text(&s, s.mean));
        table_add(&t, "%s", first_values(v, s.count));
    }
    table_print(stdout, &t);
    for (int i = 0; i < list->n; i++) {
        const summary s = summarize(list->at[i].value);
        if (s.odd && hone_value_dtype(list->at[i].value) != HONE_STRING)
            warn("output '%s' has %lld of %lld elements that are infinite or not a number", list->at[i].name,
                 (long long)s.odd, (long long)s.count);
    }
    tensors_free(&flat);
}

static void write_first(hn_json *json, const hone_value *value, int64_t count) {
    size_t n;
    const char *string;
    hn_json_array(json, "first", true);
    for (int64_t i = 0; i < count && i < FIRST; i++)
        if ((string = hone_value_string(value, i, &n))) hn_json_string(json, NULL, text_copy(string, n));
        else hn_json_number(json, NULL, element_get(value, i));
    hn_json_end_array(json);
}

void write_summaries(hn_json *json, const char *key, const tensors *all) {
    tensors flat = tensors_flat(all), *list = &flat;
    hn_json_array(json, key, false);
    for (int i = 0; i < list->n; i++) {
        const hone_value *v = list->at[i].value;
        const summary s = summarize(v);
        hn_json_object(json, NULL, true);
        hn_json_string(json, "name", list->at[i].name);
        hn_json_string(json, "dtype", hone_dtype_name(hone_value_dtype(v)));
        hn_json_array(json, "shape", true);
        for (int k = 0; k < hone_value_rank(v); k++) hn_json_int(json, NULL, hone_value_dims(v)[k]);
        hn_json_end_array(json);
        hn_json_number(json, "min", s.least);
        hn_json_number(json, "max", s.greatest);
        hn_json_number(json, "mean", s.mean);
        hn_json_int(json, "not_finite", s.odd);
        write_first(json, v, s.count);
        hn_json_end_object(json);
    }
    hn_json_end_array(json);
    tensors_free(&flat);
}
