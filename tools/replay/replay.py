#!/usr/bin/env python3
"""replay.py: records a run of one or two servers and writes a page that plays it,
step by step, in a browser. `make replay` runs it:

    make replay                                       blocking and poll
    make replay BACKENDS="threads epoll" SCENARIO=reset
    make replay BACKENDS=poll SERVER=./mine           built with -g

strace(1) reports the calls of the server, each with the functions that led to it,
and addr2line(1) the lines: so this is for Linux. The clients are sockets of this
program, which notes when it uses them. After each step of the scenario the server
has done what it does about it; what the kernel says of its queues then is recorded
as well, and steps.py compares it with what follows from the calls.

The page is page.html with page.css, page.js and the recordings inside: one file
that asks nothing of any network.

From outside: BUILD, BACKENDS, SERVER, SCENARIO, OUTPUT (the file to write), PAUSE
(seconds without a call after which a step is over), RAW (a directory for what was
recorded).

It needs Python 3.8, strace and binutils. See strace(1), addr2line(1), proc(5), and
scenarios/ for what can be played.
"""
import glob
import json
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scenario import read, read_scenario
from steps import join

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BUILD") or "build").resolve()
SERVER = os.environ.get("SERVER", "")
BACKENDS = os.environ.get("BACKENDS") or ("" if SERVER else "blocking poll")
SCENARIO = os.environ.get("SCENARIO") or "four"
OUTPUT = Path(os.environ.get("OUTPUT") or BUILD / "replay/index.html").resolve()
PAUSE = float(os.environ.get("PAUSE") or 0.2)
RAW = os.environ.get("RAW")
HOST = "127.0.0.1"
LIMIT = 10  # seconds that a server may take to listen, and a client to connect

# What the page shows. Memory, files and the handling of signals are left out.
CALLS = ("socket,bind,listen,accept,accept4,recvfrom,recvmsg,read,shutdown,close,"
         "select,pselect6,poll,ppoll,epoll_create1,epoll_ctl,epoll_wait,"
         "epoll_pwait,rt_sigtimedwait,rt_sigqueueinfo,fcntl,getpeername,clone,"
         "clone3,fork,vfork,wait4,io_uring_setup,io_uring_enter,write,writev,"
         "futex,pipe,pipe2,exit,exit_group")
STRACE = ["strace", "-D", "-f", "-k", "-qq", "-ttt", "-T", "-s", "4096",
          "-e", f"trace={CALLS}", "-e", "signal=none"]


def die(text):
    sys.exit(f"replay: {text}")


def check_tools():
    for tool in "strace", "addr2line":
        if not sys.platform.startswith("linux") or not shutil.which(tool):
            die(f"this needs {tool}, of Linux and the package strace or binutils")
    try:
        subprocess.run(["strace", "-k", "-qq", "-o", os.devnull, "true"], check=True,
                       timeout=LIMIT, stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    except subprocess.SubprocessError:
        die("strace may not trace here, or was built without stack traces (-k)")


class Recorder:
    """One run of the scenario: a server under strace, and its clients. raw is the
    directory for what is recorded."""

    def __init__(self, name, scenario, raw):
        self.name, self.raw, self.clients = name, raw, {}
        self.settings, self.steps = scenario
        self.works = False
        for file in "trace", "events", "script":
            (raw / file).touch()

    def start(self):
        """strace's -D leaves the server our own child; with a session of its own
        all of it can be ended."""
        program, _, selector = self.name.partition("/")
        command = f'exec "$@" {shlex.quote(str(BUILD / "replay/debug" / program))}'
        if self.name == "yours":
            command = f'exec "$@" {SERVER}'
        else:
            command += f" --address {HOST}"
        if selector:
            command += f" --selector {selector}"
        if self.name == "uring":
            command += f" --events {shlex.quote(str(self.raw / 'events'))}"
        if "ulimit" in self.settings:
            command = f"ulimit {self.settings['ulimit']} && {command}"
        options = ["-o", self.raw / "trace"]
        if "preload" in self.settings:
            library = BUILD / f"replay/debug/tools/{self.settings['preload']}.so"
            if not library.is_file():
                die(f"there is no {library}")
            options += ["-E", f"LD_PRELOAD={library}"]
        with open(self.raw / "out", "w") as out, open(self.raw / "err", "w") as err:
            self.server = subprocess.Popen(
                ["sh", "-c", command + " --port 0", "sh", *STRACE, *options],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True)

    def listen(self):
        """Waits until it listens. Returns the program that has been traced."""
        end = time.monotonic() + LIMIT
        while not (line := re.match(r"Listening on: .*:(\d+)\n",
                                    read(self.raw / "out"))):
            if self.server.poll() is not None or time.monotonic() > end:
                die(f'{self.name} does not print "Listening on: ADDRESS:PORT" first:'
                    f" {self.complaint()}")
            time.sleep(0.02)
        self.port = int(line[1])
        self.settle()
        return Path(os.readlink(f"/proc/{self.server.pid}/exe"))

    def complaint(self):
        return read(self.raw / "err").strip() or "nothing on standard error"

    def settle(self):
        """Waits until the server has done what it does about a step: nothing new is
        traced, or, if that never happens, a while has passed. The next step may
        come while the server works without a call, but not the one after it."""
        before, worked = -1, self.works
        for _ in range(15):
            size = (self.raw / "trace").stat().st_size
            self.works = self.is_running()
            if size == before:
                if not (worked and self.works):
                    break
                self.note(time.time(), "works")
            before = size
            time.sleep(PAUSE)

    def is_running(self):
        """Whether one of its processes or threads runs, or is stopped by strace, by
        proc(5)."""
        for file in glob.glob("/proc/[0-9]*/task/[0-9]*/stat"):
            try:
                state, _, _, session = read(Path(file)).rpartition(")")[2].split()[:4]
            except OSError:
                continue  # it has ended
            if state in "Rt" and int(session) == self.server.pid:
                return True
        return False

    def note(self, when, *what):
        with open(self.raw / "script", "a") as script:
            print(json.dumps([when, *what]), file=script)

    def play(self):
        """Takes the steps, each when the last one has had its effect."""
        for number, step in enumerate(self.steps, 1):
            print(f"replay: {self.name}: step {number}, {step.name:20}",
                  end="\r" if number < len(self.steps) else "\n", file=sys.stderr,
                  flush=True)
            self.look()
            when = time.time()
            self.note(when, "acts", number, self.act(step))
            self.settle()
            if self.server.poll() is not None:
                die(f"{self.name} has ended, at {step.name}, with status"
                    f" {self.server.returncode}: {self.complaint()}")
        self.look()
        self.note(time.time(), "stops")
        self.server.terminate()
        self.settle()

    def act(self, step):
        """Does what a step says. Returns the port of the client."""
        if step.action == "connect":
            self.clients[step.client] = socket.create_connection(
                (HOST, self.port), timeout=LIMIT)
        client = self.clients[step.client]
        port = client.getsockname()[1]
        if step.action == "send":
            client.sendall(step.data)
        elif step.action == "half-close":
            client.shutdown(socket.SHUT_WR)
        elif step.action == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
        if step.action in ("close", "reset"):
            client.close()
        return port

    def look(self):
        """Notes what the kernel says of its queues: for each socket of our port its
        state, the bytes that wait in it, and the port of the other end."""
        when, rows = time.time(), []
        for table in Path("/proc/net").glob("tcp*"):  # tcp6 only with IPv6
            for row in read(table).split("\n")[1:-1]:
                own, other, state, queues = row.split()[1:5]
                ports = [int(end.rpartition(":")[2], 16)
                         for end in (own, other, queues)]
                if ports[0] == self.port:
                    rows.append([state, ports[2], ports[1]])
        self.note(when, "looks", rows)

    def end(self):
        for client in self.clients.values():
            client.close()
        for how in signal.SIGTERM, signal.SIGKILL:
            try:
                os.killpg(self.server.pid, how)
                self.server.wait(2)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass


def record(name, scenario):
    """Returns the recording of a server, in JSON."""
    with tempfile.TemporaryDirectory(prefix="replay.") as directory:
        raw = Path(directory)
        recorder = Recorder(name, scenario, raw)
        recorder.start()
        try:
            program = recorder.listen()
            recorder.play()
        finally:
            recorder.end()
        if RAW:
            shutil.copytree(raw, Path(RAW, name), dirs_exist_ok=True)
        return join(name, scenario, raw, program)


def main():
    check_tools()
    file = HERE / f"scenarios/{SCENARIO}.txt"
    if not file.is_file():
        die(f"there is no scenario '{SCENARIO}'; there are:"
            f" {' '.join(sorted(other.stem for other in file.parent.iterdir()))}")
    for name in BACKENDS.split():
        if not (BUILD / "replay/debug" / name.partition("/")[0]).is_file():
            die(f"there is no server '{name}' in {BUILD}/replay/debug")
    names = BACKENDS.split() + (["yours"] if SERVER else [])
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    recordings = [record(name, read_scenario(file)) for name in names]
    page = read(HERE / "page.html")
    for line, text in (("<!-- page.css -->\n", read(HERE / "page.css")),
                       ("<!-- page.js -->\n", read(HERE / "page.js")),
                       ("<!-- recordings -->", "[\n" + "\n,\n".join(recordings)
                        + "\n]")):
        page = page.replace(line, text)
    OUTPUT.write_bytes(page.encode())
    print(f"replay: {OUTPUT} has the page ({OUTPUT.stat().st_size // 1024} KB);"
          f" open it in a browser: {OUTPUT.as_uri()}", file=sys.stderr)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        main()
    except OSError as error:
        die(error)
    except KeyboardInterrupt:
        sys.exit(130)
