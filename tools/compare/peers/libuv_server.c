/*
 * libuv_server.c: a server that prints what it receives, on libuv, to compare.
 *
 *     make tools && build/peers/libuv --port 8888
 *
 * The listening socket, the messages, the check of the text and the output,
 * which is written once before each wait, are the project's own. The rest is
 * what libuv's guide shows: its TCP streams accept, receive and close by
 * themselves, and call back with what has come. All of them receive into one
 * buffer of --recv-size bytes.
 *
 * Without a free descriptor libuv closes new clients, and at the end it prints
 * no line for each client.
 *
 * See https://docs.libuv.org/.
 */
#define _POSIX_C_SOURCE 200809L

#include "../../../common/address.h"
#include "../../../common/server.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void give_buffer(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    (void)handle;
    (void)wanted;
    buffer->base = chunk;
    buffer->len = options.recv_size;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
    free(handle);
}

static void on_chunk(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    if (size > 0)
        print_chunk(client, buffer->base, size);
    if (size >= 0)
        return; /* 0: nothing more for now */
    if (size != UV_EOF)
        client->error = (int)-size;
    print_closed(client);
    flush_outputs();
    uv_close((uv_handle_t *)stream, on_closed);
}

static void name_client(struct client *client, const uv_tcp_t *stream)
{
    struct sockaddr_storage address = {0};
    int size = sizeof address;

    uv_tcp_getpeername(stream, (struct sockaddr *)&address, &size);
    name_address(&address, (socklen_t)size, client->name);
}

/* This client is in no table; it only has a name and a text. */
static void on_client(uv_stream_t *listener, int status)
{
    uv_tcp_t *stream = malloc(sizeof *stream);
    struct client *client = calloc(1, sizeof *client + NAME_SIZE);

    if (status != 0 || stream == NULL || client == NULL)
        die("cannot accept");
    uv_tcp_init(listener->loop, stream);
    if (uv_accept(listener, (uv_stream_t *)stream) != 0)
        die("cannot accept");
    name_client(client, stream);
    stream->data = client;
    print_connection(client);
    print_next();
    print_receiving(client);
    uv_read_start((uv_stream_t *)stream, give_buffer, on_chunk);
}

static void before_wait(uv_prepare_t *prepare)
{
    if (!may_wait())
        uv_stop(prepare->loop);
}

/* Nothing to do: the wait ends, and then may_wait returns false. */
static void on_stop(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

int main(int argc, char **argv)
{
    int fd = start_server("libuv", argc, argv, NON_BLOCKING);
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t listener;
    uv_prepare_t prepare;
    uv_poll_t stop;

    uv_tcp_init(loop, &listener);
    uv_prepare_init(loop, &prepare);
    uv_prepare_start(&prepare, before_wait);
    if (uv_poll_init(loop, &stop, stop_descriptor()) != 0 ||
        uv_poll_start(&stop, UV_READABLE, on_stop) != 0 ||
        uv_tcp_open(&listener, fd) != 0 ||
        uv_listen((uv_stream_t *)&listener, options.backlog, on_client) != 0)
        die("cannot prepare to wait");
    uv_run(loop, UV_RUN_DEFAULT);
    return stop_server(fd);
}
