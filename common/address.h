/*
 * address.h: socket addresses as people write them.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <sys/socket.h>

/* The longest name: an IPv6 address with its interface, brackets and port. */
enum { NAME_SIZE = 80 };

/* Writes `address`, of `size` bytes, as text to `name`. An IPv6 address becomes
 * "[::1]:40312" (RFC 5952). An IPv4 address becomes "127.0.0.1:40312", even if
 * an IPv6 socket reports it as ::ffff:127.0.0.1 (RFC 4291, section 2.5.5.2).
 * See getnameinfo(3). */
void name_address(const struct sockaddr_storage *address, socklen_t size,
                  char name[NAME_SIZE]);

#endif
