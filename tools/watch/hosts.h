/*
 * hosts.h: the addresses by which other machines reach this one, and a free
 * port.
 */
#ifndef HOSTS_H
#define HOSTS_H

enum { HOSTS_MAX = 8, HOST_SIZE = 64 };

struct hosts {
    int count;
    char name[HOSTS_MAX][HOST_SIZE];
};

/* Finds the addresses, without the loopback ones: that of the way out to other
 * networks first, then IPv4, then IPv6. If there is none it is 127.0.0.1. */
void find_hosts(struct hosts *hosts);

/* Returns the first port from `wanted` on that is free on the address (NULL: on
 * all), or any if `wanted` is 0. Returns -1 and errno if there is none. */
int find_port(const char *address, int wanted);

#endif
