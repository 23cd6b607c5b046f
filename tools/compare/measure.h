/*
 * measure.h: what the system knows about another process and about the kernel's
 * queues.
 *
 * Linux shows most of it in /proc. Other systems show less, and each function
 * returns UNKNOWN for what it cannot find out.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>

enum { UNKNOWN = -1 };

/* Returns the CPU time of a process, of all its threads, and of the processes
 * that it started, in nanoseconds. It waits, for a second at most, until two
 * readings in a row are equal, and so includes all work just done. A process
 * that does not rest in that second is read without waiting from then on. Exits
 * if there is no such process; UNKNOWN for a pid of 0. Children that have ended
 * count on Linux alone. See clock_getcpuclockid(3), proc_pid_stat(5), ps(1). */
int64_t cpu_time(long pid);

/* Returns the memory that a process and those that it started occupy now, in
 * bytes; UNKNOWN for a pid of 0. On Linux a page that several processes have
 * counts once, since each has its share of it (PSS), and pages of files do not
 * count. ps has no shares: with ps each page counts for each process. See
 * proc_pid_smaps(5), ps(1). */
int64_t resident_memory(long pid);

/* Returns how often, since the system started, the kernel dropped a client that
 * wanted to connect ("ListenDrops"), or had no room for it in the queue of a
 * listener ("ListenOverflows"). Linux only. See proc_net(5), netstat(8). */
int64_t kernel_counter(const char *name);

#endif
