/*
 * screen.c: the terminal for the charts; see screen.h.
 *
 * See console_codes(4), isatty(3), nl_langinfo(3), https://no-color.org.
 */
#define _POSIX_C_SOURCE 200809L

#include "screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PLAIN_COLUMNS = 80, ROWS_MIN = 8 };

bool measure_screen(struct paper *paper, int *rows)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1)
        return false;
    paper->columns = size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
    *rows = size.ws_row;
    return paper->columns >= COLUMNS_MIN && *rows >= ROWS_MIN;
}

bool choose_screen(struct paper *paper, int *rows)
{
    const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool live;

    setlocale(LC_CTYPE, "");
    paper->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    live = measure_screen(paper, rows) && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
    paper->coloured = live && (no_color == NULL || *no_color == '\0');
    if (!live)
        paper->columns = PLAIN_COLUMNS;
    return live;
}

void other_screen(bool take)
{
    const char *text = take ? "\033[?1049h\033[?25l" : "\033[?25h\033[?1049l";

    show(text, strlen(text));
}

void show(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, text, size);

        if (written == -1)
            return;
        text += written;
        size -= (size_t)written;
    }
}

int rows_of(const char *text)
{
    int count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* Cuts a text after so many rows. */
static void cut(char *text, int most)
{
    for (; *text != '\0'; text++)
        if (*text == '\n' && --most == 0)
            text[1] = '\0';
}

void show_frame(char *frame, int rows)
{
    static const char home[] = "\033[?2026h\033[H", end[] = "\033[J\033[?2026l";
    static const char small[] = "This window\033[K\r\nis too small.\033[K\r\n";

    show(home, strlen(home));
    if (frame == NULL) {
        show(small, strlen(small));
    } else {
        cut(frame, rows - 1);
        show(frame, strlen(frame));
    }
    show(end, strlen(end));
}
