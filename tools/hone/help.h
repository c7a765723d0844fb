/* Help texts, made from the tables of commands and options. */
#ifndef HONE_HELP_H
#define HONE_HELP_H

#include <stdio.h>
#include "args.h"

void print_overview(FILE *to, const command *commands, int n);
void print_command(FILE *to, const command *c);
/* docs/commands.md */
void print_markdown(FILE *to, const command *commands, int n);

#endif
