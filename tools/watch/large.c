/*
 * large.c: draws the few letters of "nc 192.168.1.23 8888" large; see large.h.
 *
 * A letter is five points high, and a row has two of them: that is what the
 * half blocks of Unicode are for.
 */
#define _POSIX_C_SOURCE 200809L

#include "large.h"

#include <stdio.h>
#include <string.h>

enum { POINTS = 5 };

static const char letters[] = "0123456789nc. ";
static const char *const shapes[][POINTS] = {
    {"###", "# #", "# #", "# #", "###"}, {" # ", "## ", " # ", " # ", "###"},
    {"###", "  #", "###", "#  ", "###"}, {"###", "  #", "###", "  #", "###"},
    {"# #", "# #", "###", "  #", "  #"}, {"###", "#  ", "###", "  #", "###"},
    {"###", "#  ", "###", "# #", "###"}, {"###", "  #", "  #", "  #", "  #"},
    {"###", "# #", "###", "# #", "###"}, {"###", "# #", "###", "  #", "###"},
    {"   ", "   ", "## ", "# #", "# #"}, {"   ", "   ", "###", "#  ", "###"},
    {" ", " ", " ", " ", "#"},           {" ", " ", " ", " ", " "}};

/* Returns the points of a letter, or NULL. */
static const char *const *shape_of(char letter)
{
    const char *at = strchr(letters, letter);

    return at == NULL ? NULL : shapes[at - letters];
}

static bool has_room(const struct paper *paper, const char *text)
{
    size_t columns = 1;

    for (; *text != '\0'; text++) {
        if (shape_of(*text) == NULL)
            return false;
        columns += strlen(shape_of(*text)[0]) + 1;
    }
    return columns < (size_t)paper->columns;
}

bool draw_large(struct paper *paper, const char *text)
{
    static const char *const blocks[] = {" ", "▀", "▄", "█"};

    if (!paper->unicode || !has_room(paper, text))
        return false;
    for (int row = 0; row < POINTS; row += 2) {
        paint(paper, BOLD);
        for (const char *letter = text; *letter != '\0'; letter++) {
            const char *const *shape = shape_of(*letter);

            putc(' ', paper->out);
            for (int i = 0; shape[row][i] != '\0'; i++) {
                bool below = row + 1 < POINTS && shape[row + 1][i] == '#';

                fputs(blocks[(shape[row][i] == '#') + 2 * below], paper->out);
            }
        }
        end_row(paper);
    }
    return true;
}
