"""asyncio_server.py: the article's third listing in today's Python, to compare.

    python3 -u tools/compare/peers/asyncio_server.py ::1 8888

What has changed since Python 3.4: `async def` and `await` in place of `yield
from`, and `create_task` in place of `asyncio.async`. What is changed to be
measured: it takes an address and a port, and its backlog is as long as the
kernel allows, as ours is, so that no client is kept waiting for that alone.
-u prints each line at once. See https://docs.python.org/3/library/asyncio.html.
"""
import asyncio
import socket
import sys


async def main(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setblocking(False)
    s.bind((host, port))
    s.listen(socket.SOMAXCONN)
    print("Listening on: {}".format(s.getsockname()))

    loop = asyncio.get_running_loop()

    async def accept_connections():
        while True:
            c, a = await loop.sock_accept(s)
            print("Connection from: {}".format(a))
            asyncio.create_task(recv_all(c, a))
            print("Next connection...")

    async def recv_all(c, a):
        print("Receiving from: {}".format(a))
        while True:
            data = await loop.sock_recv(c, 1024)
            if not data:
                break
            print(data.decode())
        c.close()
        print("Connection closed: {}".format(a))

    await accept_connections()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
