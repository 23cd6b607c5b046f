# words.awk: what each call means, in a sentence for the class, and what it does
# to the queues. record.awk, which needs it, calls say_sleep and say_return.

# The arguments that are filled in when the call returns. strace prints them as
# they are then: a step in which the call has only begun must not show them.
BEGIN {
  filled["recv"] = filled["read"] = filled["recvmsg"] = filled["epoll_wait"] = \
    filled["sigtimedwait"] = filled["waitpid"] = " 2 "
  filled["accept"] = filled["getpeername"] = " 2 3 "
}

# what CALL: what its first argument, a descriptor, is.
function what(call) {
  return who(group[call_pid[call]], call_arguments[call] + 0)
}

function who(pid, fd) {
  if (fd == 1 || fd == 2)
    return fd == 1 ? "output" : "the error output"
  return (pid, fd) in fd_is ? fd_is[pid, fd] : "descriptor " fd
}

function the(thing) {
  return thing ~ /^(listener|stop pipe)$/ ? "the " thing : thing
}

function label(pid) {
  return "server" (pid == first_pid ? "" : ", " several " for " \
    ((pid in serves) ? serves[pid] : "a new client"))
}

# arguments TEXT PART: puts the arguments of a call into the array.
function arguments(text, part, i, c, depth, quoted, n) {
  split("", part)
  n = 1
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\\")
      c = c substr(text, ++i, 1)
    else if (c == "\"")
      quoted = !quoted
    else if (!quoted)
      depth += (c ~ /[[{(]/) - (c ~ /[]})]/)
    if (c != "," || quoted || depth > 0)
      part[n] = part[n] c
    else {
      n++
      i++ # the space
    }
  }
  return n
}

# shown CALL BEGUN: the call as it stands on the page.
function shown(call, begun, part, i, n, name, text) {
  name = call_name[call]
  n = arguments(name ~ /^(fork|pthread)/ ? "..." : call_arguments[call], part)
  for (i = 1; i <= n; i++) {
    if ((begun && index(filled[name], " " i " ")) || part[i] ~ /^0x/)
      part[i] = "..."
    else if (match(part[i], /port=htons\([0-9]+/))
      part[i] = "{port " substr(part[i], RSTART + 11, RLENGTH - 11) "}"
    text = text (i > 1 ? ", " : "") part[i]
  }
  if (length(text) > 90)
    text = substr(text, 1, 87) "..."
  return name "(" text ")" (begun ? "" : " = " result(call))
}

# result CALL: what it returned; of poll and select also which descriptors.
function result(call, text, found) {
  text = call_result[call]
  if (has_list(call_name[call]) && match(text, /\[[^]]*\]/))
    found = " " substr(text, RSTART, RLENGTH)
  sub(/ \(.*/, "", text)
  return text ~ /ERESTART/ ? "interrupted" : text found
}

# failure CALL: the error, and what it means: EMFILE (Too many open files).
function failure(call, text) {
  text = call_result[call]
  sub(/^-1 /, "", text)
  return text
}

function steps_ago(n) {
  return n == 1 ? "1 client step ago" : n " client steps ago"
}

function bytes(n) {
  return n == 1 ? "1 byte" : n " bytes"
}

# due THING: whether a call that waits for it would return at once.
function due(thing) {
  return unread[thing] > 0 || (thing == "listener" && backlog != "") || \
    (state[thing] ~ /closed|reset/ && !(thing in gone))
}

# may_sleep CALL: whether there is nothing yet of what the call waits for. A call
# that takes long because the machine is busy is not asleep.
function may_sleep(call, n, set, thing, i) {
  n = call_name[call]
  if (has_list(n))
    hand_over(call)
  set = has_list(n) ? passed : n == "epoll_wait" ? interest : \
    n ~ /recv|accept/ ? what(call) : ""
  for (i = split(set, thing, "|"); i > 0; i--)
    if (due(thing[i]))
      return 0
  return 1
}

# has_list NAME: whether the call gets a list.
function has_list(n) {
  return n ~ /^p?select$|^poll$/
}

# waits_for CALL: what it is that ends its sleep.
function waits_for(call, n) {
  n = call_name[call]
  return n == "recv" ? what(call) : n == "accept" ? "a new client" : \
    has_list(n) ? "any in its list" : \
    n == "epoll_wait" ? "any on the kernel's list" : \
    n == "sigtimedwait" ? "a signal" : n == "io_uring_enter" ? \
    "a completion" : n ~ /futex|fcntl/ ? "a lock or a thread" : "a child"
}

function say_sleep(call, n) {
  n = call_name[call]
  if (n == "recv") {
    serves[call_pid[call]] = what(call)
    return "recv sleeps until " what(call) " sends something or closes." \
      left_alone()
  }
  if (n == "accept")
    return "accept sleeps until a client connects."
  if (has_list(n))
    return n " sleeps until one of the " entries - unused " descriptors in its " \
      (n ~ /select/ ? "set" : "list") " is ready. The program passes the whole " \
      (n ~ /select/ ? "set in every call: " entries " bits" : \
      "list in every call: " entries " entries") (unused == 0 ? "." : ", " \
      unused (n ~ /select/ ? " of them not set." : " of them empty (fd = -1)."))
  if (n == "epoll_wait")
    return "epoll_wait sleeps until a descriptor on the kernel's list is ready." \
      " No list is passed. With 10,000 idle clients poll would pass 10,000" \
      " entries in every call, and the kernel would check each of them."
  if (n == "sigtimedwait")
    return "sigtimedwait sleeps until a signal is queued: the kernel sends one" \
      " when something happens to a descriptor that it watches."
  if (n == "io_uring_enter")
    return "io_uring_enter passes the new requests to the kernel and sleeps" \
      " until one of them is complete."
  return n " sleeps until it gets " waits_for(call) "."
}

# still: what a server that has done nothing about a client's step is doing.
function still(pid, text) {
  for (pid in task)
    if (task[pid] == "asleep" && (text == "" || pid == first_pid))
      text = " still sleeps in " call_name[sleep_call[pid]] ", waiting for " \
        waits_for(sleep_call[pid]) "."
  return text == "" ? name " makes no system call: its own code is running." \
    : name text left_alone()
}

# left_alone: which clients wait for a server that can serve only one.
function left_alone(i, letter, sent_it, new) {
  if (several != "")
    return ""
  for (i = 1; i <= letters; i++) {
    letter = letter_at[i]
    if (unread[letter] > 0)
      sent_it = sent_it (sent_it == "" ? "" : ", ") letter " (" \
        bytes(unread[letter]) ")"
    else if (has(backlog, letter))
      new = new (new == "" ? "" : ", ") letter
  }
  return (sent_it == "" ? "" : " Unread meanwhile: " sent_it ".") \
    (new == "" ? "" : " Not accepted yet: " new ".")
}

function say_return(call, n, r, client, pid) {
  n = call_name[call]
  r = call_result[call]
  pid = group[call_pid[call]]
  client = what(call)
  if (n == "accept" || n == "getpeername")
    return say_accept(call, n, r, pid)
  if (n ~ /^(recv|read)/)
    return say_recv(call, r, client)
  if (has_list(n) || n ~ /^(epoll_wait|sigtimedwait)$/)
    return say_wait(call, n, r, pid)
  if (n == "epoll_ctl" || n == "fcntl")
    return say_watch(call, n, pid)
  if (n ~ /^write/)
    return say_write(r, client)
  if (n == "close")
    return say_close(call, pid, client)
  if (n == "shutdown")
    return "shutdown: no call will sleep for " the(client) " any more."
  return say_other(call, n, r, pid)
}

function say_other(call, n, r, pid, fd) {
  if (n == "listen") {
    fd_is[pid, call_arguments[call] + 0] = "listener"
    return "From now on the kernel completes connections and queues them."
  }
  if (n ~ /^pipe/ && match(call_arguments[call], /[0-9]+/)) {
    fd = substr(call_arguments[call], RSTART, RLENGTH)
    fd_is[pid, fd] = fd_is[pid, fd + 1] = "stop pipe"
    return "The server makes the stop pipe, through which Ctrl+C will wake it."
  }
  if (n == "pthread_create" || n == "fork") {
    know(r + 0)
    return n " starts a " several " of its own for the new client."
  }
  if (n == "waitpid")
    return r > 0 ? "waitpid removes a child process that has ended." : \
      "waitpid: no child process has ended."
  if (n == "exit")
    return call_pid[call] == first_pid ? "The server ends." : \
      "The " several " for " serves[call_pid[call]] " ends."
  if (n == "io_uring_enter")
    return r ~ /EINTR/ ? n " returns because of a signal." : \
      n " returns: at least one request is complete."
  if (n == "futex")
    return "A thread takes the lock, or tells others that the lock is free."
  if (n == "sigqueue")
    return "The server sends itself a signal: it will try this descriptor once."
  return ""
}

function say_write(r, client) {
  if (client == "stop pipe")
    return "The signal handler writes a byte to the stop pipe: the server is to" \
      " stop waiting."
  if (client != "output")
    return "The server writes " bytes(r + 0) " to " client "."
  printed += r
  return "The server writes " bytes(r + 0) " to the terminal."
}

# say_close: after the last process has closed it, the connection ends.
function say_close(call, pid, client, key) {
  delete fd_is[pid, call_arguments[call] + 0]
  for (key in fd_is)
    if (fd_is[key] == client)
      return (several == "process" ? "This process closes its copy of " : \
        "The server closes ") the(client) "."
  interest = without(interest, client)
  passed = without(passed, client)
  ready = without(ready, client)
  if (!(client in port_of))
    return "The server closes " the(client) "."
  gone[client] = 1
  unread[client] = 0
  return "The server closes " client ": the connection has ended."
}

function say_accept(call, n, r, pid, port, client) {
  if (r !~ /^[0-9]/)
    return r ~ /EAGAIN/ ? "accept finds the accept queue empty." : \
      r ~ /EINTR|ERESTART/ ? "accept returns because of a signal." : \
      "accept fails: " failure(call) "."
  port = call_arguments[call]
  if (match(port, /port=htons\([0-9]+\)/))
    client = letter_of[substr(port, RSTART + 11, RLENGTH - 12)]
  else if (n == "accept")
    client = first(backlog) # the call did not ask for its address
  if (client == "")
    return ""
  if (n == "getpeername") {
    fd_is[pid, call_arguments[call] + 0] = client
    return "The client that was accepted is " client "."
  }
  fd_is[pid, r + 0] = client
  backlog = without(backlog, client)
  ready = without(ready, what(call))
  accepted[client] = 1
  return "accept takes " client " from the accept queue: descriptor " r + 0 "."
}

function say_recv(call, r, client, part, text) {
  if (client ~ /^(output|descriptor)/)
    return "The server reads " bytes(r + 0) " from " client "."
  serves[call_pid[call]] = client
  ready = without(ready, client)
  if (r > 0) {
    arguments(call_arguments[call], part)
    text = "recv returns " bytes(r + 0) " from " client ": " part[2] "." \
      (part[2] ~ /\\n"$/ ? " The newline \\n is one byte, too." : "")
    if (since[client] < current)
      text = text " The first byte had been in the kernel since \"" \
        title[step_is[since[client]]] "\", " steps_ago(current - since[client]) "."
    unread[client] -= r
    return text
  }
  if (r == "0")
    return "recv returns 0: " client " has closed its side."
  if (r ~ /EAGAIN/)
    return "recv finds nothing from " client " yet (EAGAIN), and does not sleep."
  if (r ~ /EINTR|ERESTART/)
    return "recv returns because of a signal."
  return "recv fails: " failure(call) ". The connection of " client " is lost."
}

function say_wait(call, n, r, pid, found) {
  if (has_list(n))
    hand_over(call)
  ready = ""
  if (r ~ /EINTR|ERESTART/)
    return n " returns because of a signal."
  if (r == "0" || r ~ /EAGAIN/)
    return n " returns: " (n == "sigtimedwait" ? "no signal is queued." : \
      "nothing is ready.")
  if (r ~ /^-1/)
    return n " fails: " failure(call) "."
  found = ready_in(has_list(n) ? r : call_arguments[call], n, pid)
  if (n == "sigtimedwait")
    return n " returns a signal for " found "."
  return n " returns: " found (found ~ / and / ? " are" : " is") " ready."
}

# ready_in TEXT CALL PID: the names of the descriptors that are ready in it.
function ready_in(text, n, pid, found, fd, pattern) {
  if (n ~ /select/)
    gsub(/^[0-9]+ \(in|left.*/, "", text)
  pattern = n ~ /select/ ? "[0-9]+" : n ~ /^epoll/ ? "u64=[0-9]+" : \
    "(si_fd|fd|int)=[0-9]+"
  while (match(text, pattern)) {
    fd = substr(text, RSTART, RLENGTH)
    sub(/.*=/, "", fd)
    if (n == "epoll_wait")
      fd = watched[fd]
    ready = with(ready, who(pid, fd))
    found = found (found == "" ? "" : " and ") the(who(pid, fd))
    text = substr(text, RSTART + RLENGTH)
  }
  return found
}

# hand_over CALL: the list in the arguments of select or poll. The kernel gets
# all of it: also poll's entries with fd = -1, and select's bits that are not set.
function hand_over(call, part, list, fd, pattern) {
  if (call in handed)
    return
  handed[call] = 1
  passed = ""
  arguments(call_arguments[call], part)
  list = part[call_name[call] ~ /select/ ? 2 : 1]
  entries = unused = part[call_name[call] ~ /select/ ? 1 : 2] + 0
  pattern = call_name[call] ~ /select/ ? "[0-9]+" : "fd=[0-9]+"
  while (match(list, pattern)) {
    fd = substr(list, RSTART, RLENGTH)
    sub(/fd=/, "", fd)
    passed = with(passed, who(group[call_pid[call]], fd))
    unused--
    list = substr(list, RSTART + RLENGTH)
  }
  copied += entries
}

function say_watch(call, n, pid, part, client, off) {
  arguments(call_arguments[call], part)
  client = who(pid, n == "epoll_ctl" ? part[3] : part[1])
  if (part[2] ~ /^F_SETLK/)
    return "The lock for the terminal is " \
      (part[3] ~ /F_UNLCK/ ? "given back." : "taken.")
  off = n == "epoll_ctl" ? part[2] ~ /DEL/ : part[3] !~ /ASYNC/
  if (n == "fcntl" && (part[2] != "F_SETFL" || (off && !has(interest, client))))
    return ""
  kept = 1
  copied++
  if (off) {
    interest = without(interest, client)
    return n " takes " the(client) " off the list that the kernel keeps."
  }
  interest = with(interest, client)
  if (match(part[4], /u64=[0-9]+/))
    watched[substr(part[4], RSTART + 4, RLENGTH - 4)] = part[3]
  return n " puts " the(client) " on the list that the kernel keeps" \
    (n == "fcntl" ? ": it will send signals." : ". This is done once.")
}
