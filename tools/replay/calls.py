"""calls.py: reads the system calls of a server from what strace(1) wrote, each with
the functions that led to it, whose lines addr2line(1) knows."""
import re
import subprocess
from dataclasses import dataclass, field

# strace says what the kernel calls them, a source what the library does.
IN_SOURCE = {
    "recvfrom": "recv", "accept4": "accept", "_newselect": "select",
    "pselect6": "select", "ppoll": "poll", "epoll_pwait": "epoll_wait",
    "rt_sigtimedwait": "sigtimedwait", "rt_sigqueueinfo": "sigqueue",
    "wait4": "waitpid", "exit_group": "exit", "clone": "fork",
    "clone3": "fork", "vfork": "fork", "pipe2": "pipe", "writev": "write"}

# "PID TIME call(arguments) = result <seconds>". With several processes a call may
# come in two lines, its end as "<... call resumed>".
LINE = re.compile(r"(\d+) +([\d.]+) (?:<\.\.\. \w+ (resumed)>)?(.*)")
# What the library adds to the arguments.
ADDED = {"recvfrom": ", NULL, NULL", "pselect6": ", NULL", "pipe2": ", 0"}
BEGUN = " <unfinished ...>"
CALL = re.compile(r"([a-z]\w*)\((.*)\) += (.*?)(?: <([\d.]+)>)?$")
FRAME = re.compile(r"^ > (.*)\(.*\[(0x[\da-f]+)\]$", re.M)


@dataclass
class Call:
    """A system call, under its name in the source."""
    pid: int
    time: float     # when it began, in seconds since 1970
    seconds: float  # how long it took
    name: str
    text: str       # its arguments
    result: str
    path: list = field(default_factory=list)  # function, line; innermost first

    def arguments(self):
        """Split at the commas that are in no string and in no brackets."""
        parts, depth = [""], 0
        for token in re.findall(r'"(?:\\.|[^"\\])*"|, |.', self.text):
            depth += (token in "([{") - (token in ")]}")
            if token == ", " and depth == 0:
                parts.append("")
            else:
                parts[-1] += token
        return parts


def read_calls(trace, program, root):
    """The calls of a trace, from the first socket on. A path has the functions of
    the program; files below root are named from there."""
    line_of = read_lines(trace, program, root)
    calls, begun, last = [], {}, None
    for line in trace.split("\n"):
        if last and (frame := FRAME.match(line)):
            last.path.extend(line_of.get(frame.groups(), ()))
        elif found := LINE.match(line):
            pid, time, resumed, text = found.groups()
            last = None
            end = float(time)
            if resumed and pid in begun:
                time, text = begun[pid][0], begun[pid][1] + text
            begun[pid] = time, text.replace(BEGUN, "")
            found = CALL.match(text)
            if found and (calls or found[1] == "socket"):
                last = make_call(int(pid), float(time), *found.groups())
                if last.result == "?":  # it ended with its process
                    last.seconds = end - last.time
                calls.append(last)
    return calls


def make_call(pid, time, called, text, result, seconds):
    name = IN_SOURCE.get(called, called)
    if called in ADDED and text.endswith(ADDED[called]):
        text = text[:-len(ADDED[called])]
    if called == "pselect6" and "sigmask" in text:
        name = "pselect"
    if "CLONE_THREAD" in text:
        name = "pthread_create"
    return Call(pid, time, float(seconds or 0), name, text, result)


def read_lines(trace, program, root):
    """The function and the line of each frame (file, address) in the program. An
    address is where the call returns to, so the line is that of the byte before."""
    frames = [(file, address) for file, address in set(FRAME.findall(trace))
              if file.endswith("/" + program.name)]
    lines = subprocess.run(
        ["addr2line", "-f", "-e", program], stdout=subprocess.PIPE, check=True,
        input="\n".join(hex(int(address, 16) - 1) for _, address in frames),
        universal_newlines=True).stdout.split("\n")
    line_of = {}
    for frame, function, line in zip(frames, lines[0::2], lines[1::2]):
        if found := re.match(rf"(?:{re.escape(str(root))}/|\./)?([^?].*:\d+)\b", line):
            line_of[frame] = [function, found[1]]
    return line_of
