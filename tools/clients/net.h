/*
 * net.h: what the test programs and the fuzzers share: messages, options, a
 * clock, and TCP connections whose every wait ends.
 *
 * A test that hangs shows nothing, so after wait_limit milliseconds the program
 * ends and names what it waited for. For the same reason most functions return
 * no error: a test program that cannot continue says why in one line on
 * standard error and exits with status 1.
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/socket.h>

/* Room for any address as text: "[", IPv6, "%", scope, "]:", port, NUL. */
enum { ADDRESS_TEXT_SIZE = 96 };

/* How long one wait may last, in milliseconds. 10,000 unless changed. */
extern int wait_limit;

/* Where to connect to: the arguments of connect(2). */
struct endpoint {
    struct sockaddr_storage address;
    socklen_t length;
};

/* Call it first. It keeps the name for messages, ignores SIGPIPE, so that a
 * send to a peer that has closed returns EPIPE, and raises the soft limit on
 * open descriptors as far as the hard one allows. Returns that limit. See
 * getrlimit(2). */
long start_program(const char *name);

/* Print "NAME: MESSAGE" to standard error and exit with status 1, or with 2
 * for wrong usage. */
noreturn void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
noreturn void fail_usage(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Returns the decimal number that `text` is, from `least` to `most`. Exits with
 * status 2 if it is anything else; `what` names it in the message. See
 * strtol(3). */
long parse_number(const char *text, const char *what, long least, long most);

/* If argv[*at] is the option called `name` or `letter`, moves *at to the value
 * after it and returns that, else returns NULL. Exits with status 2 if the
 * value is missing. (getopt_long(3) is not in POSIX.) */
const char *option_value(char **argv, int *at, const char *name,
                         const char *letter);

/* Returns nanoseconds of a clock that is never set. See clock_gettime(2). */
int64_t now(void);

/* Returns the time in `ms` milliseconds, on the clock of now(). */
int64_t deadline_in(int ms);

/* Returns realloc(block, size); exits if there is no memory. The caller frees
 * it. */
void *resize(void *block, size_t size);

/* Returns the first address that a name, or a number, stands for. Exits if
 * there is none. See getaddrinfo(3). */
struct endpoint find_endpoint(const char *address, const char *port);

/* Starts to connect and does not wait. Returns a non-blocking socket with
 * TCP_NODELAY set, so that two sends are two packets; the caller closes it. It
 * is connected, or refused, when poll(2) finds it writable. Returns -1 and
 * errno if it could not even start. See connect(2), tcp(7). */
int start_connection(const struct endpoint *server);

/* Returns 0 if the connection is established, else the errno that says why not;
 * asking resets it. See SO_ERROR in socket(7). */
int connection_error(int fd);

/* Connects and waits until that is done. Returns the socket as start_connection
 * does; exits if the server cannot be reached. */
int open_connection(const struct endpoint *server);

/* Waits until `fd` is ready for `events` (POLLIN, POLLOUT), or has an error or
 * a hang-up to report. Exits at wait_limit with `what`, which completes the
 * sentence "waited 10 seconds ...". See poll(2). */
void wait_until_ready(int fd, short events, const char *what);

/* Returns whether a call that failed with this errno may be tried again: it
 * would have blocked, or a signal interrupted it. */
bool is_momentary(int error);

/* Sends all `size` bytes, waiting whenever the peer is slower. See send(2). */
void send_all(int fd, const char *bytes, size_t size);

/* Sends FIN and keeps the other direction open. See shutdown(2). */
void half_close(int fd);

/* Closes with a RST and drops what was not sent. See SO_LINGER in socket(7). */
void reset_connection(int fd);

/* Waits until the peer, which never sends anything, closes. Returns 0 for an
 * orderly end of file, and ECONNRESET for a reset. See recv(2). */
int wait_until_closed(int fd);

/* Writes an address as the servers show it: "[::1]:40312", or "127.0.0.1:40312"
 * for IPv4, mapped into IPv6 or not. `text` has ADDRESS_TEXT_SIZE bytes. See
 * inet_ntop(3) and RFC 5952. */
void show_address(const struct sockaddr_storage *address, char *text);

#endif
