/*
 * room.c: the people who are connected to one server; see room.h.
 */
#define _POSIX_C_SOURCE 200809L

#include "room.h"

#include "record.h"

#include <stdlib.h>
#include <string.h>

/* A wait that people notice, in seconds; marks of one person that are closer
 * together than `close_by` are one. */
static const double noticed = 0.1, close_by = 0.02;

/* The look in progress. */
struct look {
    struct room *room;
    double time; /* when it began */
    double (*clock)(void);
};

struct room *new_room(const char *label, int port, bool labelled)
{
    struct room *room = calloc(1, sizeof *room);

    if (room == NULL)
        return NULL;
    room->people = calloc(PEOPLE_MAX, sizeof *room->people);
    if (room->people == NULL) {
        free(room);
        return NULL;
    }
    room->label = label;
    room->port = port;
    room->labelled = labelled;
    room->start = room->looked = NEVER;
    return room;
}

/* --- Clients and their rows ----------------------------------------------- */

/* Returns the port at the end of "192.168.1.7:40312", or 0. */
static int port_of(const char *address)
{
    const char *colon = strrchr(address, ':');
    char *end;
    long port = colon == NULL ? 0 : strtol(colon + 1, &end, 10);

    return port > 0 && port < PORTS && *end == '\0' ? (int)port : 0;
}

/* Adds to the index of ports. */
static void index_person(struct room *room, int at)
{
    struct person *person = &room->people[at];

    person->same_port = room->by_port[person->port];
    room->by_port[person->port] = (short)(at + 1);
}

static void index_people(struct room *room)
{
    memset(room->by_port, 0, sizeof room->by_port);
    for (int i = 0; i < room->count; i++)
        index_person(room, i);
}

/* Forgets those who have left, if nobody else fits in. */
static void make_place(struct room *room)
{
    int kept = 0;

    if (room->count < PEOPLE_MAX)
        return;
    for (int i = 0; i < room->count; i++)
        if (room->people[i].client.closed == NEVER)
            room->people[kept++] = room->people[i];
    if (kept == room->count)
        return;
    room->count = kept;
    index_people(room);
}

/* Returns the time of the last look, from which a wait is counted. */
static double last_look(const struct room *room)
{
    return room->looked - room->start;
}

/* Adds a client that has connected since the last look. NULL: too many. */
static struct person *add_person(struct room *room, double time,
                                 const char *address)
{
    struct person *person;

    make_place(room);
    if (room->count == PEOPLE_MAX)
        return NULL;
    if (room->looked == NEVER)
        room->looked = time;
    if (room->start == NEVER)
        room->start = room->looked;
    person = &room->people[room->count];
    *person = (struct person){
        .port = port_of(address), .since = NEVER, .owes_connect = true};
    memcpy(person->client.address, address, strlen(address) + 1);
    person->client.begun = last_look(room);
    person->client.accepted = person->client.closed = NEVER;
    person->client.left = NEVER;
    index_person(room, room->count++);
    room->total++;
    return person;
}

/* Two addresses are the same; netstat may cut an IPv6 one. */
static bool same_address(const struct room *room, const char *a, const char *b)
{
    return strcmp(a, b) == 0 || (room->view == BYTES && *a == '[' && *b == '[');
}

/* Returns who has this address, as far as the server has not said that it is
 * gone, or NULL. */
static struct person *find_person(const struct room *room, const char *address)
{
    int at = room->by_port[port_of(address)];

    while (at > 0) {
        struct person *person = &room->people[at - 1];

        if (!person->gone &&
            same_address(room, person->client.address, address))
            return person;
        at = person->same_port;
    }
    return NULL;
}

/* --- Who waits ------------------------------------------------------------ */

/* Whether a client is connected and not accepted, if that is known. */
static bool is_queued(const struct room *room, const struct person *person)
{
    return person->client.accepted == NEVER &&
           (room->view == ACCEPTS || room->announces);
}

bool is_waiting(const struct room *room, const struct person *person)
{
    const struct client *client = &person->client;

    return client->closed == NEVER &&
           (is_queued(room, person) || client->printed < client->sent);
}

int count_waiting(const struct room *room)
{
    int waiting = 0;

    for (int i = 0; i < room->count; i++)
        waiting += is_waiting(room, &room->people[i]);
    return waiting;
}

static void note_wait(struct room *room, struct person *person, double wait)
{
    if (wait > person->longest)
        person->longest = wait;
    if (wait > room->longest)
        room->longest = wait;
}

/* Returns the last letter, if there is any. */
static struct letter *last_letter(struct person *person)
{
    int sent = person->client.sent;

    return &person->client.letters[sent > 0 ? sent - 1 : 0];
}

static void accept_person(struct room *room, struct person *person, double time)
{
    if (person->client.accepted != NEVER)
        return;
    person->client.accepted = time - room->start;
    person->owes_accept = true;
}

/* Records what the server has said since the last look. By now the kernel has
 * said when it came. */
static void pay_events(struct room *room, struct person *person)
{
    const struct client *client = &person->client;
    const struct letter *last = last_letter(person);
    double wait = client->accepted - client->begun;

    if (person->owes_connect)
        record(room, person, "connect", client->begun, 0, 0);
    if (person->owes_accept) {
        note_wait(room, person, wait);
        record(room, person, "accept", client->accepted, 0, wait);
    }
    if (person->owes_name)
        record(room, person, "name", last->printed, 0, 0);
    if (person->guessed)
        person->print_wait = last->printed - last->sent;
    if (person->owes_print) {
        note_wait(room, person, person->print_wait);
        record(room, person, "print", last->printed, 0, person->print_wait);
    }
    person->owes_connect = person->owes_accept = false;
    person->owes_name = person->owes_print = false;
    person->guessed = false;
}

/* A client has sent something. */
static void add_letter(struct person *person, double time)
{
    struct client *client = &person->client;
    struct letter *letters = client->letters;

    if (client->sent == ROUNDS_MAX) {
        /* The one that waits longest stays, else the oldest goes. */
        int drop = client->printed > 0 ? 0 : 1;

        memmove(letters + drop, letters + drop + 1,
                (size_t)(ROUNDS_MAX - 1 - drop) * sizeof *letters);
        client->sent--;
        client->printed -= drop == 0;
    }
    letters[client->sent] = (struct letter){
        .sent = time < client->begun ? client->begun : time, .printed = NEVER};
    client->sent++;
}

/* What a client has sent waits no more. */
static void settle(struct room *room, struct person *person, double time,
                   enum outcome outcome)
{
    struct client *client = &person->client;

    if (client->printed == client->sent)
        return;
    time -= room->start;
    person->print_wait = time - client->letters[client->printed].sent;
    if (outcome != IS_PRINTED)
        note_wait(room, person, person->print_wait);
    for (; client->printed < client->sent; client->printed++) {
        client->letters[client->printed].printed = time;
        client->letters[client->printed].outcome = outcome;
    }
}

/* The server has printed something that this client has sent. */
static void print_words(struct room *room, struct person *person, double time,
                        const char *text, size_t length)
{
    struct client *client = &person->client;

    if (*person->name == '\0') {
        make_name(text, length, person->name);
        person->owes_name = *person->name != '\0';
    }
    if (client->printed == client->sent) {
        if (client->sent > 0 &&
            time - room->start - close_by < last_letter(person)->printed)
            return;
        add_letter(person, last_look(room));
        person->guessed = true;
    }
    settle(room, person, time, IS_PRINTED);
    person->owes_print = true;
    person->bytes = 0;
}

/* A connection has ended, as the server says or the kernel shows. */
static void end_person(struct room *room, struct person *person, double time,
                       bool reset)
{
    struct client *client = &person->client;

    if (client->accepted == NEVER && client->closed == NEVER)
        note_wait(room, person, time - room->start - client->begun);
    pay_events(room, person);
    settle(room, person, time, IS_LOST);
    if (client->left == NEVER)
        client->left = time - room->start;
    client->reset = client->reset || reset;
    if (client->closed == NEVER) {
        client->closed = time - room->start;
        record(room, person, reset ? "reset" : "close", client->closed, 0, 0);
    }
}

/* --- What the server prints ------------------------------------------------
 */

/* Copies an address without the scope of a link-local one, since the kernel
 * does not show that. Returns false if it is none. */
static bool copy_address(const char *text, size_t length,
                         char address[ADDRESS_SIZE])
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%')
            while (i < length && text[i] != ']')
                i++;
        if (i == length || text[i] == ' ' || used == ADDRESS_SIZE - 1)
            break;
        address[used++] = text[i];
    }
    address[used] = '\0';
    return port_of(address) != 0;
}

/* Moves `*line` past such words. Returns false if it has others. */
static bool skip(const char **line, size_t *length, const char *words)
{
    size_t size = strlen(words);

    if (*length < size || memcmp(*line, words, size) != 0)
        return false;
    *line += size;
    *length -= size;
    return true;
}

static void announce(struct room *room, double time, const char *address)
{
    struct person *person = find_person(room, address);

    if (person == NULL)
        person = add_person(room, time, address);
    if (person == NULL || person->announced)
        return;
    person->announced = room->announces = true;
    room->open++;
    accept_person(room, person, time);
}

/* The server says that a client is gone. The kernel may have shown it first. */
static void say_ended(struct room *room, double time, const char *address,
                      bool reset)
{
    struct person *person = find_person(room, address);

    if (person == NULL)
        return;
    room->open -= person->announced;
    person->gone = true;
    end_person(room, person, time, reset);
}

/* Returns who has sent the words of a line, and moves it past the label; or, if
 * there is no label, the only one who can have sent them; or NULL. */
static struct person *find_speaker(struct room *room, const char **line,
                                   size_t *length)
{
    char address[ADDRESS_SIZE];
    const char *bar = memchr(*line, '|', *length < 80 ? *length : 80);
    struct person *person = NULL;

    if (bar != NULL && bar + 1 < *line + *length && bar[1] == ' ' &&
        copy_address(*line, (size_t)(bar - *line), address) &&
        (person = find_person(room, address)) != NULL) {
        *length -= (size_t)(bar + 2 - *line);
        *line = bar + 2;
        room->labelled = true;
        return person;
    }
    for (int i = room->count; room->open == 1 && i > 0; i--)
        if (room->people[i - 1].announced && !room->people[i - 1].gone)
            return &room->people[i - 1];
    return NULL;
}

void room_line(struct room *room, double time, const char *line, size_t length)
{
    char address[ADDRESS_SIZE];
    bool closed, reset, said;
    struct person *person;

    if (skip(&line, &length, "Next connection...") ||
        skip(&line, &length, "Receiving from: ") ||
        skip(&line, &length, "Listening on: ") ||
        skip(&line, &length, "Stopped."))
        return;
    said = skip(&line, &length, "Connection from: ");
    closed = !said && (skip(&line, &length, "Connection closed: ") ||
                       skip(&line, &length, "Connection refused: "));
    reset = !said && !closed && skip(&line, &length, "Connection reset: ");
    if (said || closed || reset) {
        if (!copy_address(line, length, address))
            return;
        if (said)
            announce(room, time, address);
        else
            say_ended(room, time, address, reset);
        return;
    }
    person = find_speaker(room, &line, &length);
    if (person != NULL)
        print_words(room, person, time, line, length);
    else
        room->unknown++;
}

/* --- What the kernel shows --------------------------------------------------
 */

/* Returns the time that was so many seconds ago, but not before `least` nor
 * after `most`; if it is unknown, `least`. */
static double time_ago(double now, double seconds, double least, double most)
{
    double time = now - seconds;

    return seconds < 0 || time < least ? least : time > most ? most : time;
}

/* Corrects the times for which only the look before could be taken. */
static void correct(struct person *person, const struct connection *seen,
                    double now)
{
    struct client *client = &person->client;
    struct letter *last = last_letter(person);
    double least = client->sent > 1 ? last[-1].printed : client->begun;

    if (!person->exact)
        client->begun =
            time_ago(now, seen->connected, client->begun,
                     client->accepted == NEVER ? now : client->accepted);
    person->exact = true;
    if (person->guessed && seen->received >= 0)
        last->sent = time_ago(now, seen->received, least, last->printed);
}

/* Something was received, and after a whole look the server has not said whose
 * it is; or the kernel says that it was received since the last look. */
static void see_taken(const struct look *look, struct person *person,
                      const struct connection *seen)
{
    struct client *client = &person->client;
    double came = look->time - look->room->start - seen->received;

    if (person->came < client->begun + close_by)
        person->came = client->begun + close_by;
    if (seen->received >= 0 && came > person->came) {
        if (client->printed == client->sent &&
            (client->sent == 0 || last_letter(person)->printed < came))
            add_letter(person, came);
        /* The answer may be as old as the question. */
        person->came =
            look->clock() - look->room->start - seen->received + close_by;
    }
    settle(look->room, person, look->time, IS_TAKEN);
}

/* Takes in one connection. */
static void see(const struct connection *seen, void *context)
{
    struct look *look = context;
    struct room *room = look->room;
    struct person *person = find_person(room, seen->address);
    double now;
    long before;

    if (person == NULL || person->client.closed != NEVER)
        person = add_person(room, look->time, seen->address);
    if (person == NULL)
        return;
    now = look->time - room->start;
    correct(person, seen, now);
    pay_events(room, person);
    person->missed = -1;
    if (seen->accepted)
        accept_person(room, person, look->time);
    before = person->bytes;
    person->bytes = seen->bytes;
    if (seen->bytes > before) {
        add_letter(person, time_ago(now, seen->received, last_look(room), now));
        record(room, person, "send", now, seen->bytes, 0);
    } else if (seen->bytes == 0 && before == 0 && !room->labelled) {
        see_taken(look, person, seen);
    }
    if (seen->finished && person->client.left == NEVER) {
        person->client.left = now;
        record(room, person, "left", now, seen->bytes, 0);
    }
}

/* Counts how long a person has waited. */
static void measure(struct room *room, struct person *person)
{
    const struct client *client = &person->client;
    double from = client->begun;

    if (!is_waiting(room, person)) {
        person->since = NEVER;
        return;
    }
    if (!is_queued(room, person))
        from = client->letters[client->printed].sent;
    note_wait(room, person, room->now - from);
    if (person->since == NEVER)
        person->since = room->now;
    if (!person->late && room->now - person->since >= noticed) {
        person->late = true;
        room->late++;
    }
}

static int compare(const void *a, const void *b)
{
    const struct person *one = a, *other = b;

    return (one->client.begun > other->client.begun) -
           (one->client.begun < other->client.begun);
}

/* The kernel lists connections in no order. Sorts those that are new. */
static void sort_people(struct room *room, int known)
{
    if (known > room->count || room->count - known < 2)
        return;
    qsort(room->people + known, (size_t)(room->count - known),
          sizeof *room->people, compare);
    index_people(room);
}

void room_look(struct room *room, double now(void))
{
    double time = now();
    struct look look = {.room = room, .time = time, .clock = now};
    int known = room->count;

    if (room->over)
        return;
    room->view = each_connection(room->port, see, &look);
    sort_people(room, known);
    room->looked = time;
    room->now = room->start == NEVER ? 0 : time - room->start;
    for (int i = 0; i < room->count; i++) {
        struct person *person = &room->people[i];

        pay_events(room, person);
        if (person->client.closed != NEVER)
            continue;
        /* The list of the kernel may pass over one while it changes. */
        if (room->view != NOTHING && ++person->missed == 2)
            end_person(room, person, time, is_queued(room, person));
        measure(room, person);
    }
}

void room_skip(struct room *room, double time)
{
    room->looked = time;
}

void room_last_look(struct room *room, double now(void))
{
    if (room->over)
        return;
    room_look(room, now);
    room->still_waiting = count_waiting(room);
}

void room_close(struct room *room, double time)
{
    if (room->over)
        return;
    room->over = true;
    room->now = room->start == NEVER ? 0 : time - room->start;
    for (int i = 0; i < room->count; i++)
        if (room->people[i].client.closed == NEVER)
            end_person(room, &room->people[i], time, false);
}
