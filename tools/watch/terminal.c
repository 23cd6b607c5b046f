/*
 * terminal.c: takes the terminal and gives it back; see terminal.h.
 *
 * See termios(3), tcgetpgrp(3).
 */
#define _POSIX_C_SOURCE 200809L

#include "terminal.h"

#include "../demo/screen.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

static bool taken, changed; /* the screen; how keys are treated */
static struct termios saved;

/* Sets how keys are treated, also if the shell has the terminal just now. */
static void set_keys(const struct termios *mode)
{
    sigset_t out, before;

    sigemptyset(&out);
    sigaddset(&out, SIGTTOU);
    sigprocmask(SIG_BLOCK, &out, &before);
    tcsetattr(STDIN_FILENO, TCSADRAIN, mode);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Keys come at once and are not shown. Ctrl+C and Ctrl+Z are keys, too, so that
 * make(1) does not end before this has. Ctrl+S must not stop the page, since
 * the server would have to wait as well. */
static void take_terminal(void)
{
    struct termios mode;

    if (tcgetattr(STDIN_FILENO, &saved) == 0) {
        mode = saved;
        mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
        mode.c_iflag &= ~(tcflag_t)IXON;
        mode.c_cc[VMIN] = 1;
        mode.c_cc[VTIME] = 0;
        changed = true;
        set_keys(&mode);
    }
    taken = true;
    other_screen(true);
}

bool has_terminal(void)
{
    if (tcgetpgrp(STDOUT_FILENO) != getpgrp())
        taken = changed = false;
    else if (!taken)
        take_terminal();
    return taken;
}

void restore_terminal(void)
{
    if (taken)
        other_screen(false);
    if (changed)
        set_keys(&saved);
    taken = changed = false;
}

void forget_terminal(void)
{
    taken = changed = false;
}

bool may_read_keys(void)
{
    return !isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) == getpgrp();
}
