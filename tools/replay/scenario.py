"""scenario.py: reads a scenario. scenarios/four.txt explains the form."""
import re
import sys
from dataclasses import dataclass, field


SETTINGS = ("title", "ulimit", "preload")


@dataclass
class Step:
    """What a client does, and what to say about it: a title and sentences."""
    name: str
    client: str
    action: str  # connect, send, half-close, close, reset
    data: bytes  # what it sends
    words: list = field(default_factory=list)


def read(path):
    """The text of a file as it is, also where it is not UTF-8."""
    return path.read_bytes().decode("utf-8", "replace")


def read_scenario(path):
    """Returns its settings, by name, and its steps."""
    settings, steps = {}, []
    for line in read(path).split("\n"):
        name, _, rest = line.partition(": ")
        if line.startswith("#"):
            continue
        if line.startswith(" "):
            steps[-1].words.append(line.strip())
        elif name in SETTINGS:
            settings[name] = rest
        elif found := re.fullmatch(
                "([a-z]) (connect|send|half-close|close|reset):?(.*)", rest):
            data = found[3].encode().decode("unicode_escape").encode("latin-1")
            steps.append(Step(name, found[1], found[2], data))
        elif line:
            sys.exit(f"{path}: {line}")
    return settings, steps
