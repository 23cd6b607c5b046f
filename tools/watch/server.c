/*
 * server.c: starts, reads and stops the server that is watched; see server.h.
 *
 * See fork(2), setpgid(2), pipe(2), waitpid(2), kill(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 65536, CHUNKS_MAX = 16 };

static const double patience = 2; /* seconds for a server to stop */

/* Becomes the server. */
static void run(const char *command, int out, int err)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    int none = open("/dev/null", O_RDONLY);

    sigemptyset(&action.sa_mask);
    setpgid(0, 0);
    for (int i = 1; i < 32; i++)
        sigaction(i, &action, NULL);
    dup2(none, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Makes a pipe that no child keeps, with an end that does not block. */
static bool make_pipe(int ends[2])
{
    if (pipe(ends) == -1)
        return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
}

bool start_server(struct process *server, const char *command)
{
    int out[2], err[2];

    *server = (struct process){.out = -1, .err = -1};
    if (!make_pipe(out) || !make_pipe(err))
        return false;
    server->pid = fork();
    if (server->pid == -1)
        return false;
    if (server->pid == 0)
        run(command, out[1], err[1]);
    setpgid(server->pid, server->pid); /* whoever is first */
    close(out[1]);
    close(err[1]);
    server->out = out[0];
    server->err = err[0];
    return true;
}

/* Adds to the line that is not complete, as much as fits. */
static void keep(struct process *server, const char *text, size_t size)
{
    if (size > LINE_SIZE - server->used)
        size = LINE_SIZE - server->used;
    memcpy(server->line + server->used, text, size);
    server->used += size;
}

static void use_text(struct process *server, struct room *room, double time,
                     const char *text, size_t size)
{
    const char *end;

    while ((end = memchr(text, '\n', size)) != NULL) {
        size_t length = (size_t)(end - text);

        if (server->used == 0) {
            room_line(room, time, text, length);
        } else {
            keep(server, text, length);
            room_line(room, time, server->line, server->used);
            server->used = 0;
        }
        size -= length + 1;
        text = end + 1;
    }
    keep(server, text, size);
}

/* Keeps the last line of what a server says on standard error. */
static void use_error(struct process *server, const char *text, size_t size)
{
    while (size > 0 && text[size - 1] == '\n')
        size--;
    for (size_t i = size; i > 0; i--)
        if (text[i - 1] == '\n') {
            text += i;
            size -= i;
            break;
        }
    if (size > 0)
        make_safe(text, size, server->error, sizeof server->error);
}

/* Reads once. Returns false if there is nothing now. */
static bool read_pipe(int *fd, char *chunk, ssize_t *size)
{
    if (*fd == -1)
        return false;
    *size = read(*fd, chunk, CHUNK);
    if (*size == 0) {
        close(*fd);
        *fd = -1;
    }
    return *size > 0;
}

void read_server(struct process *server, struct room *room, double time)
{
    static char chunk[CHUNK];
    ssize_t size;

    for (int i = 0; i < CHUNKS_MAX && read_pipe(&server->out, chunk, &size);
         i++)
        use_text(server, room, time, chunk, (size_t)size);
    if (read_pipe(&server->err, chunk, &size))
        use_error(server, chunk, (size_t)size);
}

bool process_has_ended(struct process *server)
{
    if (server->pid == 0 ||
        waitpid(server->pid, &server->status, WNOHANG) != server->pid)
        return false;
    kill(-server->pid, SIGKILL); /* what it has started and left behind */
    server->pid = 0;
    return true;
}

void describe_end(const struct process *server, char text[ERROR_SIZE])
{
    if (WIFSIGNALED(server->status))
        snprintf(text, ERROR_SIZE, "signal %d", WTERMSIG(server->status));
    else
        snprintf(text, ERROR_SIZE, "exit status %d",
                 WEXITSTATUS(server->status));
}

void stop_server(struct process *server, struct room *room, double now(void))
{
    double end = now() + patience;

    if (server->pid > 0)
        kill(server->pid, SIGTERM);
    while (server->pid > 0 && !process_has_ended(server)) {
        struct pollfd pipes[] = {{server->out, POLLIN, 0},
                                 {server->err, POLLIN, 0}};

        poll(pipes, 2, 5);
        read_server(server, room, now());
        if (now() > end)
            kill(-server->pid, SIGKILL);
    }
    read_server(server, room, now());
    if (server->out != -1)
        close(server->out);
    if (server->err != -1)
        close(server->err);
    server->out = server->err = -1;
    room_close(room, now());
}

void kill_server(const struct process *server)
{
    if (server->pid > 0)
        kill(-server->pid, SIGKILL);
}
