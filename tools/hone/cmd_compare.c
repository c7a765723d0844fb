#include "commands.h"
int command_compare(const args *a) {
    (void)a;
    return REFUSED;
}
