/*
 * server.h: how every server begins and ends.
 */
#ifndef SERVER_H
#define SERVER_H

#include "client.h"
#include "error.h"
#include "listener.h"
#include "messages.h"
#include "options.h"
#include "output.h"
#include "stop.h"

/* Reads the command line, prepares the process, and listens. `name` is what the
 * program calls itself in messages. Returns the listening socket; ends the
 * program with a message where any of it fails. */
int start_server(const char *name, int argc, char **argv,
                 enum blocking blocking);

/* Stops listening, closes every client, and prints what is left to say. Returns
 * the status to exit with. */
int stop_server(int listener);

#endif
