# words.awk: what each call means, in a sentence for the class, and what it does
# to the queues. record.awk, which needs it, calls say_sleep and say_return.

# what CALL: what its first argument, a descriptor, is.
function what(call, fd) {
  fd = call_arguments[call]
  sub(/[^0-9].*/, "", fd)
  return who(group[call_pid[call]], fd)
}

function who(pid, fd) {
  if (fd == 1)
    return "output"
  return (pid, fd) in fd_is ? fd_is[pid, fd] : "descriptor " fd
}

function label(call, pid) {
  pid = call_pid[call]
  return pid == first_pid ? "server" : (pid in serves) ? \
    "server for " serves[pid] : "server " pid
}

# shown CALL BEGUN: the call as it stands on the page.
function shown(call, begun, text) {
  text = call_arguments[call]
  if (length(text) > 90)
    text = substr(text, 1, 87) "..."
  text = call_name[call] "(" text ")"
  return begun ? text : text " = " result(call)
}

function result(call, text) {
  text = call_result[call]
  sub(/ \(.*/, "", text)
  sub(/^-1 /, "-1 ", text)
  return text
}

function bytes(n) {
  return n == 1 ? "1 byte" : n " bytes"
}

function say_sleep(call, n, text, others) {
  n = call_name[call]
  if (n ~ /^recv/) {
    text = "recv sleeps until " what(call) " sends something."
    serves[call_pid[call]] = what(call)
    others = waiting(what(call))
    if (others != "" && call_pid[call] == first_pid && !several)
      text = text " Meanwhile nobody reads what waits: " others "."
  } else if (n ~ /^accept/)
    text = "accept sleeps until a client connects."
  else if (n ~ /select|poll$/) {
    hand_over(call)
    text = n " sleeps until one of " entries " descriptors is ready. The list" \
      " is handed to the kernel whole."
  } else if (n ~ /^epoll/)
    text = n " sleeps until one of the descriptors that the kernel watches is" \
      " ready."
  else if (n ~ /sigtimedwait/)
    text = "sigtimedwait sleeps until a signal is queued."
  else if (n == "io_uring_enter")
    text = "io_uring_enter hands over the new requests and sleeps until one is" \
      " complete."
  else if (n == "futex")
    text = "It sleeps until another thread gives back the lock or ends."
  else
    text = n " sleeps."
  ready = ""
  return text
}

# waiting LETTER: which others have bytes that nobody has read, or have not been
# accepted.
function waiting(except, i, text, letter) {
  for (i = 1; i <= letters; i++) {
    letter = letter_at[i]
    if (letter != except && (unread[letter] > 0 || letter in backlog))
      text = text (text == "" ? "" : ", ") letter \
        (unread[letter] > 0 ? " (" bytes(unread[letter]) ")" : "")
  }
  return text
}

function say_return(call, n, r, fd, client, pid) {
  n = call_name[call]
  r = call_result[call]
  pid = group[call_pid[call]]
  client = what(call)
  if (n ~ /^accept/ || n == "getpeername")
    return say_accept(call, n, r, pid)
  if (n ~ /^(recv|read)/)
    return say_recv(call, r, client)
  if (n ~ /select|poll$|^epoll_p?wait|sigtimedwait/)
    return say_wait(call, n, r, pid)
  if (n == "epoll_ctl" || n == "fcntl")
    return say_watch(call, n, pid)
  if (n ~ /^write/) {
    if (client == "output")
      printed += r
    return client == "output" ? "What was gathered is written to the terminal: " \
      bytes(r + 0) "." : "It wakes itself through the stop pipe."
  }
  if (n == "close" || n == "shutdown") {
    if (n == "close")
      let_go(call, pid, client)
    return n == "close" ? "close: this process lets go of " client "." : \
      "shutdown: nothing more is received from " client "."
  }
  if (n ~ /^(clone|v?fork)/) {
    know(r + 0)
    return is_thread ? "pthread_create starts a thread for the client." : \
      "fork makes a second process, a copy of this one, for the client."
  }
  if (n == "listen") {
    fd_is[pid, call_arguments[call] + 0] = "listener"
    return "The kernel accepts connections from now on and queues them."
  }
  if (n ~ /^pipe/ && match(call_arguments[call], /[0-9]+/)) {
    fd = substr(call_arguments[call], RSTART, RLENGTH)
    fd_is[pid, fd] = "stop pipe"
    fd_is[pid, fd + 1] = "stop pipe"
    return "The pipe through which Ctrl+C wakes the server."
  }
  if (n == "wait4")
    return r > 0 ? "waitpid: a child has ended, and is a zombie no more." : \
      "waitpid: no child has ended."
  if (n ~ /^exit/)
    return "It ends."
  if (n == "io_uring_enter")
    return "io_uring_enter returns: the ring has completions."
  if (n == "futex")
    return "It has the lock, or tells others that the lock is free."
  if (n == "rt_sigqueueinfo")
    return "It queues a signal for itself: this descriptor is to be asked."
  return ""
}

function say_accept(call, n, r, pid, port, client) {
  if (r !~ /^[0-9]/)
    return r ~ /EAGAIN/ ? "accept finds the queue empty." : \
      "accept fails: " result(call) "."
  port = call_arguments[call]
  if (match(port, /port=htons\([0-9]+\)/))
    client = letter_of[substr(port, RSTART + 11, RLENGTH - 12)]
  else if (n ~ /^accept/)
    client = oldest(backlog) # who was not asked for its address
  if (client == "")
    return ""
  if (n == "getpeername") {
    fd_is[pid, call_arguments[call] + 0] = client
    return "The client that was accepted is " client "."
  }
  fd_is[pid, r + 0] = client
  remove(backlog, client)
  accepted[client] = 1
  return "accept takes " client " out of the queue: descriptor " r + 0 "."
}

function say_recv(call, r, client) {
  if (client == "output" || client ~ /^descriptor/)
    return "It reads " result(call) " bytes."
  serves[call_pid[call]] = client
  if (r > 0) {
    unread[client] -= r
    return "recv returns " bytes(r + 0) " of " client "."
  }
  if (r == "0")
    return "recv returns 0: " client " has closed its side."
  if (r ~ /EAGAIN/)
    return "recv finds nothing from " client " for now (EAGAIN)."
  return "recv fails: " result(call) ". The connection of " client " is lost."
}

function say_wait(call, n, r, pid, text, found) {
  if (n !~ /^epoll|sigtimed/)
    hand_over(call)
  text = n ~ /^p?select/ || n ~ /poll$/ ? r : call_arguments[call]
  found = ready_in(text, n, pid)
  ready = found
  if (r ~ /^-1/)
    return n " returns: " result(call) "."
  if (r == "0")
    return n " returns: the time is over."
  return n " returns: ready " (found ~ / /? "are " : "is ") found "."
}

# ready_in TEXT CALL PID: the names of the descriptors that are ready in it.
function ready_in(text, n, pid, found, fd, pattern) {
  if (n ~ /select/)
    gsub(/[0-9]+ \(in|left.*/, "", text)
  pattern = n ~ /select/ ? "[0-9]+" : n ~ /^epoll/ ? "(u32|fd)=[0-9]+" : \
    "(si_fd|fd|int)=[0-9]+"
  while (match(text, pattern)) {
    fd = substr(text, RSTART, RLENGTH)
    sub(/.*=/, "", fd)
    found = found (found == "" ? "" : ", ") who(pid, fd)
    text = substr(text, RSTART + RLENGTH)
    if (n ~ /^epoll/)
      sub(/^[^}]*}/, "", text)
  }
  return found
}

# hand_over CALL: the list in the arguments of select or poll.
function hand_over(call, text, fd, pid, pattern) {
  pid = group[call_pid[call]]
  text = call_arguments[call]
  list = ""
  entries = 0
  if (call_name[call] ~ /select/) {
    sub(/^[^\[]*\[/, "", text)
    sub(/\].*/, "", text)
  }
  pattern = call_name[call] ~ /select/ ? "[0-9]+" : "fd=[0-9]+"
  while (match(text, pattern)) {
    fd = substr(text, RSTART, RLENGTH)
    sub(/fd=/, "", fd)
    list = list (list == "" ? "" : ", ") who(pid, fd)
    entries++
    text = substr(text, RSTART + RLENGTH)
  }
  if (!(call in handed))
    copied += entries
  handed[call] = 1
  kept = 0
}

function say_watch(call, n, pid, part, fd, client) {
  split(call_arguments[call], part, ", ")
  fd = n == "epoll_ctl" ? part[3] : part[1]
  client = who(pid, fd)
  if (n == "fcntl") {
    if (call_arguments[call] ~ /F_SETLKW/)
      return "The lock for the output: it is taken."
    if (call_arguments[call] ~ /F_SETLK/)
      return "The lock for the output is given back."
    if (call_arguments[call] !~ /F_SETSIG|O_ASYNC/)
      return ""
  }
  kept = 1
  if (part[2] == "EPOLL_CTL_DEL" || (n == "fcntl" &&
      call_arguments[call] !~ /F_SETSIG|O_ASYNC/)) {
    remove(interest, client)
    return "The kernel is told to watch " client " no more."
  }
  add(interest, client)
  return "The kernel is told once to watch " client ", and keeps it on its list."
}

# let_go: after the last process has closed it, the connection ends.
function let_go(call, pid, client, key, part) {
  delete fd_is[pid, call_arguments[call] + 0]
  remove(interest, client)
  for (key in fd_is)
    if (fd_is[key] == client)
      return
  gone[client] = 1
  unread[client] = 0
}
