/*
 * client.c: receives from clients, prints what they send, and closes them.
 *
 * Descriptors are small numbers that the kernel hands out from the lowest
 * (accept(2)), so an array indexed by them is the plainest table there is.
 *
 * See recv(2).
 */
#define _POSIX_C_SOURCE 200809L

#include "client.h"

#include "address.h"
#include "error.h"
#include "listener.h"
#include "messages.h"
#include "options.h"
#include "output.h"
#include "stop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct client **clients;
static size_t room;
static unsigned count;

/* The buffer of recv_chunk. It is allocated with the first client. */
static char *chunk;
static unsigned chunk_count;

/* Makes sure that the table reaches to `fd`. Returns 0, or -1 and errno. */
static int make_room(size_t fd)
{
    size_t wanted = room == 0 ? 64 : room;
    struct client **larger;

    while (wanted <= fd)
        wanted *= 2;
    if (wanted == room)
        return 0;
    larger = realloc(clients, wanted * sizeof *clients);
    if (larger == NULL)
        return -1;
    memset(larger + room, 0, (wanted - room) * sizeof *clients);
    clients = larger;
    room = wanted;
    return 0;
}

/* Makes sure that there is a chunk. Returns 0, or -1 and errno. */
static int make_chunk(void)
{
    void *pages;

    if (chunk != NULL)
        return 0;
    /* The kernel copies much faster to the start of a page. */
    errno = posix_memalign(&pages, 4096, options.recv_size);
    if (errno != 0)
        return -1;
    chunk = pages;
    return 0;
}

struct client *add_client(int fd, const struct sockaddr_storage *address,
                          socklen_t size)
{
    char name[NAME_SIZE];
    struct client *client;

    if (make_chunk() == -1 || make_room((size_t)fd) == -1)
        return NULL;
    name_address(address, size, name);
    client = malloc(sizeof *client + strlen(name) + 1);
    if (client == NULL)
        return NULL;
    *client = (struct client){.fd = fd};
    strcpy(client->name, name);
    clients[fd] = client;
    count++;
    return client;
}

unsigned client_count(void)
{
    return count;
}

struct client *client_at(int fd)
{
    return fd >= 0 && (size_t)fd < room ? clients[fd] : NULL;
}

/* recv, for a blocking socket with what has to be done before a wait. */
static ssize_t recv_once(struct client *client)
{
    if (listener_blocks()) {
        flush_outputs();
        stop_wakes(client->fd);
        if (stop_requested())
            return 0;
    }
    return recv(client->fd, chunk, options.recv_size, 0);
}

ssize_t recv_chunk(struct client *client)
{
    for (;;) {
        ssize_t size = recv_once(client);

        note_time();
        if (size >= 0)
            return size;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!listener_blocks())
                return -1;
        } else if (errno != EINTR) {
            client->error = errno;
            return 0;
        }
    }
}

unsigned chunks_received(void)
{
    unsigned received = chunk_count;

    chunk_count = 0;
    return received;
}

void print_chunk(struct client *client, ssize_t size)
{
    chunk_count++;
    print_data(client, chunk, (size_t)size);
}

bool recv_chunks(struct client *client)
{
    for (int i = 0; i < RECVS_PER_TURN; i++) {
        ssize_t size = recv_chunk(client);

        if (size <= 0)
            return size != 0;
        print_chunk(client, size);
    }
    return true;
}

/* Takes a client out of the table, closes its socket and frees it. All is
 * printed first: who sees the connection end finds it in the output. */
static void forget_client(struct client *client)
{
    flush_outputs();
    stop_wakes(-1);
    clients[client->fd] = NULL;
    count--;
    close(client->fd);
    free(client);
    resume_accepting();
}

void close_client(struct client *client)
{
    if (client->error != 0 && client->error != ECONNRESET) {
        errno = client->error;
        warn_errno("cannot receive from %s", client->name);
    }
    note_time();
    print_closed(client);
    forget_client(client);
}

void refuse_client(struct client *client, const char *reason)
{
    print_refused(client, reason);
    forget_client(client);
}

void drop_client(struct client *client)
{
    warn_errno("cannot serve %s", client->name);
    note_time();
    print_closed(client);
    forget_client(client);
}

void close_clients(void)
{
    for (size_t fd = 0; fd < room; fd++)
        if (clients[fd] != NULL)
            close_client(clients[fd]);
    free(clients);
    free(chunk);
    clients = NULL;
    chunk = NULL;
    room = 0;
}
