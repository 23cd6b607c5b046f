# trace.awk: says what each system call in a trace of strace(1) means. See
# trace.sh, which calls it with `name`, the server's, and two files:
#
#   marks   "N TITLE": when this step was taken, the server slept in its Nth
#           call
#   calls   strace's output, without process ids
#
# It prints a table for layout.awk, with tabs between:
#
#   name NAME
#   step TITLE
#   call CALL RESULT REMARK SHORT
#   turn                              a wait that begins and need not sleep
#   who FD NAME                       what the descriptors are, at the end

BEGIN {
  blocking = name ~ /^blocking/
  print "name\t" name
  print "step\tthe server starts"
}

# The number behind `text`, as in "u32=5".
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

# What stands in the first [brackets].
function brackets(string) {
  return match(string, /\[[^]]*\]/) ? substr(string, RSTART + 1, RLENGTH - 2) : ""
}

# Splits the line into verb (as its man page calls it), fd, arguments, result.
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
  if (verb ~ /select/) verb = "select"
  else if (verb ~ /^epoll_p?wait/) verb = "epoll_wait"
  else if (verb ~ /^p?poll/) verb = "poll"
  else if (verb ~ /^recv/) verb = "recv"
  else if (verb ~ /^accept/) verb = "accept"
}

function waits() {
  return verb == "select" || verb == "poll" || verb == "epoll_wait" || \
    blocking && (verb == "accept" || verb == "recv")
}

function who(fd) {
  if (fd in names)
    return names[fd]
  return "descriptor " fd
}

# A closed descriptor's number comes back: the legend has both its owners.
function name_again(fd, text) {
  if (fd in names)
    before[fd] = before[fd] names[fd] ", then "
  names[fd] = text
}

# The call as it is shown.
function shown() {
  if (verb == "select") return "select([" watched(brackets(arguments)) "])"
  if (verb == "poll") return "poll([" watched(poll_list(arguments)) "])"
  if (verb == "epoll_ctl") return epoll_ctl_shown()
  if (verb == "epoll_create1" || verb == "epoll_create") return verb "()"
  return verb "(" fd ")"
}

# Names what the first wait is told to watch.
function watched(list,    i, n, part) {
  n = split(list, part, " ")
  for (i = 1; i <= n; i++)
    if (!(part[i] in names))
      names[part[i]] = "the stop pipe"
  return list
}

function epoll_ctl_shown(    part) {
  split(arguments, part, ", ")
  sub(/EPOLL_CTL_/, "", part[2])
  change = part[2]
  target = part[3] + 0
  if (!(target in names))
    names[target] = name == "kqueue" ? "a signal" : "the stop pipe"
  return "epoll_ctl(" fd ", " change ", " target ")"
}

# What the wait found ready: "[5]".
function found(    list, event, n, i) {
  if (verb == "select") return "[" brackets(result) "]"
  if (verb == "poll") return "[" poll_list(result) "]"
  n = split(arguments, event, "events=")
  for (i = 2; i <= n; i++)
    list = list (list == "" ? "" : " ") epoll_data(event[i])
  return "[" list "]"
}

function ready_names(list,    part, n, i, text) {
  gsub(/[][]/, "", list)
  n = split(list, part, " ")
  for (i = 1; i <= n; i++)
    text = text (i == 1 ? "" : " and ") who(part[i])
  return text
}

function row(call, shown_result, remark, short) {
  print "call\t" call "\t" shown_result "\t" remark "\t" short
}

# A call that waits, at the moment when it has to sleep.
function sleeps() {
  if (verb == "accept")
    row(shown(), "...", "no client: the process sleeps here", "no client: sleeps")
  else if (verb == "recv")
    row(shown(), "...", "nothing to read: the process sleeps here",
      "nothing there: sleeps")
  else
    row(shown(), "...", "nothing ready: the process sleeps here",
      "nothing ready: sleeps")
}

# A step that the server does not notice.
function nothing_happens() {
  row("", "", "nothing happens: it sleeps in " verb ", for " who(fd),
    "nothing: it waits for " substr(who(fd), 8))
}

function ready_returns(woken,    list) {
  list = found()
  row(woken ? "... " verb : shown(), "= " list,
    (woken ? "woken: " : "") ready_names(list) " " \
    (list ~ / / ? "are" : "is") " ready", ready_names(list) " is ready")
}

function accept_returns(woken,    call) {
  call = woken ? "... accept" : shown()
  if (result ~ /^[0-9]/) {
    name_again(result + 0, "client " substr("abcdefgh", ++clients, 1))
    row(call, "= " result + 0, (woken ? "woken: " : "") \
      (blocking && !woken ? who(result + 0) " was waiting in the backlog" : \
      "the kernel hands over " who(result + 0)), "here is " who(result + 0))
  } else if (!clients)
    row(call, "= EAGAIN", "tried first: nobody there yet", "nobody there yet")
  else
    row(call, "= EAGAIN", "nobody else waits", "nobody else")
}

function recv_returns(woken,    call, data) {
  call = woken ? "... recv" : shown()
  if (result ~ /^-1 EAGAIN/)
    row(call, "= EAGAIN", received[fd]++ ? "nothing more now" : \
      "tried first: nothing there yet", received[fd] > 1 ? "nothing more now" : \
      "nothing there yet")
  else if (result + 0 == 0)
    row(call, "= 0", "the end: " who(fd) " closed its side",
      who(fd) " closed")
  else {
    received[fd]++
    data = arguments
    sub(/^[0-9]+, /, "", data)
    sub(/", .*/, "\"", data)
    row(call, "= " result + 0, result + 0 " bytes" \
      (woken ? ": woken by " who(fd) : " that were already there") ": " data,
      result + 0 " bytes: " data)
  }
}

# What is printed, without the addresses: they differ each time. No longer than
# `room`.
function printed(room,    text, lines) {
  text = arguments
  sub(/^[0-9]+, "/, "", text)
  sub(/", [0-9]+$/, "", text)
  lines = gsub(/\\n/, "\n", text)
  sub(/\n$/, "", text)
  sub(/: [^ \n]*:[0-9]+$/, "", text)
  if (lines == 1 && length(text) + 9 <= room)
    return "prints \"" text "\""
  return "prints " lines (lines == 1 ? " line" : " lines") \
    (room > 30 ? " in one go" : "")
}

function explain_getsockopt() {
  if (arguments ~ /ACCEPTCONN/)
    row(shown(), "= 0", "a listener or a client?", "which kind is it?")
  else
    row(shown(), "= 0", "for kevent's data: how many clients wait?",
      "how many clients?")
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

# A call that has returned. `woken`: after it slept.
function explain(woken) {
  if (verb == "listen") {
    names[fd] = "the listener"
    row(shown(), "= 0", "from now on clients can connect", "clients can come")
  } else if (verb == "accept")
    accept_returns(woken)
  else if (verb == "recv")
    recv_returns(woken)
  else if (verb == "select" || verb == "poll" || verb == "epoll_wait")
    ready_returns(woken)
  else if (verb == "epoll_ctl")
    explain_epoll_ctl()
  else if (verb ~ /^epoll_create/) {
    names[result + 0] = "the epoll instance"
    row(shown(), "= " result + 0, "an empty list, kept by the kernel",
      "a list in the kernel")
  } else if (verb == "write" || verb == "writev")
    row(verb "(" fd ")", "= " result + 0, printed(40), printed(22))
  else if (verb == "close")
    row(shown(), "= 0", who(fd) " is closed" \
      (epoll_used && !(fd in off_list) ? ", and off the kernel's list" : ""),
      who(fd) " is closed")
  else if (verb == "ioctl")
    row(shown(), "= 0", "for kevent's data: how many bytes are there?",
      "how many bytes?")
  else if (verb == "getsockopt")
    explain_getsockopt()
  else
    row(shown(), "= " result, "", "")
}

# The marks.
FNR == NR {
  title = $0
  sub(/^[0-9]+ /, "", title)
  steps_at[$1, ++steps[$1]] = title
  next
}

# The calls. What comes before listen is left out.
/^listen\(/ { listening = 1 }
!listening { next }
/^epoll_wait|^epoll_pwait/ { epoll_used = 1 }

FNR in steps {
  parse($0)
  sleeps()
  for (i = 1; i <= steps[FNR]; i++) {
    print "step\t" steps_at[FNR, i]
    if (i < steps[FNR])
      nothing_happens()
  }
  explain(1)
  next
}

{
  parse($0)
  if (result == "") {
    sleeps()
    next
  }
  if (waits())
    print "turn"
  explain(0)
}

# Signals that are watched one by one share a place in the legend.
END {
  for (i = 0; i < 100; i++)
    if (names[i] == "a signal")
      signals = signals (signals == "" ? "" : " ") i
  if (signals != "")
    print "who\t" signals "\tsignals"
  for (i = 0; i < 100; i++)
    if (names[i] != "" && names[i] != "a signal")
      print "who\t" i "\t" before[i] names[i]
}
