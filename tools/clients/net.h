/*
 * net.h - what the test programs client, load and yardstick share: leaving
 * with a message, reading options, and TCP connections whose every wait ends.
 *
 * No wait here is endless, since a test that hangs tells nobody anything:
 * after wait_limit milliseconds the program leaves and names what it waited
 * for. For the same reason there is no error to hand back in most functions;
 * a test program that cannot go on says why in one line and exits 1.
 */
#ifndef NET_H
#define NET_H

#include <stddef.h>
#include <stdint.h>
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

/*
 * To be called first. Keeps the name for messages, ignores SIGPIPE, so that a
 * send to a peer that left returns EPIPE, and raises the soft limit on open
 * descriptors as far as the hard one allows. Returns that limit.
 * See getrlimit(2).
 */
long start_program(const char *name);

/* Prints "NAME: MESSAGE" to standard error and exits 1, or 2 for usage. */
_Noreturn void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
_Noreturn void fail_usage(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/*
 * Returns the decimal number that text is, within least and most. Exits 2
 * where it is anything else; what names it in the message. See strtol(3).
 */
long parse_number(const char *text, const char *what, long least, long most);

/*
 * Where argv[*at] is the option called name or letter, returns the value that
 * stands behind it and moves *at there, else returns NULL. Exits 2 where the
 * value is missing. (getopt_long(3) is not in POSIX.)
 */
const char *option_value(char **argv, int *at, const char *name,
                         const char *letter);

/* Returns nanoseconds of a clock that is never set. See clock_gettime(2). */
int64_t now(void);

/* Returns realloc(block, size), and exits when there is no memory. */
void *resize(void *block, size_t size);

/*
 * Returns the first address that a name, or a number, stands for. Exits 1
 * where there is none. See getaddrinfo(3).
 */
struct endpoint find_endpoint(const char *address, const char *port);

/*
 * Starts to connect, and does not wait. Returns a non-blocking socket with
 * TCP_NODELAY set, so that two sends are two packets; the caller closes it.
 * It is connected, or refused, when poll(2) finds it writable. Returns -1 and
 * errno where not even the start was possible. See connect(2), tcp(7).
 */
int start_connection(const struct endpoint *server);

/*
 * Returns 0 where the connection is established, else the errno that says
 * what became of it; asking consumes it. See SO_ERROR in socket(7).
 */
int connection_error(int fd);

/*
 * Connects and waits until that is done. Returns the socket as
 * start_connection does, and exits where the server cannot be reached.
 */
int open_connection(const struct endpoint *server);

/*
 * Waits until fd is ready for events (POLLIN, POLLOUT), or until an error or
 * hang-up is there to be read. Exits at wait_limit with what, which completes
 * the sentence "waited 10 seconds ...". See poll(2).
 */
void wait_until_ready(int fd, short events, const char *what);

/* Sends all of it, waiting wherever the peer is slower. See send(2). */
void send_all(int fd, const char *bytes, size_t size);

/* Sends FIN and keeps the other direction open. See shutdown(2). */
void half_close(int fd);

/* Closes with a RST, and drops what was not sent. See SO_LINGER, socket(7). */
void reset_connection(int fd);

/*
 * Receives, and drops what it receives, until the peer closes. Returns 0 for
 * an orderly end of file, and ECONNRESET for a reset. See recv(2).
 */
int wait_until_closed(int fd);

/*
 * Writes an address as the servers show it, "[::1]:40312", or with an IPv4
 * one, mapped into IPv6 or not, "127.0.0.1:40312". text has ADDRESS_TEXT_SIZE
 * bytes. See inet_ntop(3) and RFC 5952.
 */
void show_address(const struct sockaddr_storage *address, char *text);

#endif
