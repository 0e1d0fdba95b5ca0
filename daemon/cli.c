#include "cli.h"

#include <errno.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "../base/str.h"

int cli_fail(enum rc rc, const struct err *e)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, e->msg);
    switch (rc) {
    case RC_REFUSED: return EXIT_REFUSED;
    case RC_RETRY: return EXIT_TRANSIENT;
    default: return EXIT_FAILED;
    }
}

int cli_usage(const char *command, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    if (command && *command)
        fprintf(stderr, "; see '%s %s --help'\n", program_invocation_short_name, command);
    else
        fprintf(stderr, "; see '%s --help'\n", program_invocation_short_name);
    return EXIT_USAGE;
}

const char *cli_config(const char *given)
{
    const char *from_environment = getenv("BRIEFD_CONFIG");
    return given ? given : from_environment && *from_environment ? from_environment : "/etc/briefd/briefd.yaml";
}

bool cli_color(int fd)
{
    const char *no = getenv("NO_COLOR");
    return isatty(fd) && !(no && *no);
}

int cli_width(void)
{
    struct winsize w;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40)
        return w.ws_col;
    return 100;
}

void cli_progress(const char *what, uint64_t done, uint64_t total, const char *note)
{
    enum { CELLS = 30 };
    char bar[CELLS + 1];
    if (!isatty(STDERR_FILENO))
        return;
    size_t filled = total ? (size_t)(done * CELLS / total) : 0;
    if (filled > CELLS)
        filled = CELLS;
    memset(bar, '#', filled);
    memset(bar + filled, '.', CELLS - filled);
    bar[CELLS] = '\0';
    fprintf(stderr, "\r%s [%s] %llu/%llu %s\033[K", what, bar, (unsigned long long)done, (unsigned long long)total, note);
    if (done >= total)
        fputc('\n', stderr);
    fflush(stderr);
}

/* ---- columns ---------------------------------------------------------------------------------------------------------- */

/* Bytes of the next line of at most `width` code points, cut at a space if there is one; *skip is what follows it. */
static size_t next_line(const char *s, size_t width, size_t *skip)
{
    size_t i = 0, cells = 0, space = 0;
    while (s[i] && s[i] != '\n' && cells < width) {
        uint32_t cp;
        if (s[i] == ' ')
            space = i;
        i += utf8_decode(s + i, strlen(s + i), &cp);
        cells++;
    }
    if (s[i] && s[i] != '\n' && s[i] != ' ' && space) {
        *skip = 1;
        return space;
    }
    *skip = s[i] == '\n' || s[i] == ' ';
    return i;
}

static size_t cells_of(const char *s, size_t n)
{
    size_t cells = 0;
    for (size_t i = 0; i < n; i++)
        cells += ((unsigned char)s[i] & 0xC0) != 0x80;
    return cells;
}

void cli_columns(const char *const *headings, const char *const *texts, size_t n)
{
    enum { MOST = 4 };
    const char *at[MOST];
    size_t width;
    bool color = cli_color(STDOUT_FILENO), more = true;
    if (n == 0 || n > MOST)
        return;
    width = ((size_t)cli_width() - 3 * (n - 1)) / n;
    for (size_t k = 0; k < n; k++) {
        at[k] = texts[k];
        size_t used = cells_of(headings[k], strlen(headings[k]));
        printf("%s%s%s%*s%s", color ? "\033[1m" : "", headings[k], color ? "\033[0m" : "",
               k + 1 < n && used < width ? (int)(width - used) : 0, "", k + 1 < n ? " | " : "\n");
    }
    while (more) {
        more = false;
        for (size_t k = 0; k < n; k++) {
            size_t skip, len = next_line(at[k], width, &skip), used = cells_of(at[k], len);
            printf("%.*s", (int)len, at[k]);
            if (k + 1 < n)
                printf("%*s | ", used < width ? (int)(width - used) : 0, "");
            at[k] += len + skip;
            more = more || *at[k];
        }
        putchar('\n');
    }
}
