/*
 * measure.h - what the system knows about another process and about the
 * kernel's queues. Linux tells most of it in /proc; other systems tell less,
 * and each function returns UNKNOWN for what it cannot find out.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>

enum { UNKNOWN = -1 };

/*
 * Returns the CPU time of a process, of all its threads, and of the processes
 * that it started, in nanoseconds. Waits until it rests (two readings in a row
 * are equal), for a second at most, so that no work just done is missed. Exits
 * where there is no such process. A pid of 0 is nobody: UNKNOWN.
 * See clock_getcpuclockid(3), proc_pid_stat(5), ps(1).
 */
int64_t cpu_time(long pid);

/*
 * Returns the memory that a process occupies now, in bytes, with what its
 * child processes have for themselves. See proc_pid_smaps(5), ps(1).
 */
int64_t resident_memory(long pid);

/*
 * Returns how often since the system started the kernel dropped a client that
 * wanted to connect (name "ListenDrops"), or had no room in the queue of a
 * listener ("ListenOverflows"). Linux only. See proc_net(5), netstat.
 */
int64_t kernel_counter(const char *name);

#endif
