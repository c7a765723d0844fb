/* Text for people: messages, tables, progress. Colours and bars appear on a terminal only. */
#ifndef HONE_CONSOLE_H
#define HONE_CONSOLE_H

#include <stdio.h>
#include "tool.h"

typedef enum style { PLAIN, BOLD, DIM, RED, YELLOW, GREEN, CYAN, STYLE_COUNT } style;

/* Decides about colours and the width of letters; call first. */
void console_start(void);
/* Escape sequence of a style for a stream, "" when it is no terminal (or NO_COLOR is set). */
const char *style_on(FILE *stream, style s);
const char *style_off(FILE *stream);
/* Columns that UTF-8 text takes. */
int text_width(const char *text);

/* One message on standard error, `hint` may be NULL. */
void print_fault(hone_severity severity, const char *text, const char *hint);
void print_message(const hone_message *message);
/* All messages of a list that matter: verbose ones only if asked for. */
void print_messages(const hone_messages *messages, bool verbose);
/* An empty list; ends the program when there is no memory. */
hone_messages *new_messages(void);
/* Prints the messages and ends the program with status 2 unless `status` is HONE_OK. `what` stands for the text when
 * there is none. */
void require(hone_status status, const hone_messages *messages, const char *what);
/* Notes go to standard error. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Cells are added from left to right, top to bottom; the first row is the head. `align` has 'l' or 'r' per column. */
typedef struct table {
    const char *align;
    const char **cell;
    size_t n, capacity;
} table;
void table_add(table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(FILE *stream, const table *t);

/* A bar on standard error while something long goes on. */
typedef struct progress {
    double start, shown;
    bool visible;
} progress;
void progress_start(progress *p);
/* seconds_left below 0: estimated from the share done so far. */
void progress_show(progress *p, double share, const char *what, double seconds_left);
void progress_end(progress *p);

/* "1.50 MiB" */
const char *bytes_text(uint64_t bytes);

#endif
