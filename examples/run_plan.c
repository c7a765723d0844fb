/* Runs a plan once on inputs of ones and prints the first numbers of each output: run_plan MODEL.plan
 * Shapes that vary take what the first profile is tuned for. Links libhone_rt alone: nothing here can build. */
#include <stdio.h>
#include "hone/runtime.h"

enum { MOST_INPUTS = 16, FIRST = 5 };

/* An input of ones, in the shape that profile 0 is tuned for. */
static hone_status make_input(const hone_engine *engine, int index, hone_port *port, hone_value **out) {
    int64_t dim[HONE_MAX_RANK];
    hone_status status = hone_engine_input(engine, index, port);
    if (status == HONE_OK) status = hone_engine_profile_shape(engine, 0, index, HONE_PROFILE_OPT, dim);
    if (status == HONE_OK) status = hone_value_create(port->dtype, port->rank, dim, NULL, out);
    if (status != HONE_OK || port->dtype != HONE_FLOAT32) return status; /* other types stay zero */
    float *data = (float *)hone_value_data(*out);
    for (size_t i = 0; i < hone_value_bytes(*out) / sizeof *data; i++) data[i] = 1;
    return HONE_OK;
}

static void print_output(const char *name, const hone_value *value) {
    printf("%s: %s", name, hone_dtype_name(hone_value_dtype(value)));
    for (int i = 0; i < hone_value_rank(value); i++)
        printf("%c%lld", i ? 'x' : ' ', (long long)hone_value_dims(value)[i]);
    const float *data = (const float *)hone_value_data(value);
    const size_t n = hone_value_bytes(value) / sizeof *data;
    for (size_t i = 0; hone_value_dtype(value) == HONE_FLOAT32 && i < n && i < FIRST; i++) printf(" %g", data[i]);
    printf("\n");
}

static hone_status run(const hone_engine *engine, hone_context *context) {
    hone_value *input[MOST_INPUTS] = {NULL};
    hone_status status = HONE_OK;
    const int n = hone_engine_input_count(engine);
    for (int i = 0; i < n && i < MOST_INPUTS && status == HONE_OK; i++) {
        hone_port port;
        status = make_input(engine, i, &port, &input[i]);
        if (status == HONE_OK) status = hone_context_set_input(context, port.name, input[i]);
    }
    if (status == HONE_OK) status = hone_context_run(context); /* reads the inputs where they are */
    for (int i = 0; i < hone_engine_output_count(engine) && status == HONE_OK; i++) {
        hone_port port;
        status = hone_engine_output(engine, i, &port);
        if (status == HONE_OK) print_output(port.name, hone_context_output(context, i));
    }
    for (int i = 0; i < MOST_INPUTS; i++) hone_value_destroy(&input[i]);
    return status;
}

int main(int argc, char **argv) {
    hone_messages *messages = NULL;
    hone_engine *engine = NULL;
    hone_context *context = NULL;
    if (argc != 2 || hone_messages_create(NULL, &messages) != HONE_OK) {
        fprintf(stderr, "usage: run_plan MODEL.plan\n");
        return 2;
    }
    hone_status status = hone_engine_load(argv[1], NULL, messages, &engine);
    if (status == HONE_OK) status = hone_context_create(engine, NULL, messages, &context);
    if (status == HONE_OK) status = run(engine, context);
    const hone_messages *why = context ? hone_context_messages(context) : messages;
    for (size_t i = 0; status != HONE_OK && i < hone_messages_count(why); i++)
        fprintf(stderr, "error: %s\n", hone_messages_at(why, i)->text);
    hone_context_destroy(&context); /* before its engine */
    if (engine) hone_engine_destroy(&engine);
    hone_messages_destroy(&messages);
    return status == HONE_OK ? 0 : 2;
}
