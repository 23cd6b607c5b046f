#!/usr/bin/env python3
"""article_server.py: the article's third listing, brought to today's Python.

    make test SERVER='python3 tests/docs/article_server.py'

`yield from` has become `await` and `asyncio.async` has become create_task. What
the suite needs is added and nothing else: --port, addresses as docs/contract.md
shows them, output that is flushed, and an orderly end on SIGTERM. The rest is
as the article has it, and so are the faults that the suite finds in it.
"""
import argparse
import asyncio
import functools
import signal
import socket

print = functools.partial(print, flush=True)


def name(address):
    host, port = address[:2]
    if host.startswith("::ffff:"):
        return "{}:{}".format(host[len("::ffff:"):], port)
    return "[{}]:{}".format(host, port)


async def main(port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    s.setblocking(False)
    s.bind(("::", port))
    s.listen(5)
    print("Listening on: {}".format(name(s.getsockname())))

    loop = asyncio.get_running_loop()
    stopped = loop.create_future()
    loop.add_signal_handler(signal.SIGTERM, stopped.set_result, None)
    tasks = set()

    async def accept_connections():
        while True:
            c, a = await loop.sock_accept(s)
            print("Connection from: {}".format(name(a)))
            task = asyncio.create_task(recv_all(c, a))
            # The loop keeps only weak references to its tasks.
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            print("Next connection...")

    async def recv_all(c, a):
        print("Receiving from: {}".format(name(a)))
        while True:
            data = await loop.sock_recv(c, 1024)
            if not data:
                break
            print(data.decode())
        c.close()
        print("Connection closed: {}".format(name(a)))

    tasks.add(asyncio.create_task(accept_connections()))
    await stopped


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-p", "--port", type=int, default=8888)
    asyncio.run(main(parser.parse_args().port))
