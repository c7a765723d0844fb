#include "commands.h"
int command_bench(const args *a) {
    (void)a;
    return REFUSED;
}
