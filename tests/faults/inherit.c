/*
 * inherit.c: starts a program with what a careless parent would pass on.
 *
 *     build/tests/inherit [WHAT...] COMMAND [ARGUMENT...]
 *
 *     default       SIGINT, SIGTERM and SIGHUP have their default action (a
 *                   shell has SIGINT ignored in what it starts with `&`)
 *     block         the three and SIGALRM are blocked
 *     alarm:MS      SIGALRM will come after so many milliseconds
 *     group         a process group of its own, as a shell makes for what is
 *                   typed: Ctrl+C reaches each process in it
 *     descriptors:N  all descriptors below N are in use
 *
 * The exit status is that of the command, or 2 if it cannot be started. See
 * execve(2) for what is passed on, sigprocmask(2), setitimer(2), setpgid(2),
 * and open(2), which takes the lowest descriptor that is free.
 */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};
enum { SIGNALS = sizeof signals / sizeof *signals };

static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, NULL);
}

static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (int i = 0; i < SIGNALS; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void set_alarm(const char *text)
{
    long ms = strtol(text, NULL, 10);
    struct itimerval timer = {
        .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

static void use_descriptors(const char *text)
{
    long wanted = strtol(text, NULL, 10);
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd != -1 && fd < wanted);
    if (fd != -1)
        close(fd);
}

int main(int argc, char **argv)
{
    (void)argc;
    for (argv++; *argv != NULL; argv++)
        if (strcmp(*argv, "default") == 0)
            reset_signals();
        else if (strcmp(*argv, "block") == 0)
            block_signals();
        else if (strcmp(*argv, "group") == 0)
            setpgid(0, 0);
        else if (strncmp(*argv, "alarm:", 6) == 0)
            set_alarm(*argv + 6);
        else if (strncmp(*argv, "descriptors:", 12) == 0)
            use_descriptors(*argv + 12);
        else
            break;
    if (*argv == NULL) {
        fputs("usage: inherit [default] [block] [alarm:MS] [group] "
              "[descriptors:N] COMMAND...\n",
              stderr);
        return 2;
    }
    execvp(*argv, argv);
    fprintf(stderr, "inherit: cannot start %s: %s\n", *argv, strerror(errno));
    return 2;
}
