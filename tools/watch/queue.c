/*
 * queue.c: asks the kernel about a server's connections; see queue.h.
 *
 * Where diag.c can ask Linux, that is the quickest. Else Linux has a line for
 * each socket in /proc/net/tcp and /proc/net/tcp6. Those that listen come
 * first, so the rest is read only where the server is among them. A connection
 * that waits for accept(2) belongs to no file yet: its inode is 0. When a
 * client has closed its side (CLOSE_WAIT), its FIN counts as one byte. A client
 * that was reset before it was accepted has no line.
 *
 * BSD and macOS have netstat(1), which does not tell who is accepted.
 *
 * WATCH_PROC is a directory to be read in place of /proc/net, and of what
 * diag.c says, for tests.
 *
 * See proc(5), netstat(1), inet_ntop(3).
 */
#define _POSIX_C_SOURCE 200809L

#include "queue.h"

#include "diag.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ESTABLISHED = 1, CLOSE_WAIT = 8, LISTEN = 10 };

void show_address(bool six, const void *bytes, unsigned port,
                  char text[ADDRESS_SIZE])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    char host[INET6_ADDRSTRLEN] = "";

    if (six && memcmp(bytes, mapped, sizeof mapped) != 0) {
        inet_ntop(AF_INET6, bytes, host, sizeof host);
        snprintf(text, ADDRESS_SIZE, "[%s]:%u", host, port);
    } else {
        inet_ntop(AF_INET, (const char *)bytes + (six ? sizeof mapped : 0),
                  host, sizeof host);
        snprintf(text, ADDRESS_SIZE, "%s:%u", host, port);
    }
}

/* Reads the address "0100007F": its words in hexadecimal, in the byte order of
 * this machine. */
static void read_words(const char *hex, uint32_t words[4])
{
    for (int i = 0; i < 4 && *hex != '\0'; i++, hex += 8) {
        char word[9] = "";

        memcpy(word, hex, 8);
        words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
}

/* Reads one of the two files. Returns false if there is no such file. */
static bool read_proc(const char *name, int port, use_connection *use,
                      void *context)
{
    const char *directory = getenv("WATCH_PROC");
    char path[512], line[256];
    bool listens = false;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s",
             directory == NULL ? "/proc/net" : directory, name);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned from, to, state;
        unsigned long bytes, inode;
        char hex[33];
        uint32_t words[4] = {0};
        struct connection connection = {.connected = -1, .received = -1};

        if (sscanf(line,
                   "%*d: %*[0-9A-F]:%x %32[0-9A-F]:%x %x %*x:%lx %*x:%*x "
                   "%*x %*u %*u %lu",
                   &to, hex, &from, &state, &bytes, &inode) != 6)
            continue;
        listens = listens || (state == LISTEN && to == (unsigned)port);
        if (state != LISTEN && !listens)
            break;
        if (to != (unsigned)port ||
            (state != ESTABLISHED && state != CLOSE_WAIT))
            continue;
        connection.finished = state == CLOSE_WAIT;
        connection.bytes =
            (long)bytes - (connection.finished && bytes > 0 ? 1 : 0);
        connection.accepted = inode != 0;
        read_words(hex, words);
        show_address(strlen(hex) == 32, words, from, connection.address);
        use(&connection, context);
    }
    fclose(file);
    return true;
}

/* Splits "192.168.1.2.8888" or "fe80::1%en0.8888" at its last dot (Linux has a
 * colon). Returns the port, and 0 if there is none. */
static int split(char *text, char **port)
{
    char *end = text + strlen(text);

    while (end > text && *end != '.' && *end != ':')
        end--;
    if (end == text)
        return 0;
    *end = '\0';
    *port = end + 1;
    return atoi(*port);
}

static bool read_netstat(int port, use_connection *use, void *context)
{
    FILE *pipe = popen("LC_ALL=C netstat -an -p tcp 2>/dev/null", "r");
    char line[256], here[80], there[80], state[32], *from, *to;
    bool any = false;
    long bytes;

    if (pipe == NULL)
        return false;
    while (fgets(line, sizeof line, pipe) != NULL) {
        struct connection connection = {.connected = -1, .received = -1};

        any = any || strstr(line, "Recv-Q") != NULL;
        if (sscanf(line, "tcp%*s %ld %*d %79s %79s %31s", &bytes, here, there,
                   state) != 4 ||
            split(here, &to) != port || split(there, &from) == 0)
            continue;
        connection.finished = strcmp(state, "CLOSE_WAIT") == 0;
        if (!connection.finished && strcmp(state, "ESTABLISHED") != 0)
            continue;
        connection.bytes = bytes;
        there[strcspn(there, "%")] = '\0';
        snprintf(connection.address, ADDRESS_SIZE,
                 strchr(there, ':') == NULL ? "%.48s:%.5s" : "[%.48s]:%.5s",
                 there, from);
        use(&connection, context);
    }
    return pclose(pipe) == 0 && any;
}

enum view each_connection(int port, use_connection *use, void *context)
{
    static bool no_diag;
    bool four, six;

    if (getenv("WATCH_PROC") == NULL && !no_diag &&
        ask_diag(port, use, context))
        return ACCEPTS;
    no_diag = true;
    four = read_proc("tcp", port, use, context);
    six = read_proc("tcp6", port, use, context);
    if (four || six)
        return ACCEPTS;
    return read_netstat(port, use, context) ? BYTES : NOTHING;
}
