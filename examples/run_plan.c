/* Runs a plan once on inputs of ones and prints its outputs: run_plan MODEL.plan. Needs libhone_rt only. */
#include <hone/runtime.h>
#include <stdio.h>

static int fail(const char *what, hone_status status, const hone_messages *messages) {
    fprintf(stderr, "%s: %s\n", what, hone_status_text(status));
    for (size_t i = 0; messages && i < hone_messages_count(messages); i++)
        fprintf(stderr, "  %s\n", hone_messages_at(messages, i)->text);
    return 2;
}

/* A value of the input's shape at its profile's opt, every float 1. The caller destroys it. */
static hone_status make_input(const hone_engine *engine, int index, const hone_port *port, hone_value **out) {
    int64_t dim[HONE_MAX_RANK];
    hone_status status = hone_engine_profile_shape(engine, 0, index, HONE_PROFILE_OPT, dim);
    if (status == HONE_OK) status = hone_value_create(port->dtype, port->rank, dim, NULL, out);
    if (status != HONE_OK || port->dtype != HONE_FLOAT32) return status;
    float *at = (float *)hone_value_data(*out);
    for (size_t i = 0; i < hone_value_bytes(*out) / sizeof *at; i++) at[i] = 1.0f;
    return HONE_OK;
}

static void print_output(const hone_port *port, const hone_value *value) {
    printf("%s %s[", port->name, hone_dtype_name(port->dtype));
    for (int i = 0; i < hone_value_rank(value); i++)
        printf("%s%lld", i ? "," : "", (long long)hone_value_dims(value)[i]);
    printf("]");
    const float *at = (const float *)hone_value_data(value);
    const size_t n = hone_value_bytes(value) / sizeof *at;
    for (size_t i = 0; port->dtype == HONE_FLOAT32 && i < n && i < 8; i++) printf(" %g", at[i]);
    printf("\n");
}

int main(int argc, char **argv) {
    enum { MOST = 16 };
    hone_engine *engine;
    hone_context *context;
    hone_value *input[MOST] = {NULL};
    hone_port port;
    if (argc != 2) {
        fprintf(stderr, "usage: run_plan MODEL.plan\n");
        return 2;
    }
    hone_status status = hone_engine_load(argv[1], NULL, NULL, &engine);
    if (status != HONE_OK) return fail(argv[1], status, NULL);
    status = hone_context_create(engine, NULL, NULL, &context);
    if (status != HONE_OK) return fail("context", status, NULL);
    for (int i = 0; i < hone_engine_input_count(engine) && i < MOST; i++) {
        status = hone_engine_input(engine, i, &port);
        if (status == HONE_OK) status = make_input(engine, i, &port, &input[i]);
        if (status == HONE_OK) status = hone_context_set_input(context, port.name, input[i]);
        if (status != HONE_OK) return fail(port.name, status, hone_context_messages(context));
    }
    status = hone_context_run(context);
    if (status != HONE_OK) return fail("run", status, hone_context_messages(context));
    for (int i = 0; i < hone_engine_output_count(engine); i++)
        if (hone_engine_output(engine, i, &port) == HONE_OK) print_output(&port, hone_context_output(context, i));
    hone_context_destroy(&context);
    for (int i = 0; i < MOST; i++) hone_value_destroy(&input[i]);
    hone_engine_destroy(&engine);
    return 0;
}
