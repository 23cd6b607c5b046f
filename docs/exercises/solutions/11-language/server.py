"""A server that prints what it receives, all clients at once, with asyncio."""

import argparse
import asyncio
import codecs
import signal


def escape(error):
    """Writes bytes that are no UTF-8 as \\xNN."""
    bad = error.object[error.start : error.end]
    return "".join(f"\\x{byte:02x}" for byte in bad), error.end


codecs.register_error("escape", escape)


def safe(text):
    """Writes control characters as \\xNN, all but newline and tab."""

    def one(character):
        code = ord(character)
        if character in "\n\t" or not (code < 32 or 127 <= code < 160):
            return character
        return "".join(f"\\x{byte:02x}" for byte in character.encode())

    return "".join(map(one, text))


def say(text, end="\n"):
    print(text, end=end, flush=True)


def show(text):
    """Prints what a client has sent; a newline is added where it lacks one."""
    if text:
        say(safe(text), end="" if text.endswith("\n") else "\n")


class Server:
    def __init__(self):
        self.tasks = set()

    async def recv_all(self, reader, writer):
        """Receives from one client until it is finished."""
        host, port = writer.get_extra_info("peername")[:2]
        name = f"{host}:{port}"
        decoder = codecs.getincrementaldecoder("utf-8")("escape")
        last_words = "Connection closed"
        self.tasks.add(asyncio.current_task())
        say(f"Connection from: {name}\nNext connection...")
        say(f"Receiving from: {name}")
        try:
            while data := await reader.read(1024):
                show(decoder.decode(data))
        except ConnectionResetError:
            last_words = "Connection reset"
        except asyncio.CancelledError:
            pass
        show(decoder.decode(b"", final=True))
        say(f"{last_words}: {name}")
        writer.close()
        self.tasks.discard(asyncio.current_task())

    async def run(self, port):
        stop = asyncio.Event()
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        server = await asyncio.start_server(
            self.recv_all, "127.0.0.1", port, backlog=1024
        )
        host, port = server.sockets[0].getsockname()[:2]
        say(f"Listening on: {host}:{port}")
        await stop.wait()
        server.close()
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        say("Stopped.")


parser = argparse.ArgumentParser()
parser.add_argument("-p", "--port", type=int, default=8888)
asyncio.run(Server().run(parser.parse_args().port))
