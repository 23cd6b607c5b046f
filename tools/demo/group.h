/*
 * group.h: which servers behave alike, and what a class should remember of each
 * such group.
 *
 * Servers are alike if they look alike: all clients were accepted at the same
 * time, and each letter waited for the same time; differences that is_long()
 * calls short do not count. A server of your own is never in a group with
 * others.
 */
#ifndef GROUP_H
#define GROUP_H

#include "timeline.h"

#include <stdbool.h>
#include <stddef.h>

struct group {
    int count, servers[SERVERS_MAX]; /* their places in the timeline */
};

enum { GROUP_TEXT_SIZE = 512 };

/* Sorts the servers into groups, each in the order of the timeline, or puts
 * each into one of its own if `apart`. Returns how many groups there are. */
int group_servers(const struct timeline *timeline, bool apart,
                  struct group groups[SERVERS_MAX]);

/* Returns how many of a group's clients behave alike: `first` and those that
 * follow it. */
int alike_clients(const struct timeline *timeline, const struct group *group,
                  int first);

/* Returns the longest wait of `count` clients from `first` on. */
double group_wait(const struct timeline *timeline, const struct group *group,
                  int first, int count);

/* Returns the group's first server, which stands for all. */
const struct server *group_server(const struct timeline *timeline,
                                  const struct group *group);

/* Writes the names: "poll, epoll, kqueue (on epoll)". Returns `text`. */
char *group_names(const struct timeline *timeline, const struct group *group,
                  char text[GROUP_TEXT_SIZE]);

/* Writes how many clients the servers of a group served at once: "4 at once",
 * "one at a time". It is "" as long as that says nothing. Returns `text`. */
char *group_at_once(const struct timeline *timeline, const struct group *group,
                    char text[GROUP_TEXT_SIZE]);

/* Writes what happened in the group: "one at a time, so b, c, d waited up
 * to 3.0 s." Returns whether that is good: no client waited long, and
 * nothing is lost. */
bool conclude(const struct timeline *timeline, const struct group *group,
              char text[GROUP_TEXT_SIZE]);

/* Returns how long the first line of a text is if no line may have more than
 * `most` letters. It is broken at blanks, but not between a number and its
 * unit.
 */
size_t line_length(const char *text, size_t most);

#endif
