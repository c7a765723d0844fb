/* The commands' entry points. */
#ifndef HONE_COMMANDS_H
#define HONE_COMMANDS_H

#include "args.h"

/* Each returns the exit status. */
#define HONE_COMMAND(id, operands, help) int command_##id(const args *a);
#include "commands.def"
#undef HONE_COMMAND

#endif
