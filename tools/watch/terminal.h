/*
 * terminal.h: the terminal while the page is on it: its other screen, and keys
 * that come at once.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

/* Takes the terminal, if this program does not have it. Returns false if it is
 * another's, because the shell has put this program into the background. */
bool has_terminal(void);

/* Gives it back as it was. May be called in a signal handler, and twice. */
void restore_terminal(void);

/* Another program had the terminal meanwhile: has_terminal takes it again. */
void forget_terminal(void);

/* Whether reading from standard input cannot stop this program. */
bool may_read_keys(void);

#endif
