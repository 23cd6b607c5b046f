# record.awk: joins what was recorded of a run into steps, one for each thing
# that happened, each with the whole state after it; prints them as JSON.
# replay.sh runs it, after scenario.awk and with read.awk, words.awk and json.awk,
# with the variables name, port, root and dir, the directory of:
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

# --- What is true after each thing that happened -------------------------------

function print_recording(line, part, order) {
  printf "{\"name\":%s,\"scenario\":%s,\"several\":%s,", quote(name), \
    quote(scenario_title), quote(several)
  printf "\"ports\":{%s},\"steps\":[", ports()
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
    else
      look(look_rows[part[4]])
  }
  flush_idle()
  if (quiet > 0 || (first_pid in task)) {
    split("", task)
    emit("server", "", "The signal ends the server.")
  }
  if (shown_calls != calls) {
    printf "\n%s: %d calls were made, %d are shown\n", name, calls, \
      shown_calls >"/dev/stderr"
    wrong = 1
  }
  printf "],\n\"output\":%s,\n\"source\":%s}\n", output(), source()
}

# begin_step NUMBER: it begins for the servers when the client acts.
function begin_step(number) {
  flush_idle()
  pending = number
  if (step_client[number] == "-") {
    current = number
    offset = now
    emit("script", "SIGTERM", "The server is told to stop", "", "The script" \
      " sends SIGTERM, as kill does. Ctrl+C sends SIGINT, with the same effect.", \
      step_is[number])
  }
}

function act(number, letter, what) {
  flush_idle()
  if (current != pending)
    offset = now
  current = pending
  letter = act_client[number]
  what = act_is[number]
  if (what == "connects") {
    backlog = with(backlog, letter)
    state[letter] = "connected"
  } else if (what == "sends") {
    if (unread[letter] == 0)
      since[letter] = current
    unread[letter] += act_size[number]
    sent[letter] = sent[letter] act_text[number]
  } else {
    state[letter] = what == "resets" ? "reset" : "closed"
    if (what == "resets")
      unread[letter] = 0
  }
  emit("client " letter, letter " " what, title[step_is[current]], "", \
    about[step_is[current]], step_is[current])
}

# falls_asleep CALL: the call has begun, and does not return for a while.
function falls_asleep(call) {
  flush_idle()
  know(call_pid[call])
  sleeps[call] = may_sleep(call)
  if (!sleeps[call])
    return
  shown_calls-- # its return counts
  task[call_pid[call]] = "asleep"
  sleep_call[call_pid[call]] = call
  ready = ""
  emit(label(call_pid[call]), shown(call, 1), say_sleep(call), frames[call])
}

function returns(call) {
  know(call_pid[call])
  task[call_pid[call]] = "runs"
  if (sleeps[call])
    wakes++
  # Rounds of a server that does not wait are one step.
  if (call_result[call] ~ /EAGAIN/ && !sleeps[call] &&
      call_name[call] ~ /^(recv|accept)$/) {
    idle_call[++idle] = call
    idle_time[idle] = now
    return
  }
  flush_idle()
  show_return(call)
}

# show_return CALL: a call that has no sentence is counted with the next one.
function show_return(call, text) {
  total++
  text = say_return(call)
  if (call_name[call] == "exit")
    delete task[call_pid[call]]
  if (call_name[call] == "exit" && call_pid[call] == first_pid)
    interest = passed = ready = ""
  if (text == "")
    quiet++
  else
    emit(label(call_pid[call]), shown(call, 0), text, frames[call])
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
    total += count
    quiet += count - 1
    emit(label(call_pid[idle_call[count]]), call_name[idle_call[count]] \
      "(...) = EAGAIN", count " calls in a row find nothing (EAGAIN): no client," \
      " no bytes.", frames[idle_call[count]])
  }
  now = time
}

function completes(number, letter) {
  flush_idle()
  letter = done_client[number]
  if (done_is[number] == "accept") {
    backlog = without(backlog, letter)
    accepted[letter] = 1
    emit("kernel", "completion: accept", "The kernel has accepted " letter \
      ". (strace shows no completions: this is from the server's --events.)")
  } else {
    unread[letter] -= done_size[number]
    emit("kernel", "completion: recv, " done_size[number] " bytes", \
      "The kernel has put " bytes(done_size[number]) " from " letter \
      " into a buffer of the server, which does not call recv.")
  }
}

# know PID: a child has the descriptors that its parent has when it begins, a
# thread shares them.
function know(pid, key, part) {
  if (pid in group)
    return
  if (first_pid == "")
    first_pid = pid
  group[pid] = several == "thread" ? first_pid : pid
  for (key in fd_is) {
    split(key, part, SUBSEP)
    if (part[1] == first_pid && group[pid] == pid)
      fd_is[pid, part[2]] = fd_is[key]
  }
}

# --- Lists: "a|b|", in the order in which things came ------------------------------

function has(set, item) {
  return index("|" set, "|" item "|")
}

function with(set, item) {
  return has(set, item) ? set : set item "|"
}

function without(set, item, at) {
  at = has(set, item)
  return at ? substr(set, 1, at - 1) substr(set, at + length(item) + 1) : set
}

function first(set) {
  return substr(set, 1, index(set, "|") - 1)
}

# --- The kernel's own figures ------------------------------------------------------

# look ROWS: a step has had its effect. If the server did nothing, that is one.
function look(rows) {
  flush_idle()
  if (current > 0 && answered < current)
    emit("server", "", still())
  compare(rows)
}

# compare ROWS: the queues that follow from the calls with those of the kernel.
function compare(rows, row, part, i, letter, queued) {
  for (i = split(rows, row, "\n") - 1; i > 0; i--) {
    split(row[i], part, " ")
    letter = letter_of[part[4]]
    if (part[2] == "0A")
      queued = part[3]
    else if (letter != "" && part[2] ~ /^0[18]$/)
      # The end of the client's side counts as one byte.
      differs(letter " has unread", unread[letter] + 0, \
        part[3] - (part[2] == "08" && part[3] > 0))
  }
  differs("the accept queue", split(backlog, part, "|") - (backlog != ""), queued + 0)
}

function differs(about_what, derived, kernel) {
  compared++
  if (derived == kernel)
    return
  printf "\n%s, step %s: %s: %d from the calls, %d in the kernel\n", name, \
    step_is[current], about_what, derived, kernel >"/dev/stderr"
  wrong = 1
}
