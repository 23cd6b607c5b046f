/*
 * address.h: socket addresses as people write them.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <sys/socket.h>

/* The longest name: an IPv6 address with its interface, brackets and port. */
enum { NAME_SIZE = 80 };

/* Writes the address, of `size` bytes, to `name`: "[::1]:40312" as RFC 5952
 * has it, "127.0.0.1:40312" also where an IPv6 socket shows an IPv4 client as
 * ::ffff:127.0.0.1 (RFC 4291, section 2.5.5.2). See getnameinfo(3). */
void name_address(const struct sockaddr_storage *address, socklen_t size,
                  char name[NAME_SIZE]);

#endif
