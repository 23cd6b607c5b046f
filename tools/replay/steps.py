"""steps.py: joins what was recorded of a run into steps, one for each thing that
happened, each with the whole state after it, as JSON for page.js. By hand, from
what `make replay RAW=DIRECTORY` has kept:

    python3 -B tools/replay/steps.py SCENARIO.txt DIRECTORY/poll build/.../poll

Nothing is simulated: queues grow when a client sends and shrink when the server's
recv returns. Between the steps they must be what the kernel says, or the recording
is refused. See /proc/net/tcp in proc(5).
"""
import json
import re
import sys
from collections import Counter
from pathlib import Path

import meaning
from calls import read_calls
from scenario import read, read_scenario

ROOT = Path(__file__).resolve().parent.parent.parent
ACTS = {"connect": "connects", "send": "sends", "half-close": "closes",
        "close": "closes", "reset": "resets"}


class Run:
    """What is true at one moment of a run, and the steps so far.

    name is that of the server, program what was traced, raw a directory with:
    trace, by strace; out, what the server printed; script, what replay.py did and
    saw, and when; events, what uring wrote.
    """

    def __init__(self, name, scenario, raw, program):
        self.name, self.settings = name, scenario[0]
        self.script = {number: step for number, step in enumerate(scenario[1], 1)}
        self.output = read(raw / "out")
        trace = read(raw / "trace")
        if re.search(r"^ > .*(/ld-musl|musl/libc\.so)", trace, re.M):
            sys.exit(f"replay: {name}: behind musl's calls strace does not see which"
                     " line made them; build it for glibc")
        self.calls = read_calls(trace, program, ROOT)
        if not any("main" in call.path for call in self.calls):
            sys.exit(f"replay: {name}: no source lines; was it built with -g?")
        names = {call.name for call in self.calls}
        self.several = "thread" if "pthread_create" in names \
            else "process" if "fork" in names else ""
        self.steps, self.wrong = [], []

        # The clients, by their ports; those in the accept queue, those that were
        # accepted or are gone; and of each its state, what it has sent, how much
        # of it is unread, and since which step.
        self.letter_of, self.queue = {}, []
        self.accepted, self.gone = set(), set()
        self.state, self.sent, self.unread, self.since = {}, {}, Counter(), {}
        # Processes and threads: the call in which they sleep, or None; what their
        # descriptors are; their client.
        self.first = self.calls[0].pid
        self.tasks, self.files, self.serves = {}, {self.first: {}}, {}
        # What the server waits for: passed in each call, or kept by the kernel.
        self.passed, self.interest, self.ready, self.kept = [], [], [], False
        self.entries, self.unused, self.watched = 0, 0, {}
        self.handed_over = None  # the call with which
        # Counters, and calls that are counted with the next step.
        self.total = self.wakes = self.copied = self.printed = 0
        self.quiet, self.idle, self.on_page = 0, [], 0
        self.current, self.answered = 0, 0  # steps of the scenario
        self.now = self.offset = 0

        for self.now, happens, *rest in self.read_events(raw):
            self.offset = self.offset or self.now
            happens(*rest)
        self.end()

    def read_events(self, raw):
        """All that happened, in the order of time: when, the method, its arguments."""
        events = [(call.time, self.falls_asleep, call) for call in self.calls
                  if meaning.may_sleep(call)]
        events += [(call.time + call.seconds, self.returns, call)
                   for call in self.calls]
        events += [(float(time), self.completes, what, address, size)
                   for time, what, address, size, *_ in
                   (f"{line}\t".split("\t")
                    for line in read(raw / "events").splitlines())
                   if what in ("accept", "recv")]
        events += [(time, getattr(self, what), *rest) for time, what, *rest in
                   map(json.loads, read(raw / "script").splitlines())]
        return sorted(events, key=lambda event: event[0])

    # --- What can happen -----------------------------------------------------

    def acts(self, number, port):
        """A client does its step of the scenario."""
        self.begin_step(number)
        step = self.script[number]
        letter = step.client
        if step.action == "connect":
            self.letter_of[port] = letter
            self.queue.append(letter)
            self.sent[letter] = ""
        elif step.action == "send":
            if not self.unread[letter]:
                self.since[letter] = number
            self.unread[letter] += len(step.data)
            self.sent[letter] += as_strace_prints(step.data)
        elif step.action == "reset":
            self.unread[letter] = 0
        if step.action != "send":
            self.state[letter] = {"connect": "connected", "reset": "reset"}.get(
                step.action, "closed")
        self.add(f"client {letter}", f"{letter} {ACTS[step.action]}", step.words[0],
                 about=" ".join(step.words[1:]), at=step.name)

    def stops(self):
        self.begin_step(len(self.script) + 1)
        self.add("script", "SIGTERM", "The server is told to stop", at="stop",
                 about="The script sends SIGTERM, as kill does. Ctrl+C sends SIGINT,"
                 " with the same effect.")

    def begin_step(self, number):
        self.show_idle()
        self.current, self.offset = number, self.now

    def falls_asleep(self, call):
        """The call has begun, and does not return for a while."""
        self.show_idle()
        self.know(call.pid)
        if meaning.can_return(self, call):
            return  # it takes long because the machine is busy
        self.tasks[call.pid] = call
        self.ready = []
        self.add(self.label(call.pid), meaning.shown(call, begun=True),
                 meaning.falls_asleep(self, call), call.path)

    def returns(self, call):
        self.know(call.pid)
        slept = self.tasks.get(call.pid) is call
        self.wakes += slept
        self.tasks[call.pid] = None
        # Rounds of a server that does not wait are one step.
        if "EAGAIN" in call.result and not slept and call.name in (
                *meaning.READS, "accept"):
            self.idle.append((self.now, call))
        else:
            self.show_idle()
            self.show_return(call)

    def show_return(self, call):
        """A call that has no sentence is counted with the next one."""
        self.total += 1
        say = meaning.returns(self, call)
        if call.name == "exit":
            del self.tasks[call.pid]
            if call.pid == self.first:
                self.passed, self.interest, self.ready = [], [], []
        if say:
            self.add(self.label(call.pid), meaning.shown(call), say, call.path)
        else:
            self.quiet += 1

    def show_idle(self):
        """Calls that found nothing: up to three steps, or one for all."""
        idle, self.idle, time = self.idle, [], self.now
        if len(idle) > 3:
            self.now, call = idle[-1]
            self.total += len(idle)
            self.quiet += len(idle) - 1
            self.add(self.label(call.pid), f"{call.name}(...) = EAGAIN",
                     f"{len(idle)} calls in a row find nothing (EAGAIN): no client,"
                     " no bytes.", call.path)
        else:
            for self.now, call in idle:
                self.show_return(call)
        self.now = time

    def completes(self, what, address, size):
        """uring receives without a call: its own events tell what it received."""
        self.show_idle()
        letter = self.letter_of[int(address.rpartition(":")[2])]
        if what == "accept":
            self.accept(letter)
            say = (f"The kernel has accepted {letter}. (strace shows no completions:"
                   " this is from the server's --events.)")
        else:
            self.unread[letter] -= int(size)
            what = f"recv, {size} bytes"
            say = (f"The kernel has put {meaning.count(int(size), 'byte')} from"
                   f" {letter} into a buffer of the server, which does not call"
                   " recv.")
        self.add("kernel", f"completion: {what}", say)

    def works(self):
        """If the server has done nothing about a client's step, that is a step."""
        self.show_idle()
        if self.answered < self.current:
            self.add("server", say=meaning.still(self))

    def looks(self, rows):
        """A step has had its effect. The queues that follow from the calls are those
        of the kernel."""
        self.works()
        queued = 0
        for state, size, port in rows:
            letter = self.letter_of.get(port)
            if state == "0A":  # listening
                queued = size
            elif letter and state in ("01", "08"):
                # In CLOSE_WAIT, 08, the end of the client's side is one byte.
                self.compare(f"{letter} has unread", self.unread[letter],
                             size - (state == "08" and size > 0))
        self.compare("the accept queue", len(self.queue), queued)

    def compare(self, what, derived, kernel):
        if derived != kernel:
            self.wrong.append(f"client step {self.current}: {what}: {derived} from"
                              f" the calls, {kernel} in the kernel")

    def end(self):
        self.show_idle()
        if self.quiet or self.first in self.tasks:
            self.tasks = {}
            self.add("server", say="The signal ends the server.")
        if self.on_page != len(self.calls):
            self.wrong.append(f"{len(self.calls)} calls were made, {self.on_page}"
                              " are on the page")

    # --- What meaning.py asks ------------------------------------------------

    def know(self, pid):
        """A process has the descriptors that its parent has when it begins, a
        thread shares them."""
        if pid not in self.files:
            files = self.files[self.first]
            self.files[pid] = files if self.several == "thread" else dict(files)

    def thing(self, call, fd=None):
        """What a descriptor is, that of the first argument if no other."""
        fd = meaning.number(call.text) if fd is None else int(fd)
        return {1: "output", 2: "the error output"}.get(fd) \
            or self.files[call.pid].get(fd, f"descriptor {fd}")

    def accept(self, letter):
        self.forget(self.queue, letter)
        self.accepted.add(letter)

    def due(self, thing):
        """Whether a call that waits for it returns at once."""
        return self.unread[thing] or (thing == "listener" and self.queue) or (
            self.state.get(thing) in ("closed", "reset") and thing not in self.gone)

    @staticmethod
    def forget(things, thing):
        if thing in things:
            things.remove(thing)

    # --- The page ------------------------------------------------------------

    def label(self, pid):
        return "server" if pid == self.first else \
            f"server, {self.several} for {self.serves.get(pid, 'a new client')}"

    def add(self, who, call="", say="", path=(), **more):
        """One step, with the state after it."""
        if who.startswith(("server", "kernel")):
            self.answered = self.current
        self.on_page += self.quiet + (who.startswith("server") and ") = " in call)
        if self.quiet:
            more["more"], self.quiet = self.quiet, 0
        if path:
            more["path"] = path
        self.steps.append(dump({
            "k": self.current, "t": round((self.now - self.offset) * 1000, 1),
            "who": who, "call": call, "say": say, **more,
            "tasks": [self.task(pid) for pid in self.tasks], "queue": self.queue,
            "sockets": {letter: [
                "gone" if letter in self.gone else
                "accepted" if letter in self.accepted else "queued",
                self.unread[letter], self.state[letter], self.sent[letter]]
                for letter in self.state},
            "list": self.interest if self.kept else self.passed,
            "unused": self.unused, "kept": int(self.kept), "ready": self.ready,
            "out": self.printed, "n": [self.total, self.wakes, self.copied]}))

    def task(self, pid):
        """Its name and, if it sleeps, the call, the path to it, and what for."""
        call = self.tasks[pid]
        name = "main" if pid == self.first else self.serves.get(pid, "new")
        return [name, call.name, call.path, meaning.waits_for(self, call)] \
            if call else [name]

    def json(self):
        """The recording, with a line for each step and for each of the source."""
        path = next(call.path for call in self.calls if "main" in call.path)
        file = path[path.index("main") + 1].rpartition(":")[0]
        source = read(ROOT / file).rstrip("\n").split("\n")
        head = {"name": self.name, "scenario": self.settings["title"],
                "several": self.several, "ports":
                {letter: str(port) for port, letter in self.letter_of.items()}}
        return (dump(head)[:-1] + ',"steps":[\n' + ",\n".join(self.steps)
                + f'],\n"output":{dump(self.output)},\n"source":{{"file":'
                + dump(file) + ',"lines":[' + ",\n".join(map(dump, source)) + "]}}")


def dump(value):
    """As JSON; "<" is written so that no text ends the script on the page."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def as_strace_prints(data):
    """Bytes as in a C source, others than ASCII as octal numbers."""
    return "".join({10: "\\n", 34: '\\"', 92: "\\\\"}.get(byte) or (
        chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data)


def join(name, scenario, raw, program):
    """Returns the recording, or ends with what is not as the kernel has it."""
    run = Run(name, scenario, raw, program)
    if run.wrong:
        sys.exit("\n".join(f"replay: {name}: {what}" for what in run.wrong))
    return run.json()


if __name__ == "__main__":
    scenario_file, raw_directory, traced = map(Path, sys.argv[1:])
    print(join(raw_directory.name, read_scenario(scenario_file), raw_directory,
               traced))
