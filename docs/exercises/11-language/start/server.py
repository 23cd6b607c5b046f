"""A server that prints what it receives, all clients at once, with asyncio."""

import argparse
import asyncio
import signal


async def recv_all(reader, writer):
    host, port = writer.get_extra_info("peername")[:2]
    print(f"Connection from: {host}:{port}")
    print("Next connection...")
    print(f"Receiving from: {host}:{port}")
    while data := await reader.read(1024):
        print(data.decode())
    print(f"Connection closed: {host}:{port}")
    writer.close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-p", "--port", type=int, default=8888)
    arguments = parser.parse_args()
    server = await asyncio.start_server(recv_all, "127.0.0.1", arguments.port)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"Listening on: {host}:{port}", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


asyncio.run(main())
