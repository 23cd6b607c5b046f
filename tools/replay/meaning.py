"""meaning.py: what each call does to the queues, and what it means, in a sentence
for the class. steps.py, which needs it, says what is in a run."""
import re

LISTS = ("select", "pselect", "poll")  # each call passes a list
READS = ("recv", "recvmsg", "read")
FORKS = ("fork", "pthread_create")
# The calls that wait, and for what; those that read wait for their client.
WAITS = {**dict.fromkeys(READS), **dict.fromkeys(LISTS, "any in its list"),
         "accept": "a new client", "epoll_wait": "any on the kernel's list",
         "sigtimedwait": "a signal", "io_uring_enter": "a completion",
         "futex": "a lock or the end of a thread", "fcntl": "a lock",
         "waitpid": "the end of a process"}

# Arguments that are filled in when the call returns. strace prints them as they
# are then: a step in which the call has only begun must not show them.
FILLED = {"accept": (1, 2), "getpeername": (1, 2), **dict.fromkeys(
    (*READS, "epoll_wait", "sigtimedwait", "waitpid"), (1,))}


def number(text):
    """The number at the beginning of a text, or 0."""
    found = re.match(r"-?\d+", text)
    return int(found[0]) if found else 0


def count(n, unit):
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"


def the(thing):
    return f"the {thing}" if thing in ("listener", "stop pipe") else thing


def shown(call, begun=False):
    """The call as it stands on the page."""
    parts = call.arguments()
    filled = FILLED.get(call.name, ()) if begun else ()
    if call.name in FORKS:
        parts = ["..."]
    for i, part in enumerate(parts):
        if part.startswith("0x") or (i in filled and part != "NULL"):
            parts[i] = "..."
        elif found := re.search(r"port=htons\((\d+)", part):
            parts[i] = f"{{port {found[1]}}}"
    text = ", ".join(parts)
    if len(text) > 90:
        text = text[:87] + "..."
    if begun:
        return f"{call.name}({text})"
    result = re.sub(r" \(.*", "", call.result)
    if "ERESTART" in result:
        result = "interrupted"
    elif call.name in LISTS and (found := re.search(r"\[[^]]*\]", call.result)):
        result += " " + found[0]
    return f"{call.name}({text}) = {result}"


# --- A call that has begun and does not return yet -------------------------------

def may_sleep(call):
    """Whether it is one that waits and has taken a while."""
    return call.seconds > 0.003 and "EAGAIN" not in call.result and (
        call.name in WAITS and (call.name != "fcntl" or "F_SETLKW" in call.text))


def can_return(run, call):
    """Whether there is something already of what it waits for."""
    if call.name in LISTS:
        hand_over(run, call)
        return any(map(run.due, run.passed))
    if call.name == "epoll_wait":
        return any(map(run.due, run.interest))
    return call.name in (*READS, "accept") and run.due(run.thing(call))


def waits_for(run, call):
    """What ends its sleep."""
    return WAITS[call.name] or run.thing(call)


def falls_asleep(run, call):
    name = call.name
    if name in READS:
        client = run.serves[call.pid] = run.thing(call)
        return (f"{name} sleeps until {the(client)} sends something or closes."
                + left_alone(run))
    if name in LISTS:
        listed, unit, empty = ("list", "entries", "empty (fd = -1)") \
            if name == "poll" else ("set", "bits", "not set")
        return (f"{name} sleeps until one of the {run.entries - run.unused}"
                f" descriptors in its {listed} is ready. The program passes the"
                f" whole {listed} in every call: {run.entries} {unit}"
                + (f", {run.unused} of them {empty}." if run.unused else "."))
    return {
        "accept": "accept sleeps until a client connects.",
        "epoll_wait":
            "epoll_wait sleeps until a descriptor on the kernel's list is ready."
            " No list is passed. With 10,000 idle clients poll would pass 10,000"
            " entries in every call, and the kernel would check each of them.",
        "sigtimedwait":
            "sigtimedwait sleeps until a signal is queued: the kernel sends one"
            " when something happens to a descriptor that it watches.",
        "io_uring_enter":
            "io_uring_enter passes the new requests to the kernel and sleeps"
            " until one of them is complete.",
    }.get(name, f"{name} sleeps: it waits for {waits_for(run, call)}.")


def still(run):
    """What a server is doing that has done nothing about a client's step."""
    asleep = [call for pid, call in run.tasks.items() if call]
    call = run.tasks.get(run.first) or (asleep[0] if asleep else None)
    if not call:
        return f"{run.name} makes no system call: its own code is running."
    return (f"{run.name} still sleeps in {call.name}, waiting for"
            f" {waits_for(run, call)}.{left_alone(run)}")


def left_alone(run):
    """The clients whose bytes are unread, and those that are not accepted."""
    if run.several:
        return ""
    sent = [f"{letter} ({count(run.unread[letter], 'byte')})"
            for letter in run.state if run.unread[letter]]
    return ((f" Unread meanwhile: {', '.join(sent)}." if sent else "")
            + (f" Not accepted yet: {', '.join(run.queue)}." if run.queue else ""))


# --- A call that returns -----------------------------------------------------------

def returns(run, call):
    """The sentence for it, or "" if it is only counted."""
    if call.name in LISTS:
        hand_over(run, call)
    if call.result == "?" and call.name != "exit":
        return f"{call.name} does not return: the process ends."
    if re.search("EINTR|ERESTART", call.result):
        return f"{call.name} returns because of a signal."
    if call.result.startswith("-1") and (
            "EAGAIN" not in call.result or call.name in FORKS):
        return fails(run, call)
    return RETURNS.get(call.name, lambda run, call: "")(run, call)


def fails(run, call):
    say = f"{call.name} fails: {call.result[3:]}."
    client = run.thing(call)
    if call.name in READS and client in run.state:
        run.forget(run.ready, client)
        say += f" The connection of {client} is lost."
    return say


def accept(run, call):
    if "EAGAIN" in call.result:
        return "accept finds the accept queue empty."
    client = None
    if found := re.search(r"port=htons\((\d+)\)", call.text):
        client = run.letter_of.get(int(found[1]))
    elif call.name == "accept" and run.queue:
        client = run.queue[0]  # the call did not ask for its address
    if not client:
        return ""
    if call.name == "getpeername":
        run.files[call.pid][number(call.text)] = client
        return f"The client that was accepted is {client}."
    run.files[call.pid][number(call.result)] = client
    run.accept(client)
    run.forget(run.ready, run.thing(call))
    return (f"accept takes {client} from the accept queue: descriptor"
            f" {number(call.result)}.")


def recv(run, call):
    client = run.thing(call)
    if client not in run.state:
        return (f"The server reads {count(max(0, number(call.result)), 'byte')} from"
                f" {the(client)}.")
    run.serves[call.pid] = client
    run.forget(run.ready, client)
    if number(call.result) > 0:
        return received(run, call, client)
    if call.result == "0":
        return f"{call.name} returns 0: {client} has closed its side."
    return (f"{call.name} finds nothing from {client} yet (EAGAIN), and does not"
            " sleep.")


def received(run, call, client):
    size, text = number(call.result), call.arguments()[1]
    say = f"{call.name} returns {count(size, 'byte')} from {client}: {text}."
    if text.endswith('\\n"'):
        say += " The newline \\n is one byte, too."
    if (since := run.since[client]) < run.current:
        say += (f' The first byte had been in the kernel since'
                f' "{run.script[since].words[0]}",'
                f" {count(run.current - since, 'client step')} ago.")
    run.unread[client] -= size
    return say


def wait(run, call):
    run.ready = []
    if call.result.startswith("0") or "EAGAIN" in call.result:
        return (f"{call.name} returns: " + (
            "no signal is queued." if call.name == "sigtimedwait"
            else "nothing is ready."))
    found = find_ready(run, call)
    run.ready = list(dict.fromkeys(found))
    found = " and ".join(map(the, found))
    if call.name == "sigtimedwait":
        return "sigtimedwait returns a signal" + (f" for {found}." if found else ".")
    return (f"{call.name} returns: {found} {'are' if ' and ' in found else 'is'}"
            " ready.")


def find_ready(run, call):
    """The names of the descriptors that such a call has found."""
    if "select" in call.name:
        fds = re.findall(r"\d+", re.sub(r"^\d+ \(in|left.*", "", call.result))
    elif call.name == "epoll_wait":
        fds = [run.watched.get(data, -1)
               for data in re.findall(r"u64=(\d+)", call.text)]
    else:
        fds = re.findall(r"(?:fd|int)=(\d+)",
                         call.result if call.name == "poll" else call.text)
    return [run.thing(call, int(fd)) for fd in fds]


def hand_over(run, call):
    """The list in the arguments of select or poll. The kernel gets all of it: also
    poll's entries with fd = -1, and select's bits that are not set."""
    if call is run.handed_over:
        return
    run.handed_over = call
    parts = call.arguments()
    size, listed = (parts[1], parts[0]) if call.name == "poll" else parts[:2]
    fds = re.findall(r"fd=(\d+)" if call.name == "poll" else r"\d+", listed)
    run.passed = [run.thing(call, int(fd)) for fd in fds]
    run.entries = int(size)
    run.unused = run.entries - len(fds)
    run.copied += run.entries


def epoll_ctl(run, call):
    _, operation, fd, event = (call.arguments() + [""])[:4]
    if found := re.search(r"u64=(\d+)", event):
        run.watched[found[1]] = fd
    return keep(run, call, run.thing(call, int(fd)), "DEL" in operation,
                "This is done once.")


def fcntl(run, call):
    fd, operation, *rest = call.arguments()
    flags = "".join(rest)
    if operation.startswith("F_SETLK"):
        return ("The lock for the terminal is "
                + ("given back." if "F_UNLCK" in flags else "taken."))
    thing, off = run.thing(call, int(fd)), "ASYNC" not in flags
    if operation != "F_SETFL" or (off and thing not in run.interest):
        return ""
    return keep(run, call, thing, off, "it will send signals.")


def keep(run, call, thing, off, remark):
    """The list that the kernel keeps changes."""
    run.kept = True
    run.copied += 1
    run.forget(run.interest, thing)
    if off:
        return f"{call.name} takes {the(thing)} off the list that the kernel keeps."
    run.interest.append(thing)
    return (f"{call.name} puts {the(thing)} on the list that the kernel keeps"
            f"{'. ' if remark[0].isupper() else ': '}{remark}")


def write(run, call):
    thing, size = run.thing(call), number(call.result)
    if size < 0:
        return "write finds no room (EAGAIN)."
    if thing == "stop pipe":
        return ("The signal handler writes a byte to the stop pipe: the server is"
                " to stop waiting.")
    if thing == "output":
        run.printed += size
        thing = "the terminal"
    return f"The server writes {count(size, 'byte')} to {thing}."


def close(run, call):
    """After the last process has closed it, a connection ends."""
    thing = run.thing(call)
    run.files[call.pid].pop(number(call.text), None)
    if not end_if_last(run, thing) and run.several == "process":
        return f"This process closes its copy of {the(thing)}."
    return f"The server closes {the(thing)}" + (
        ": the connection has ended." if thing in run.gone else ".")


def end_if_last(run, thing):
    """Whether no process has it any more: then it is closed."""
    if any(thing in files.values() for files in run.files.values()):
        return False
    for things in run.interest, run.passed, run.ready:
        run.forget(things, thing)
    if thing in run.state:
        run.gone.add(thing)
        run.unread[thing] = 0
    return True


def listen(run, call):
    run.files[call.pid][number(call.text)] = "listener"
    return "From now on the kernel completes connections and queues them."


def pipe(run, call):
    for fd in re.findall(r"\d+", call.arguments()[0]):
        run.files[call.pid][int(fd)] = "stop pipe"
    return "The server makes the stop pipe, through which Ctrl+C will wake it."


def fork(run, call):
    run.know(number(call.result))
    return f"{call.name} starts a {run.several} of its own for the new client."


def leave(run, call):
    if call.pid == run.first:
        return "The server ends."
    if run.several == "process":  # which closes what it has
        for thing in set(run.files.pop(call.pid).values()):
            end_if_last(run, thing)
    return f"The {run.several} for {run.serves.get(call.pid, 'a new client')} ends."


def waitpid(run, call):
    return ("waitpid removes a child process that has ended."
            if number(call.result) > 0 else "waitpid: no child process has ended.")


RETURNS = {
    "accept": accept, "getpeername": accept, "recv": recv, "recvmsg": recv,
    "read": recv, "select": wait, "pselect": wait, "poll": wait,
    "epoll_wait": wait, "sigtimedwait": wait, "epoll_ctl": epoll_ctl,
    "fcntl": fcntl, "write": write, "close": close,
    "listen": listen, "pipe": pipe, "fork": fork,
    "pthread_create": fork, "exit": leave, "waitpid": waitpid,
    "io_uring_enter": lambda run, call:
        "io_uring_enter returns: at least one request is complete.",
    "shutdown": lambda run, call:
        f"shutdown: no call will sleep for {the(run.thing(call))} any more.",
    "futex": lambda run, call:
        "A thread takes the lock, or tells others that the lock is free.",
    "sigqueue": lambda run, call:
        "The server sends itself a signal: it will try this descriptor once."}
