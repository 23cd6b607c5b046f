# trace.awk: says what each system call in a trace of strace(1) means. See
# trace.sh, which calls it with `name`, the server's, and two files:
#
#   marks   "N open TITLE" or "N closed TITLE": when this step was taken, the
#           trace had N lines, of which the last was not ended yet, or was
#   calls   strace's output, with process ids
#
# It prints a table for layout.awk, with tabs between:
#
#   name NAME
#   step TITLE
#   call CALL RESULT REMARK SHORT ID  of the process or thread that makes it
#   turn                              a wait that begins and need not sleep
#   who FD NAME                       what the descriptors are, at the end
#   process ID NAME                   if there is more than one: "child a"
#   asked CALLS EMPTY                 of a server that never sleeps: how many
#                                     calls, and how many found nothing
#
# In a step the rows of a process are together, and the process that woke first
# comes first. The real order of calls in two processes differs each time.

BEGIN {
  print "name\t" name
  title[at = 0] = "the server starts"
}

# --- Reading strace ----------------------------------------------------------

# The number after `text`, as in "u32=5".
function number_after(string, text,    at) {
  at = index(string, text)
  return at ? substr(string, at + length(text)) + 0 : ""
}

# strace writes epoll's data as {u32=5, u64=5}, or newer ones as 0x5. In its
# lower half is the descriptor.
function from_hex(digits,    i, value) {
  if (length(digits) > 8)
    digits = substr(digits, length(digits) - 7)
  for (i = 1; i <= length(digits); i++)
    value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
  return value
}

function epoll_data(event) {
  if (index(event, "u32="))
    return number_after(event, "u32=")
  if (match(event, /data=0x[0-9a-f]+/))
    return from_hex(substr(event, RSTART + 7, RLENGTH - 7))
  return number_after(event, "data=")
}

# Every "fd=N" in a list of poll's: "5 3 6".
function poll_list(string,    list) {
  while (match(string, /fd=[0-9]+/)) {
    list = list (list == "" ? "" : " ") substr(string, RSTART + 3, RLENGTH - 3)
    string = substr(string, RSTART + RLENGTH)
  }
  return list
}

# The text in the first [brackets].
function brackets(string) {
  return match(string, /\[[^]]*\]/) ? substr(string, RSTART + 1, RLENGTH - 2) : ""
}

# Splits a call into verb (as its man page calls it), fd, arguments, result.
function parse(line,    at) {
  verb = line
  sub(/\(.*/, "", verb)
  arguments = substr(line, length(verb) + 2)
  at = 0
  while (match(substr(arguments, at + 1), /\) += /))
    at += RSTART
  result = ""
  if (at) {
    result = substr(arguments, at)
    sub(/^\) += /, "", result)
    arguments = substr(arguments, 1, at - 1)
  }
  fd = arguments + 0
  if (verb ~ /select/)
    verb = arguments ~ /sigmask=/ ? "pselect" : "select"
  else if (verb ~ /^epoll_p?wait/) verb = "epoll_wait"
  else if (verb ~ /^p?poll/) verb = "poll"
  else if (verb ~ /^recv/ || verb == "read" && named(fd) ~ /^client/)
    verb = "recv"
  else if (verb ~ /^accept/) verb = "accept"
  else if (verb ~ /^(clone|v?fork)/) verb = "fork"
  else if (verb ~ /^rt_sigtimedwait/) verb = "sigtimedwait"
  else if (verb ~ /^fcntl/) verb = "fcntl"
  else if (verb ~ /^exit/) verb = "exit"
}

function waits() {
  return verb ~ /^(p?select|poll|epoll_wait|io_uring_enter)$/ || \
    verb == "sigtimedwait" && arguments ~ /NULL, 8$/ || \
    verb == "accept" && accept_sleeps || verb == "recv" && !(named(fd) in asks)
}

# --- Who is who --------------------------------------------------------------

# Each process has its own descriptors; threads share theirs. The name of 6 in
# the process p is names[space[p], 6].
function named(fd) {
  return ((space[pid], fd) in names) ? names[space[pid], fd] : ""
}

function who(fd) {
  return named(fd) == "" ? "descriptor " fd : named(fd)
}

# The number of a closed descriptor is used again: the legend has both owners.
function name_again(fd, text) {
  if (named(fd) != "")
    before[space[pid], fd] = before[space[pid], fd] named(fd) ", then "
  names[space[pid], fd] = text
}

# Descriptors that our servers watch and that have no other name.
function name_watched(fd, text) {
  if (named(fd) == "" && name != "yours")
    names[space[pid], fd] = text
}

# A process or thread is named after the client that was accepted last.
function adopt(child, parent, thread,    i) {
  if (child in space)
    return
  kind[child] = thread ? "thread" : "process"
  called[child] = (thread ? "thread " : "child ") (last_client == "" || \
    (last_client in served) ? ++nameless : last_client)
  known[++processes] = child
  served[last_client]
  space[child] = thread ? space[parent] : child
  for (i = 0; i < 200 && !thread; i++)
    if ((space[parent], i) in names) {
      names[child, i] = names[space[parent], i]
      copies[names[child, i]]++
    }
}

# All descriptors of a process are closed when it ends.
function forget_copies(    i) {
  for (i = 0; i < 200 && kind[pid] == "process"; i++)
    if (copies[named(i)] > 0)
      copies[named(i)]--
}

# --- Rows --------------------------------------------------------------------

# Rows are collected until the step is over.
function put(line) {
  if (!(pid in rows))
    order[++ordered] = pid
  if (!(pid in acted)) {
    acted[pid]
    actors++
    last_kind = kind[pid]
  }
  rows[pid] = rows[pid] line "\n"
}

function row(call, shown_result, remark, short) {
  if (remark == "" && short == "")
    return
  put("call\t" call "\t" shown_result "\t" remark "\t" short "\t" pid)
}

# If a server finds nothing again and again, the first round is shown and the
# others are counted.
function end_run() {
  if (repeats[pid] > 0)
    row("...", "", "and so on: " repeats[pid] " more that found nothing",
      repeats[pid] " more, nothing")
  repeats[pid] = 0
}

function found_nothing() {
  empty++
  if ((pid, verb, fd) in run) {
    if (++repeats[pid] > 50)
      spins = 1
    return 1
  }
  run[pid, verb, fd]
  in_run[pid] = 1
  return 0
}

function leave_run() {
  if (!in_run[pid])
    return
  end_run()
  split("", run)
  in_run[pid] = 0
}

# Prints the step that is over. `last`: nothing follows.
function flush_step(last,    i) {
  for (i = 1; i <= processes; i++) {
    pid = known[i]
    end_run()
    if ((pid in opened) && !slept[pid] && (last || !(pid in returned_at_once)))
      sleeps()
  }
  print "step\t" title[at]
  if (ordered == 0)
    nothing_happens()
  for (i = 1; i <= ordered; i++) {
    if (i > 1)
      print "turn"
    printf "%s", rows[order[i]]
  }
  split("", rows)
  ordered = 0
}

# A call that waits, when it has to sleep.
function sleeps(    what) {
  parse(opened[pid])
  if ((pid, verb, fd) in run)
    return # it has found nothing before, and returned
  slept[pid] = 1
  if (verb == "accept") {
    what = "no client"
    accept_sleeps = 1
  } else if (verb == "recv") what = "nothing to read"
  else if (verb == "sigtimedwait") what = "no signal"
  else if (verb == "io_uring_enter") what = "nothing is done yet"
  else if (verb ~ /^wait/) what = "no child has ended"
  else if (verb ~ /select|poll|epoll_wait/) what = "nothing ready"
  else return
  row(shown(), "...", what ": the " kind[pid] " sleeps here",
    (what == "nothing to read" ? "nothing there" : \
    what == "nothing is done yet" ? "nothing done" : what) ": sleeps")
}

# A step that the server does not notice.
function nothing_happens() {
  if (actors > 1) {
    print "call\t\t\tnothing happens: all of them sleep\tnothing: all sleep\t"
    return
  }
  pid = known[1]
  parse(opened[pid])
  print "call\t\t\tnothing happens: it sleeps in " verb \
    (verb ~ /accept|recv/ ? ", for " who(fd) : "") "\tnothing: it waits" \
    (verb ~ /accept|recv/ ? " for " substr(who(fd), 8) : "") "\t" pid
}

# --- What a call means -------------------------------------------------------

# The call as it is shown.
function shown() {
  if (verb ~ /select/) return verb "([" watched(brackets(arguments)) "])"
  if (verb == "poll") return "poll([" watched(poll_list(arguments)) "])"
  if (verb == "epoll_ctl") return epoll_ctl_shown()
  if (verb ~ /^(epoll_create1?|sigtimedwait|fork|exit)$/) return verb "()"
  if (verb ~ /^wait/) return verb "()"
  return verb "(" fd ")"
}

# Names the descriptors that the first wait watches.
function watched(list,    i, n, part) {
  n = split(list, part, " ")
  for (i = 1; i <= n; i++)
    name_watched(part[i], "the stop pipe")
  return list
}

function epoll_ctl_shown(    part) {
  split(arguments, part, ", ")
  sub(/EPOLL_CTL_/, "", part[2])
  change = part[2]
  target = part[3] + 0
  name_watched(target, name == "kqueue" ? "a signal" : "the stop pipe")
  return "epoll_ctl(" fd ", " change ", " target ")"
}

# The descriptors that the wait found ready: "[5]".
function found(    list, event, n, i, one) {
  if (verb ~ /select/) return "[" brackets(result) "]"
  if (verb == "poll") return "[" poll_list(result) "]"
  n = split(arguments, event, "events=")
  for (i = 2; i <= n; i++) {
    one = epoll_data(event[i])
    list = list (list == "" ? "" : " ") (named(one) == "" ? "?" : one)
  }
  return "[" list "]"
}

function ready_names(list,    part, n, i, text) {
  gsub(/[][]/, "", list)
  n = split(list, part, " ")
  for (i = 1; i <= n; i++)
    text = text (i == 1 ? "" : " and ") \
      (part[i] == "?" ? "something" : who(part[i]))
  return text
}

function ready_returns(woken,    list) {
  list = found()
  if (list == "[]")
    row(shown(), "= " result + 0, "nothing is ready, and it does not wait",
      "nothing is ready")
  else
    row(woken ? "... " verb : shown(), "= " list,
      (woken ? "woken: " : "") ready_names(list) " " \
      (list ~ / / ? "are" : "is") " ready", ready_names(list) " is ready")
}

# A new client: it is named by the next letter.
function new_client(fd) {
  last_client = substr("abcdefgh", ++clients, 1)
  name_again(fd, "client " last_client)
  if (arguments ~ /SOCK_NONBLOCK/)
    asks["client " last_client]
}

function accept_returns(woken,    call) {
  call = woken ? "... accept" : shown()
  if (result ~ /^[0-9]/) {
    new_client(result + 0)
    row(call, "= " result + 0, (woken ? "woken: " : "") \
      (accept_sleeps && !woken ? who(result + 0) " was waiting in the backlog" : \
      "the kernel returns " who(result + 0)), "here is " who(result + 0))
  } else if (!clients)
    row(call, "= EAGAIN", "tried first: there is no client yet", "no client yet")
  else
    row(call, "= EAGAIN", "no other client waits", "no other client")
}

function recv_returns(woken,    call, data) {
  call = woken ? "... " verb : shown()
  if (result ~ /^-1 EAGAIN/)
    row(call, "= EAGAIN", received[who(fd)] ? "nothing more now" : \
      "tried first: nothing there yet", received[who(fd)] ? \
      "nothing more now" : "nothing there yet")
  else if (result + 0 == 0)
    row(call, "= 0", "the end: " who(fd) " closed its side",
      who(fd) " closed")
  else {
    data = arguments
    sub(/^[0-9]+, /, "", data)
    sub(/", .*/, "\"", data)
    row(call, "= " result + 0, result + 0 " bytes" \
      (woken ? ": woken by " who(fd) : " that were already there") ": " data,
      result + 0 " bytes: " data)
  }
  received[who(fd)] = 1
}

# The printed text, at most `room` characters, without the addresses, which
# differ each time.
function printed(room,    text, lines) {
  text = arguments
  sub(/^[0-9]+, "/, "", text)
  sub(/", [0-9]+$/, "", text)
  lines = gsub(/\\n/, "\n", text)
  if (text == "\n")
    return "ends the line"
  sub(/\n$/, "", text)
  sub(/: [^ \n]*:[0-9]+$/, "", text)
  if (lines <= 1 && length(text) + 9 <= room)
    return "prints \"" text "\""
  return "prints " lines (lines == 1 ? " line" : " lines") \
    (room > 30 ? " in one go" : "")
}

function explain_write() {
  if (fd == -1)
    explain_ring()
  else if (fd == 1 || fd == 2)
    row(verb "(" fd ")", "= " result + 0, printed(40), printed(22))
  else if (named(fd) ~ /^client/)
    row(verb "(" fd ")", "= " result + 0, "sends so many bytes to " who(fd),
      "sends to " who(fd))
}

# A line from completions.c: "asks recv 6" or "done recv 6 4".
function explain_ring(    part, call, target) {
  sub(/^[^"]*"/, "", arguments)
  sub(/".*/, "", arguments)
  split(arguments, part, " ")
  target = part[3] + 0
  call = part[1] " " part[2] (target < 0 ? "" : "(" target ")")
  name_watched(target, "the stop pipe")
  if (part[1] == "asks")
    explain_request(call, part[2], target)
  else
    explain_completion(call, part[2], target, part[4] + 0)
}

function explain_request(call, verb, target,    what) {
  if (verb == "accept") what = "accept every client that comes"
  else if (verb == "recv") what = "receive all that " who(target) " sends"
  else if (verb == "poll") what = named(target) ~ /^client/ ? \
    "say when " who(target) " hangs up" : "watch " who(target)
  else what = verb
  row(call, "", what, "a request")
}

function explain_completion(call, verb, target, size) {
  if (size < 0)
    row(call, "", "over: it was cancelled, or failed", "over")
  else if (verb == "accept") {
    new_client(size)
    row(call, "= " size, "the kernel has accepted " who(size),
      "here is " who(size))
  } else if (verb == "recv" && size > 0)
    row(call, "= " size, size " bytes of " who(target) \
      " are in memory already", size " bytes are there")
  else if (verb == "recv")
    row(call, "= 0", "the end: " who(target) " closed its side",
      who(target) " closed")
  else if (verb == "poll")
    row(call, "", who(target) (named(target) ~ /^client/ ? \
      " hangs up" : " has something"), who(target) " hangs up")
}

function explain_enter(woken,    handed) {
  handed = arguments
  sub(/^[0-9]+, /, "", handed)
  handed += 0
  if (woken)
    row("... io_uring_enter", "= " result + 0, "woken: something is done" \
      (told_rings ? "" : ", which strace cannot see"), "something is done")
  else
    row(shown(), "= " result + 0, "requests submitted: " handed,
      "requests: " handed)
}

function explain_epoll_ctl(    call) {
  call = shown()
  if (change == "DEL")
    off_list[target] = 1
  else
    delete off_list[target]
  if (change == "ADD")
    row(call, "= 0", "watch " who(target) " from now on", "watch " who(target))
  else
    row(call, "= 0", change == "DEL" ? "watch " who(target) " no longer" : \
      "watch " who(target) " for something else", change " " who(target))
}

function explain_close(    was) {
  was = named(fd)
  if (was == "" || result !~ /^0/)
    return
  if (copies[was] > 0) {
    copies[was]--
    row(shown(), "= 0", "its own copy of " was ": the other stays open",
      "its copy of " was)
  } else
    row(shown(), "= 0", was " is closed" \
      (epoll_used && !(fd in off_list) ? ", and off the kernel's list" : ""),
      was " is closed")
}

function explain_fork(    child) {
  child = result + 0
  adopt(child, pid, arguments ~ /CLONE_THREAD/)
  if (!listening)
    return
  if (kind[child] == "thread")
    row(verb == "fork" ? "clone()" : shown(), "= " called[child],
      "a thread, with the same memory and descriptors", "a thread begins")
  else
    row("fork()", "= " called[child],
      "a second process, with a copy of every descriptor", "a process begins")
}

# Only the signals and locks of fcntl are shown; of nested locks only the
# outermost.
function explain_fcntl(    call) {
  call = arguments
  sub(/^[^,]*, /, "", call)
  sub(/,.*/, "", call)
  call = "fcntl(" fd ", " call ")"
  if (arguments ~ /F_SETLKW?.*F_WRLCK/ && !locks[pid]++)
    row(call, "= 0", "takes the lock: only it prints now", "takes the lock")
  else if (arguments ~ /F_SETLK.*F_UNLCK/ && !--locks[pid])
    row(call, "= 0", "gives the lock back", "gives it back")
  else if (arguments ~ /F_SETOWN/) {
    name_watched(fd, "the stop pipe")
    row(call, "= 0", "its signals come here: those of " who(fd),
      "signals come here")
  } else if (arguments ~ /F_SETSIG/)
    row(call, "= 0", "signals that queue up and name the descriptor",
      "queued, with its number")
  else if (arguments ~ /F_SETFL.*ASYNC/) {
    async[fd]
    row(call, "= 0", "O_ASYNC: a signal whenever something happens",
      "signals from now on")
  } else if (arguments ~ /F_SETFL/ && fd in async) {
    delete async[fd]
    row(call, "= 0", "no more signals about " who(fd), "no more signals")
  }
}

function explain_sigtimedwait(woken,    number) {
  number = number_after(arguments, "si_fd=")
  if (number == "")
    number = number_after(arguments, "si_int=")
  if (result ~ /EAGAIN/)
    row(shown(), "= EAGAIN", "no other signal is queued", "no other signal")
  else if (result ~ /SIGIO/)
    row(shown(), "= SIGIO", "the queue was full: signals were lost", "lost some")
  else
    row(woken ? "... " verb : shown(), "= [" number "]",
      arguments ~ /SI_QUEUE/ ? "its own signal: ask " who(number) : \
      (woken ? "woken: " : "") "a signal: something happened to " who(number),
      (arguments ~ /SI_QUEUE/ ? "its own: " : "a signal: ") who(number))
}

function explain_wait(woken) {
  if (result + 0 > 0)
    row(woken ? "... " verb : shown(), "= " called[result + 0],
      "it has ended, and is no longer a zombie", called[result + 0] " is gone")
  else if (result ~ /ECHILD/)
    row(shown(), "= ECHILD", "there are no children", "no children")
  else
    row(shown(), "= 0", "no other child has ended", "no other has ended")
}

function explain_exit() {
  row("exit()", "", kind[pid] == "thread" ? called[pid] " ends" : \
    called[pid] " ends: a zombie until its parent asks", called[pid] " ends")
  forget_copies()
}

# A wait that a signal has ended.
function interrupted() {
  return result ~ /^\? ERESTART/ || result ~ /^-1 EINTR/
}

# A call that has returned. `woken`: after it slept.
function explain(woken) {
  if (interrupted())
    row(woken ? "... " verb : shown(), "= EINTR",
      woken ? "woken: by a signal" : "a signal came", "a signal came")
  else if (verb == "listen") {
    names[space[pid], fd] = "the listener"
    row(shown(), "= 0", "from now on clients can connect", "clients can come")
  } else if (verb == "accept")
    accept_returns(woken)
  else if (verb == "recv")
    recv_returns(woken)
  else if (verb ~ /^p?select$|^poll$|^epoll_wait$/)
    ready_returns(woken)
  else if (verb == "epoll_ctl")
    explain_epoll_ctl()
  else if (verb ~ /^epoll_create/) {
    name_again(result + 0, "the epoll instance")
    row(shown(), "= " result + 0, "an empty list, kept by the kernel",
      "a list in the kernel")
  } else if (verb ~ /^writev?$|^send/)
    explain_write()
  else if (verb == "close")
    explain_close()
  else
    explain_more(woken)
}

function explain_more(woken) {
  if (verb == "fork")
    explain_fork()
  else if (verb == "fcntl")
    explain_fcntl()
  else if (verb == "sigtimedwait")
    explain_sigtimedwait(woken)
  else if (verb == "rt_sigqueueinfo")
    row("sigqueue()", "= 0", "a signal to itself: ask " \
      who(number_after(arguments, "si_int=")) " once", "a signal to itself")
  else if (verb ~ /^wait/)
    explain_wait(woken)
  else if (verb == "io_uring_setup") {
    name_again(result + 0, "the ring")
    row("io_uring_setup()", "= " result + 0, "two queues, shared with the kernel",
      "two queues")
  } else if (verb == "io_uring_register")
    row(shown(), "= 0", "memory for what will be received", "memory to receive")
  else if (verb == "io_uring_enter")
    explain_enter(woken)
}

# --- The trace, line by line -------------------------------------------------

function know(id) {
  if (id in seen)
    return
  seen[id]
  if (!processes) {
    known[++processes] = id
    space[id] = id
    kind[id] = "process"
  } else
    adopt(id, forking, forking_text ~ /CLONE_THREAD/)
}

# From the calls before listen only two names are kept.
function note_early() {
  if (verb == "io_uring_setup" && result ~ /^[0-9]/)
    names[space[pid], result + 0] = "the ring"
  else if (verb ~ /^epoll_create/ && result ~ /^[0-9]/)
    names[space[pid], result + 0] = "the epoll instance"
}

# A call begins, and may sleep.
function begins(text) {
  if (text ~ /^(clone|v?fork)/) {
    forking = pid
    forking_text = text
  }
  opened[pid] = text
  slept[pid] = 0
}

# It returns.
function ends(text,    woken) {
  parse(text)
  woken = slept[pid]
  delete opened[pid]
  slept[pid] = 0
  if (verb == "listen" && !listening) {
    listening = 1
    nameless = 0
    root = space[pid]
    first = pid
  }
  if (verb == "fork" && !listening && result + 0 > 0)
    explain_fork()
  if (!listening) {
    note_early()
    return
  }
  calls++
  if (verb ~ /^epoll_wait/)
    epoll_used = 1
  if (fd == -1 && verb == "write")
    told_rings = 1
  if ((verb == "accept" || verb == "recv") && result ~ /EAGAIN/ && !woken) {
    if (found_nothing())
      return
  } else
    leave_run()
  if (waits() && !woken)
    put("turn")
  if (verb == "exit")
    explain_exit()
  else
    explain(woken)
}

# The marks.
FNR == NR {
  text = $0
  sub(/^[0-9]+ [a-z]+ /, "", text)
  title[++steps] = text
  mark[steps] = $1
  is_open[steps] = $2 == "open"
  next
}

# A mark after the last line, or within it, if its call sleeps.
function pass_marks(before_line) {
  while (at < steps && mark[at + 1] < before_line) {
    flush_step(0)
    at++
  }
}

{
  pass_marks(FNR)
  pid = $1
  know(pid)
  text = substr($0, length($1) + 2)
  sub(/^ +/, "", text)
}

# The signals.
text ~ /^---/ {
  if (listening)
    row("SIGCHLD", "", "the signal: a child has ended", "a child has ended")
  next
}

text ~ /<unfinished \.\.\.>$/ {
  sub(/ <unfinished \.\.\.>$/, "", text)
  begins(text)
  next
}

text ~ /^<\.\.\. / {
  sub(/^<\.\.\. [^>]* resumed>/, "", text)
  ends(opened[pid] text)
  next
}

# The line that was incomplete when a step was taken.
{
  if (at < steps && mark[at + 1] == FNR && is_open[at + 1]) {
    begins(text)
    if (text ~ /= -1 EAGAIN/)
      returned_at_once[pid]
    while (at < steps && mark[at + 1] == FNR && is_open[at + 1]) {
      flush_step(0)
      at++
    }
    delete returned_at_once[pid]
    pid = $1
  }
  if (text !~ /\) += / && text !~ /^exit/)
    begins(text)
  else
    ends(text)
}

END {
  while (at < steps) {
    flush_step(0)
    at++
  }
  flush_step(1)
  print_legend()
  if (spins)
    print "asked\t" calls "\t" empty
}

# Signals that are watched one by one share an entry in the legend.
function print_legend(    i, signals) {
  called[first] = last_kind == "thread" ? "main" : "parent"
  for (i = 0; i < 200; i++)
    if (names[root, i] == "a signal")
      signals = signals (signals == "" ? "" : " ") i
  if (signals != "")
    print "who\t" signals "\tsignals"
  for (i = 0; i < 200; i++)
    if (names[root, i] != "" && names[root, i] != "a signal")
      print "who\t" i "\t" before[root, i] names[root, i]
  for (i = 1; actors > 1 && i <= processes; i++)
    if (known[i] in acted)
      print "process\t" known[i] "\t" called[known[i]]
}
