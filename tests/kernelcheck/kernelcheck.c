/* kernelcheck [--filter NAME] [--seed N] [--bench | --spike]: checks every CPU kernel against the operators'
 * references. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernelcheck.h"

static int usage(void) {
    fputs("usage: kernelcheck [--filter KERNEL] [--seed N] [--bench | --spike]\n", stderr);
    return 2;
}

int main(int argc, char **argv) {
    kc_suite suite = {.seed = 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc) {
            suite.filter = argv[++i];
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            suite.seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--bench") == 0) {
            suite.bench = true;
        } else if (strcmp(argv[i], "--spike") == 0) {
            kc_spike();
            return 0;
        } else {
            return usage();
        }
    }
    static const struct {
        const char *name;
        void (*run)(kc_suite *suite);
    } cases[] = {
#define KC_CASES(name) {#name, kc_cases_##name},
#include "cases.def"
#undef KC_CASES
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int failed = suite.failed, passed = suite.passed;
        double begin = kc_now();
        cases[i].run(&suite);
        if (!suite.bench)
            printf("%s %-10s %5d checks, %d failed, %.1f s\n", suite.failed == failed ? "PASS" : "FAIL", cases[i].name,
                   suite.passed + suite.failed - passed - failed, suite.failed - failed, kc_now() - begin);
        fflush(stdout);
    }
    if (!suite.bench) printf("%d passed, %d failed\n", suite.passed, suite.failed);
    return suite.failed > 0;
}
