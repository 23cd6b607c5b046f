# record.awk: joins what was recorded of a run into steps, one for each thing
# that happened, each with the whole state after it; prints them as JSON.
# replay.sh runs it, after scenario.awk, with the variables name, port, root and
# dir, the directory of:
#
#     steps     when each step of the scenario began: time, name, client, action
#     A.trace   what client a did, by strace; A.out: its port
#     trace     what the server did, by strace -f -k
#     lines     address, function and line of each call in it
#     events    of uring: what --events wrote
#     kernel    the kernel's own figures between the steps
#     out       what the server printed
#
# Nothing is simulated: queues grow when a client's send begins and shrink when
# the server's recv returns. Between the steps they must be what the kernel says,
# or the recording is refused. See /proc/net/tcp in proc(5).

END {
  read_lines()
  read_steps()
  read_clients()
  read_calls()
  read_completions()
  read_kernel()
  close(dir "/order")
  print_recording()
  exit wrong
}

# --- Reading -----------------------------------------------------------------

function read_lines(line, part) {
  while ((getline line <(dir "/lines")) > 0) {
    split(line, part, " ")
    if (part[4] ~ /:[0-9]+$/ && part[4] !~ /^\?/)
      frame_of[part[1]] = part[3] " " part[4]
  }
}

# happen TIME KIND INDEX: something to be put in order.
function happen(time, kind, item) {
  printf "%.6f %06d %s %s\n", time, ++happened, kind, item >(dir "/order")
}

function read_steps(line, part) {
  while ((getline line <(dir "/steps")) > 0) {
    split(line, part, " ")
    step_is[++steps] = part[2]
    step_client[steps] = part[3]
    happen(part[1], "step", steps)
    if (part[3] != "-" && !(part[3] in port_of)) {
      port_of[part[3]] = 0
      letter_at[++letters] = part[3]
    }
  }
}

function read_clients(i, letter, line, time) {
  for (i = 1; i <= letters; i++) {
    letter = letter_at[i]
    while ((getline line <(dir "/" letter ".out")) > 0)
      if (line ~ /:[0-9]+$/) {
        sub(/.*:/, "", line)
        letter_of[line] = letter
        port_of[letter] = line
      }
    while ((getline line <(dir "/" letter ".trace")) > 0) {
      time = line
      sub(/ .*/, "", time)
      sub(/^[^ ]* /, "", line)
      read_client_call(letter, time, line)
    }
  }
}

function read_client_call(letter, time, line, size) {
  if (line ~ /^connect\(/) {
    match(line, /[0-9]+/)
    client_fd[letter] = substr(line, RSTART, RLENGTH)
    client_acts(letter, time, "connects", 0, "")
  } else if (line ~ /^sendto\(.*\) += [0-9]+$/) {
    size = line
    sub(/.*= /, "", size)
    sub(/^sendto\([0-9]+, "/, "", line)
    sub(/", [0-9]+, .*/, "", line)
    client_acts(letter, time, "sends", size, line)
  } else if (line ~ /^shutdown\(/)
    client_acts(letter, time, "closes", 0, "")
  else if (line ~ /^setsockopt\(.*SO_LINGER/)
    lingers[letter] = 1
  else if (index(line, "close(" client_fd[letter] ")") == 1)
    client_acts(letter, time, (letter in lingers) ? "resets" : "closes", 0, "")
}

function client_acts(letter, time, what, size, text) {
  act_client[++acts] = letter
  act_is[acts] = what
  act_size[acts] = size
  act_text[acts] = text
  happen(time, "act", acts)
}

# "PID TIME call(arguments) = result <seconds>", then the functions that led to
# it, innermost first. With several processes a call may come in two lines.
function read_calls(line, pid, time, rest, open) {
  while ((getline line <(dir "/trace")) > 0) {
    if (line ~ /^ > /) {
      add_frame(line)
      continue
    }
    pid = line
    sub(/ .*/, "", pid)
    sub(/^[0-9]+ +/, "", line)
    time = line
    sub(/ .*/, "", time)
    sub(/^[^ ]+ /, "", line)
    last = 0
    if (line ~ / <unfinished \.\.\.>$/) {
      sub(/ <unfinished \.\.\.>$/, "", line)
      open[pid] = time " " line
    } else if (line ~ /^<\.\.\. [a-z0-9_]+ resumed>/ && (pid in open)) {
      sub(/^<\.\.\. [a-z0-9_]+ resumed>/, "", line)
      rest = open[pid]
      time = rest
      sub(/ .*/, "", time)
      sub(/^[^ ]+ /, "", rest)
      read_call(pid, time, rest line)
    } else if (line ~ /^[a-z]/)
      read_call(pid, time, line)
    else if (line ~ /^\+\+\+/)
      ends(pid, time)
  }
}

function add_frame(line, part) {
  split(line, part, " ")
  gsub(/[][]/, "", part[3])
  if (last && (part[3] in frame_of))
    frames[last] = frames[last] (frames[last] == "" ? "" : "|") \
      frame_of[part[3]]
}

function read_call(pid, time, line, seconds, at) {
  if (!listening && line !~ /^(socket|pipe2?|bind|listen)\(/)
    return
  seconds = 0
  if (match(line, / <[0-9.]+>$/)) {
    seconds = substr(line, RSTART + 2, RLENGTH - 3)
    line = substr(line, 1, RSTART - 1)
  }
  if (!match(line, /.*\) += /))
    return
  last = ++calls
  call_pid[last] = pid
  call_result[last] = substr(line, RSTART + RLENGTH)
  line = substr(line, 1, RLENGTH)
  sub(/\) += $/, "", line)
  call_name[last] = substr(line, 1, index(line, "(") - 1)
  call_arguments[last] = substr(line, index(line, "(") + 1)
  frames[last] = ""
  call_start[last] = time
  if (call_name[last] == "listen")
    listening = 1
  if (call_name[last] ~ /^(clone|v?fork)/) {
    several = 1
    is_thread = call_arguments[last] ~ /CLONE_THREAD/
  }
  sleeps[last] = seconds > 0.003 && call_name[last] !~ /^(write|close|clone)/
  if (sleeps[last])
    happen(time, "sleep", last)
  happen(time + seconds, "call", last)
}

function ends(pid, time) {
  if (listening)
    happen(time, "end", pid)
}

# uring receives without a call: its own events tell what it received.
function read_completions(line, part) {
  while ((getline line <(dir "/events")) > 0) {
    split(line, part, "\t")
    if (part[2] !~ /^(accept|recv)$/)
      continue
    sub(/.*:/, "", part[3])
    done_is[++completions] = part[2]
    done_client[completions] = letter_of[part[3]]
    done_size[completions] = part[4]
    happen(part[1], "done", completions)
  }
}

function read_kernel(line, part) {
  while ((getline line <(dir "/kernel")) > 0) {
    split(line, part, " ")
    if (part[1] == "at") {
      happen(part[2], "look", ++looks)
      look_rows[looks] = ""
    } else
      look_rows[looks] = look_rows[looks] line "\n"
  }
}

# --- What is true after each thing that happened -------------------------------

function print_recording(line, part, order) {
  # Values of /proc/net/tcp are hexadecimal.
  for (line = 0; line < 16; line++)
    hex[substr("0123456789ABCDEF", line + 1, 1)] = line
  printf "{\"name\":%s,\"scenario\":%s,\"clients\":%s,\"steps\":[", \
    quote(name), quote(scenario_title), names(letter_at, letters)
  order = "sort -n '" dir "/order'"
  while ((order | getline line) > 0) {
    split(line, part, " ")
    now = part[1]
    if (offset == "")
      offset = now
    if (part[3] == "step")
      begin_step(part[4])
    else if (part[3] == "act")
      act(part[4])
    else if (part[3] == "sleep")
      falls_asleep(part[4])
    else if (part[3] == "call")
      returns(part[4])
    else if (part[3] == "done")
      completes(part[4])
    else if (part[3] == "end")
      delete task[part[4]]
    else
      compare(look_rows[part[4]])
  }
  flush_idle()
  if (quiet > 0)
    emit("server", "", "It ends.", "", "", "")
  if (shown_calls != calls) {
    printf "\n%s: %d calls were made, %d are shown\n", name, calls, \
      shown_calls >"/dev/stderr"
    wrong = 1
  }
  printf "],\n\"output\":%s,\n\"source\":%s}\n", output(), source()
}

function begin_step(number) {
  current = number
  offset = now
}

function act(number, letter, what) {
  flush_idle()
  letter = act_client[number]
  what = act_is[number]
  if (what == "connects") {
    add(backlog, letter)
    state[letter] = "connected"
  } else if (what == "sends") {
    unread[letter] += act_size[number]
    sent[letter] = sent[letter] act_text[number]
  } else {
    state[letter] = what == "resets" ? "reset" : "closed"
    if (what == "resets")
      unread[letter] = 0
  }
  emit("client " letter, letter " " what, title[step_is[current]], \
    about[step_is[current]], step_is[current], "")
}

# falls_asleep CALL: the call has begun, and does not return for a while.
function falls_asleep(call, text) {
  flush_idle()
  shown_calls-- # its return counts
  know(call_pid[call])
  text = say_sleep(call)
  task[call_pid[call]] = "asleep"
  sleep_call[call_pid[call]] = call
  emit(label(call), shown(call, 1), text, "", "", frames[call])
}

function returns(call, text) {
  know(call_pid[call])
  counted[call_name[call]]++
  total++
  task[call_pid[call]] = "runs"
  if (sleeps[call])
    wakes++
  # Rounds of a server that does not wait are one step.
  if (call_result[call] ~ /EAGAIN/ && !sleeps[call] &&
      call_name[call] ~ /^(recv|accept)/) {
    idle_call[++idle] = call
    idle_time[idle] = now
    return
  }
  flush_idle()
  show_return(call)
}

# show_return CALL: a call that has no sentence is counted with the next one.
function show_return(call, text) {
  text = say_return(call)
  if (text == "")
    quiet++
  else
    emit(label(call), shown(call, 0), text, "", "", frames[call])
  if (call_name[call] ~ /^exit/)
    delete task[call_pid[call]]
}

# flush_idle: what was found empty: up to three steps, or one for all.
function flush_idle(i, count, time) {
  count = idle
  time = now
  idle = 0
  for (i = 1; i <= count && count <= 3; i++) {
    now = idle_time[i]
    show_return(idle_call[i])
  }
  if (count > 3) {
    now = idle_time[count]
    quiet += count - 1
    emit(label(idle_call[count]), call_name[idle_call[count]] "(...) = EAGAIN", \
      count " calls in a row find nothing (EAGAIN): no client, no bytes.", "", \
      "", frames[idle_call[count]])
  }
  now = time
}

function completes(number, letter) {
  flush_idle()
  letter = done_client[number]
  if (done_is[number] == "accept") {
    remove(backlog, letter)
    accepted[letter] = 1
    emit("kernel", "completion: accept", "The kernel has accepted " letter \
      " (from the server's own events: strace shows no completions).", "", "", "")
  } else {
    unread[letter] -= done_size[number]
    emit("kernel", "completion: recv, " done_size[number] " bytes", \
      "The kernel has put " bytes(done_size[number]) " of " letter \
      " into a buffer of the server.", "", "", "")
  }
}

# know PID: a child has the descriptors that its parent has when it begins, a
# thread shares them.
function know(pid, key, part) {
  if (pid in group)
    return
  if (first_pid == "")
    first_pid = pid
  group[pid] = is_thread ? first_pid : pid
  for (key in fd_is) {
    split(key, part, SUBSEP)
    if (part[1] == first_pid && group[pid] == pid)
      fd_is[pid, part[2]] = fd_is[key]
  }
}

# --- Words ---------------------------------------------------------------------

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
  if (!match(port, /port=htons\([0-9]+\)/))
    return ""
  port = substr(port, RSTART + 11, RLENGTH - 12)
  client = letter_of[port]
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

# --- Lists -----------------------------------------------------------------------

function add(set, item) {
  if (!(item in set))
    set[item] = ++added
}

function remove(set, item) {
  delete set[item]
}

# --- The kernel's own figures ------------------------------------------------------

function number(text, i, n) {
  for (i = 1; i <= length(text); i++)
    n = n * 16 + hex[substr(text, i, 1)]
  return n
}

# compare ROWS: the queues that follow from the calls with those of the kernel.
function compare(rows, row, part, i, count, letter, waiting_there, seen) {
  count = split(rows, row, "\n")
  for (i = 1; i < count; i++) {
    split(row[i], part, " ")
    if (part[2] == "0A") {
      waiting_there = number(part[3])
      continue
    }
    letter = letter_of[number(part[4])]
    if (letter == "" || part[2] !~ /^0[18]$/)
      continue
    # The end of the client's side counts as one byte.
    differs(letter " has unread", unread[letter] + 0, \
      number(part[3]) - (part[2] == "08" && number(part[3]) > 0))
  }
  for (letter in backlog)
    seen++
  differs("the accept queue", seen + 0, waiting_there + 0)
}

function differs(about_what, derived, kernel) {
  compared++
  if (derived == kernel)
    return
  printf "\n%s, step %s: %s: %d from the calls, %d in the kernel\n", name, \
    step_is[current], about_what, derived, kernel >"/dev/stderr"
  wrong = 1
}

# --- JSON --------------------------------------------------------------------------

# emit WHO CALL SENTENCE ABOUT AT FRAMES: one step, with the state after it.
function emit(actor, call, sentence, more, at, path) {
  shown_calls += quiet + (call != "" && actor ~ /^server/)
  printf "%s\n{\"k\":%d,\"t\":%.1f,\"who\":%s,\"call\":%s,\"say\":%s", \
    printed_steps++ ? "," : "", current, (now - offset) * 1000, quote(actor), \
    quote(call), quote(sentence)
  if (more != "")
    printf ",\"about\":%s", quote(more)
  if (at != "")
    printf ",\"at\":%s", quote(at)
  if (quiet > 0)
    printf ",\"more\":%d", quiet
  quiet = 0
  if (path != "")
    printf ",\"path\":%s", path_of(path)
  printf ",\"tasks\":[%s],\"queue\":%s,\"sockets\":{%s}", tasks(), \
    in_order(backlog), sockets()
  printf ",\"list\":%s,\"kept\":%d,\"ready\":%s", \
    kept ? in_order(interest) : split_names(list), kept, split_names(ready)
  printf ",\"out\":%d,\"n\":[%d,%d,%d]}", printed, total, wakes, copied
}

function path_of(path, frame, count, i, part, json) {
  count = split(path, frame, "|")
  for (i = 1; i <= count; i++) {
    split(frame[i], part, " ")
    sub(/^\.\//, "", part[2])
    if (part[1] == "main") {
      main_file = part[2]
      sub(/:[0-9]+$/, "", main_file)
    }
    json = json (i > 1 ? "," : "") quote(part[1]) "," quote(part[2])
  }
  return "[" json "]"
}

function tasks(pid, json, call) {
  for (pid in task) {
    call = sleep_call[pid]
    json = json (json == "" ? "" : ",") "[" \
      quote(pid == first_pid ? "main" : (pid in serves) ? serves[pid] : pid) \
      "," (task[pid] == "asleep" ? quote(call_name[call]) "," \
      path_of(frames[call]) : "null,null") "]"
  }
  return json
}

function sockets(i, letter, json) {
  for (i = 1; i <= letters; i++) {
    letter = letter_at[i]
    if (letter in state)
      json = json (json == "" ? "" : ",") quote(letter) ":[" \
        quote(letter in gone ? "gone" : letter in accepted ? "accepted" : \
        "queued") "," unread[letter] + 0 "," quote(state[letter]) "," \
        quote(sent[letter]) "]"
  }
  return json
}

function in_order(set, item, list_of, i, best, used, json) {
  for (;;) {
    best = ""
    for (item in set)
      if (!(item in used) && (best == "" || set[item] < set[best]))
        best = item
    if (best == "")
      return "[" json "]"
    used[best] = 1
    json = json (json == "" ? "" : ",") quote(best)
  }
}

function split_names(text, part, count, i, json) {
  count = split(text, part, ", ")
  for (i = 1; i <= count; i++)
    json = json (i > 1 ? "," : "") quote(part[i])
  return "[" json "]"
}

function names(array, count, i, json) {
  for (i = 1; i <= count; i++)
    json = json (i > 1 ? "," : "") quote(array[i])
  return "[" json "]"
}

# quote TEXT: as a JSON string; "<" is written so that no text ends the script.
function quote(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/"/, "\\\"", text)
  gsub(/\t/, "\\t", text)
  gsub(/\r/, "\\r", text)
  gsub(/</, "\\u003c", text)
  return "\"" text "\""
}

function output(line, json) {
  while ((getline line <(dir "/out")) > 0)
    json = json quote_inner(line) "\\n"
  return "\"" json "\""
}

function quote_inner(text) {
  text = quote(text)
  return substr(text, 2, length(text) - 2)
}

# source: the file that main is in.
function source(line, json, path) {
  path = main_file ~ /^\// ? main_file : root "/" main_file
  while ((getline line <path) > 0)
    json = json (json == "" ? "" : ",\n") quote(line)
  return "{\"file\":" quote(main_file) ",\"lines\":[" json "]}"
}
