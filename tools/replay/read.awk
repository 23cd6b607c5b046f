# read.awk: reads what was recorded of a run and puts it in the order of time.
# record.awk, which needs it, says which files there are.

# strace says what the kernel calls them, the source what the library does.
BEGIN {
  count = split("recvfrom recv accept4 accept _newselect select pselect6 select" \
    " ppoll poll epoll_pwait epoll_wait rt_sigtimedwait sigtimedwait" \
    " rt_sigqueueinfo sigqueue wait4 waitpid exit_group exit clone fork" \
    " clone3 fork vfork fork", names_of, " ")
  for (i = 1; i < count; i += 2)
    plain[names_of[i]] = names_of[i + 1]
}

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
  }
}

function add_frame(line) {
  gsub(/.*\[|\]$/, "", line) # only the address
  if (last && (line in frame_of))
    frames[last] = frames[last] (frames[last] == "" ? "" : "|") \
      frame_of[line]
}

function read_call(pid, time, line, seconds) {
  if (line ~ /^socket\(/)
    began = 1
  if (!began)
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
  name_call(last, substr(line, 1, RLENGTH))
  frames[last] = ""
  sleeps[last] = seconds > 0.003 && can_sleep(last)
  if (sleeps[last])
    happen(time, "sleep", last)
  happen(time + seconds, "call", last)
}

# name_call CALL TEXT: its name and its arguments as they are in a source, without
# what the library adds.
function name_call(call, text, called) {
  sub(/\) += $/, "", text)
  called = substr(text, 1, index(text, "(") - 1)
  if (called == "recvfrom")
    sub(/, NULL, NULL$/, "", text)
  if (called == "pselect6")
    sub(/, NULL$/, "", text)
  call_arguments[call] = substr(text, index(text, "(") + 1)
  call_name[call] = (called in plain) ? plain[called] : called
  if (called == "pselect6" && text ~ /sigmask/)
    call_name[call] = "pselect"
  if (call_name[call] != "fork")
    return
  several = text ~ /CLONE_THREAD/ ? "thread" : "process"
  if (several == "thread")
    call_name[call] = "pthread_create"
}

# can_sleep CALL: not one that takes long because the machine is busy.
function can_sleep(call) {
  return call_result[call] !~ /EAGAIN/ && (call_arguments[call] ~ /F_SETLKW/ || \
    call_name[call] ~ /^(recv|accept|p?select|poll|epoll_wait|sigtimedwait)$/ || \
    call_name[call] ~ /^(io_uring_enter|futex|waitpid)$/)
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
