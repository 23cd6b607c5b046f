/*
 * fenced_memory.c: a table that grows (realloc(3)) ends where a page ends, and
 * the page behind it cannot be accessed. So the first byte past its end kills
 * the program (SIGSEGV), and so does the use of a table that is freed or has
 * moved. See mmap(2), mprotect(2).
 */
#define _DEFAULT_SOURCE

#include "preload.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

enum { BLOCKS = 64 };

/* The blocks that are in use: where each begins, how large it is, and the pages
 * that it stands in. */
static struct block {
    char *start, *pages;
    size_t size, length;
} blocks[BLOCKS];

/* Returns the block that begins there; for NULL one that is free. */
static struct block *find_block(const void *start)
{
    for (int i = 0; i < BLOCKS; i++)
        if (blocks[i].start == start)
            return &blocks[i];
    return NULL;
}

/* Returns false if there is no memory. */
static int fill_block(struct block *block, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t length = (size + page - 1) / page * page;
    char *pages = mmap(NULL, length + page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages + length, page, PROT_NONE) == -1)
        return 0;
    *block = (struct block){pages + length - size, pages, size, length};
    return 1;
}

static void forget_block(struct block *block)
{
    mprotect(block->pages, block->length, PROT_NONE);
    block->start = NULL;
}

void *realloc(void *start, size_t size)
{
    static void *(*next)(void *, size_t);
    struct block *old = start == NULL ? NULL : find_block(start);
    struct block *new = find_block(NULL);

    if (next == NULL)
        find_next("realloc", &next);
    /* Not ours: a block of malloc, or one that cannot end at a page. */
    if ((start != NULL && old == NULL) || new == NULL || size % 8 != 0)
        return next(start, size);
    if (!fill_block(new, size))
        return NULL;
    if (old != NULL) {
        memcpy(new->start, old->start, old->size < size ? old->size : size);
        forget_block(old);
    }
    return new->start;
}

void free(void *start)
{
    static void (*next)(void *);
    struct block *block = start == NULL ? NULL : find_block(start);

    if (next == NULL)
        find_next("free", &next);
    if (block != NULL)
        forget_block(block);
    else
        next(start);
}
