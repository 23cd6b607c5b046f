/*
 * client.c: the table of clients.
 *
 * A new descriptor is always the lowest free number (accept(2)), so descriptors
 * are small, and the simplest table is an array indexed by descriptor.
 */
#define _XOPEN_SOURCE 700

#include "client.h"

#include "address.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct client **clients;
static size_t capacity;
static unsigned count;

/* Makes the table large enough for `fd`. Returns false, with errno, if
 * out of memory. */
static bool reserve(size_t fd)
{
    size_t wanted = 2 * (fd + 1);
    struct client **larger;

    if (fd < capacity)
        return true;
    larger = realloc(clients, wanted * sizeof *clients);
    if (larger == NULL)
        return false;
    memset(larger + capacity, 0, (wanted - capacity) * sizeof *clients);
    clients = larger;
    capacity = wanted;
    return true;
}

struct client *add_client(int fd, const struct sockaddr_storage *address,
                          socklen_t size)
{
    char name[NAME_SIZE];
    struct client *client;

    name_address(address, size, name);
    if (!reserve((size_t)fd))
        return NULL;
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
    return fd >= 0 && (size_t)fd < capacity ? clients[fd] : NULL;
}

void release_client(struct client *client)
{
    clients[client->fd] = NULL;
    count--;
    close(client->fd);
}

void remove_client(struct client *client)
{
    release_client(client);
    free(client);
}
