/* Messages, tables and progress bars. */
#include "console.h"

#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

static bool colored[3]; /* by file descriptor */
static bool bar_visible;

void console_start(void) {
    setlocale(LC_CTYPE, "C.UTF-8");
    const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
    const bool wanted = !(no_color && *no_color) && terminal && strcmp(terminal, "dumb") != 0;
    colored[1] = wanted && isatty(1);
    colored[2] = wanted && isatty(2);
}

static bool has_color(FILE *stream) { return stream == stdout ? colored[1] : stream == stderr ? colored[2] : false; }

const char *style_on(FILE *stream, style s) {
    static const char *const code[STYLE_COUNT] = {"",         "\033[1m",  "\033[2m", "\033[31m",
                                                  "\033[33m", "\033[32m", "\033[36m"};
    return has_color(stream) ? code[s] : "";
}

const char *style_off(FILE *stream) { return has_color(stream) ? "\033[0m" : ""; }

/* ---- messages ---- */

/* Keeps the bar and other text apart. */
static void clear_bar(void) {
    if (bar_visible) fputs("\r\033[K", stderr);
    bar_visible = false;
}

/* Text that may come from a file: control characters and broken UTF-8 become "?", so that nothing reaches the terminal
 * that the terminal would obey. */
static void print_safe(const char *text) {
    mbstate_t state = {0};
    for (size_t left = strlen(text); left;) {
        wchar_t c;
        const size_t n = mbrtowc(&c, text, left, &state);
        const bool broken = n == 0 || n > left;
        if (broken || c < 32 || (c >= 127 && c < 160)) fputc('?', stderr);
        else fwrite(text, 1, n, stderr);
        if (broken) memset(&state, 0, sizeof state);
        text += broken ? 1 : n, left -= broken ? 1 : n;
    }
}

static void print_head(hone_severity severity, const char *text) {
    static const char *const word[] = {"verbose", "note", "warning", "error"};
    static const style look[] = {DIM, CYAN, YELLOW, RED};
    clear_bar();
    fprintf(stderr, "%s%s%s:%s ", style_on(stderr, BOLD), style_on(stderr, look[severity]), word[severity],
            style_off(stderr));
    print_safe(text);
    fputc('\n', stderr);
}

static void print_part(const char *before, const char *text, const char *after) {
    fputs(before, stderr);
    print_safe(text);
    fputs(after, stderr);
}

static void print_hint(const char *hint) {
    if (!hint || !*hint) return;
    fprintf(stderr, "  %shint:%s ", style_on(stderr, GREEN), style_off(stderr));
    print_part("", hint, "\n");
}

void print_fault(hone_severity severity, const char *text, const char *hint) {
    print_head(severity, text);
    print_hint(hint);
}

void print_message(const hone_message *m) {
    print_head(m->severity, m->text);
    if (*m->node || *m->op || *m->location) {
        fputs("  at", stderr);
        if (*m->node) print_part(" node '", m->node, "'");
        if (*m->op) print_part(" (", m->op, ")");
        if (*m->location) print_part(*m->node || *m->op ? ", " : " ", m->location, "");
        fputc('\n', stderr);
    }
    print_hint(m->hint);
}

void print_messages(const hone_messages *messages, bool verbose) {
    for (size_t i = 0; i < hone_messages_count(messages); i++) {
        const hone_message *m = hone_messages_at(messages, i);
        if (verbose || m->severity >= HONE_INFO) print_message(m);
    }
    const size_t dropped = hone_messages_dropped(messages);
    if (dropped) note("%zu more error%s not shown", dropped, dropped == 1 ? "" : "s");
}

static void say(hone_severity severity, const char *format, va_list args) {
    char text[4096];
    vsnprintf(text, sizeof text, format, args);
    print_head(severity, text);
}

void note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(HONE_INFO, format, args);
    va_end(args);
}

void warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(HONE_WARNING, format, args);
    va_end(args);
}

hone_messages *new_messages(void) {
    hone_messages *messages;
    if (hone_messages_create(NULL, &messages) != HONE_OK) fail("out of memory");
    return messages;
}

void require(hone_status status, const hone_messages *messages, const char *what) {
    if (status == HONE_OK) return;
    bool explained = false;
    for (size_t i = 0; i < hone_messages_count(messages); i++)
        explained = explained || hone_messages_at(messages, i)->severity == HONE_ERROR;
    print_messages(messages, false);
    if (!explained) fail("%s: %s", what, hone_status_text(status));
    exit(REFUSED);
}

/* ---- tables ---- */

int text_width(const char *text) {
    int width = 0;
    mbstate_t state = {0};
    for (size_t left = strlen(text); left;) {
        wchar_t c;
        size_t n = mbrtowc(&c, text, left, &state);
        if (n == 0 || n > left) n = 1, c = L'?', memset(&state, 0, sizeof state);
        const int w = wcwidth(c);
        width += w < 0 ? 0 : w;
        text += n, left -= n;
    }
    return width;
}

void table_add(table *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = need(hn_arena_format_v(tool_arena(), format, args));
    va_end(args);
    if (t->n == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 64;
        t->cell = grow(t->cell, t->capacity, sizeof *t->cell);
    }
    t->cell[t->n++] = text;
}

/* Spaces are held back until something follows them: no line ends in blanks. */
static void print_row(FILE *stream, const table *t, size_t row, const int *width) {
    const size_t columns = strlen(t->align);
    const char *on = row ? "" : style_on(stream, BOLD), *off = row ? "" : style_off(stream);
    int blanks = 2;
    fputs(on, stream);
    for (size_t c = 0; c < columns; c++) {
        const char *cell = t->cell[row * columns + c];
        const int pad = width[c] - text_width(cell);
        if (t->align[c] == 'r') blanks += pad;
        if (*cell) fprintf(stream, "%*s%s", blanks, "", cell), blanks = 0;
        blanks += t->align[c] == 'r' ? 2 : pad + 2;
    }
    fprintf(stream, "%s\n", off);
}

void table_print(FILE *stream, const table *t) {
    enum { MOST = 32 };
    int width[MOST] = {0};
    const size_t columns = strlen(t->align), rows = t->n / columns;
    for (size_t i = 0; i < rows * columns && columns <= MOST; i++) {
        const int w = text_width(t->cell[i]);
        if (w > width[i % columns]) width[i % columns] = w;
    }
    for (size_t r = 0; r < rows; r++) print_row(stream, t, r, width);
}

/* ---- progress ---- */

void progress_start(progress *p) {
    const char *terminal = getenv("TERM");
    *p = (progress){.start = seconds_now(), .shown = -1, .visible = isatty(2) && terminal && strcmp(terminal, "dumb")};
}

static const char *time_text(double seconds) {
    static char text[32];
    if (seconds < 0 || seconds > 360000) return "";
    const int whole = (int)(seconds + 0.5);
    if (whole < 60) snprintf(text, sizeof text, "%d s left", whole);
    else snprintf(text, sizeof text, "%d min %02d s left", whole / 60, whole % 60);
    return text;
}

void progress_show(progress *p, double share, const char *what, double seconds_left) {
    enum { CELLS = 30 };
    const double now = seconds_now();
    if (!p->visible || (now - p->shown < 0.05 && share < 1)) return;
    p->shown = now;
    if (share < 0 || share > 1) share = share < 0 ? 0 : 1;
    if (seconds_left < 0 && share > 0.02) seconds_left = (now - p->start) * (1 - share) / share;
    struct winsize size = {0};
    const int room = ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    const int full = (int)(share * CELLS + 0.5);
    fprintf(stderr, "\r\033[K%s", style_on(stderr, CYAN));
    for (int i = 0; i < CELLS; i++) fputs(i < full ? "━" : "─", stderr);
    fprintf(stderr, "%s %3.0f %%  %s", style_off(stderr), share * 100, time_text(seconds_left));
    if (room > 70) fprintf(stderr, "  %.*s", room - 70, what);
    fflush(stderr);
    bar_visible = true;
}

void progress_end(progress *p) {
    if (p->visible) clear_bar();
    fflush(stderr);
}

const char *bytes_text(uint64_t bytes) {
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int u = 0;
    double x = (double)bytes;
    while (x >= 1024 && u < 4) x /= 1024, u++;
    return u ? text_of("%.2f %s", x, unit[u]) : text_of("%llu B", (unsigned long long)bytes);
}
