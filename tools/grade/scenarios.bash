# scenarios.bash: the stages of a server, in the order in which it grows, and their
# scenarios. grade.sh reads it; each scenario is a function that uses its words:
# asks, start, client, next, line, text, often. A name that ends in _both is about
# clients that are served at the same time.
#
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # grade.sh has and uses the variables

stages() {
  printf '%s\n' listens client leaves next both hurt text stop pressure
}

title_of_stage() {
  case $1 in
  listens) echo 'it listens' ;;
  client) echo 'one client' ;;
  leaves) echo 'the client leaves' ;;
  next) echo 'the next client' ;;
  both) echo 'two at once' ;;
  hurt) echo 'nobody is hurt' ;;
  text) echo 'text' ;;
  stop) echo 'stopping' ;;
  pressure) echo 'under pressure' ;;
  esac
}

# scenarios_of STAGE: its functions, in the order of this file.
scenarios_of() {
  sed -n "s/^\\($1_[a-z0-9_]*\\)() {.*/\\1/p" "${BASH_SOURCE[0]}"
}

# title_of FUNCTION: what it says about itself.
title_of() {
  sed -n "s/^$1() { # //p" "${BASH_SOURCE[0]}"
}

# --- 1: it listens ----------------------------------------------------------------

listens_first_line() { # its first line says where it listens
  asks Messages 'The first line is "Listening on: ADDRESS:PORT". With --port 0 the kernel picks a free port, and the line names it.'
  if_ended 'the server has to take the option --port and to go on: see what it says on standard error'
  wanted='Listening on: ADDRESS:PORT'
  literal=yes
  shown_port=0
  if start; then return 0; fi
  case $(sed 1q "$work/out") in
  '') often 'standard output is a pipe or a file here, and most languages keep lines back then: print(..., flush=True), fflush(stdout), setvbuf' ;;
  'Listening on: '*:0)
    wanted=$(sed -n '1s/0$//p' "$work/out")40312
    often 'the port that the kernel has picked can be asked for after bind: getsockname; in Node server.address(), in asyncio sockets[0].getsockname(); a script that starts another program may have to look for a free port itself'
    ;;
  *) often 'the first line has to be in these words, to the letter' ;;
  esac
  return 1
}

listens_given_port() { # it listens on the port that --port names
  asks Options '--port PORT: 0 to 65535.'
  often 'the program has a port of its own: it has to take the one behind --port on the command line (sys.argv, process.argv, argv)'
  if_ended 'the program has a port of its own, which another program has; it has to take the one behind --port (sys.argv, process.argv, argv)'
  shown_port=$(free_port)
  wanted="Listening on: ADDRESS:$shown_port"
  literal=yes
  start '' "$shown_port" || return 1
  wanted=$(sed -n '1s/[0-9]*$//p' "$work/out")$shown_port
  [ "$port" = "$shown_port" ] || return 1
  client a connect
  wants 'a client that can connect'
  client_ok a
}

# free_port: one on which no server listens.
free_port() {
  local one

  while :; do
    one=$((20000 + RANDOM % 10000))
    # shellcheck disable=SC2188 # a redirection alone connects
    (: <"/dev/tcp/127.0.0.1/$one") 2>/dev/null || break
  done
  echo "$one"
}

# --- 2: one client ------------------------------------------------------------------

client_announced() { # it says who has connected
  asks Messages 'Connection from: ADDRESS:PORT, the address of the client. An IPv6 address stands in brackets.'
  often 'the address is what accept returns, as a tuple or in a struct sockaddr: the port is in network byte order there (ntohs); in Node it is remoteAddress and remotePort, in asyncio get_extra_info("peername")'
  start || return 1
  client a connect
  line "Connection from: $(address a)" && return
  [ "$(wc -l <"$work/out")" -gt 1 ] ||
    often 'the line is not printed, or it is kept in a buffer: standard output is a pipe or a file here (flush)'
  return 1
}

client_printed() { # it prints what the client sends, at once
  asks Data 'Each received chunk is printed. Output is written before every wait: a file or a pipe sees each line as soon as a terminal does.'
  often 'the text is printed only when the client leaves: recv returns what is there, and need not be called until the end first; or the text is kept in a buffer: flush it'
  start || return 1
  client a connect line 'send:hello\n'
  line "Connection from: $(address a)" || return 1
  next a
  line hello && return
  if grep -q "^b'hello\|<Buffer" "$work/out"; then
    often 'bytes are printed in the notation of the language, for programmers: decode them (data.decode(), data.toString())'
    if_ended "$hint"
  fi
  return 1
}

client_chunks() { # it prints each chunk, one after the other
  asks Data 'Each received chunk is printed.'
  often 'recv is called once for each client: it has to be called again until it returns 0'
  if_ended 'the program ends after one chunk: recv has to be called again until it returns 0'
  start || return 1
  client a connect 'send:one\n' line 'send:two\n' line 'send:three\n'
  line one || return 1
  next a
  line two || return 1
  next a
  line three
}

client_sizes() { # a chunk that just fills a buffer breaks nothing
  local size letters

  asks Data 'Each received chunk is printed, whatever its size.'
  often 'the text ends at the first zero byte, or where a buffer ends'
  if_ended 'buf[n] = 0 writes behind the buffer if n is its size; build with -g -fsanitize=address to see it'
  for size in 256 512 1024 2048 4096; do
    end_all
    : >"$work/did"
    start || return 1
    letters=$(printf "%0$((size - 1))d" 0)
    client a connect "send:$letters\\n" line 'send:after\n'
    text "$letters" || return 1
    next a
    line after && lives || return 1
  done
}

# --- 3: the client leaves --------------------------------------------------------------

leaves_reported() { # it says that the client has gone
  asks Messages 'Connection closed: ADDRESS:PORT, once recv has returned 0.'
  often 'recv returns 0, or an empty string, when the client has closed its side: that is the end, and no error'
  if_ended 'recv returns 0, or an empty string, when the client has closed its side: that is the end of this client, and not of the program'
  start || return 1
  client a connect 'send:bye\n' line half-close
  line bye || return 1
  next a
  line "Connection closed: $(address a)"
}

leaves_once() { # it says each thing once
  asks Messages 'For each client the order is fixed: Connection from, the data, Connection closed.'
  often 'a buffer of standard output that is not empty at fork is written by both processes: flush it before; or what ends the client is done twice'
  start || return 1
  client a connect line half-close
  line "Connection from: $(address a)" || return 1
  next a
  line "Connection closed: $(address a)" || return 1
  wants 'one line "Connection from", one line "Connection closed", no "Stopped."'
  [ "$(grep -c '^Connection from' "$work/out")" -eq 1 ] &&
    [ "$(grep -c '^Connection closed' "$work/out")" -eq 1 ] &&
    ! grep -q '^Stopped' "$work/out"
}

leaves_closed() { # it closes its side, too
  asks 'What it does' 'A client is served until it closes its side.'
  often 'the socket is not closed: close() it, and in Python leave no copy of it behind; with fork the parent has a copy'
  start || return 1
  client a connect half-close wait-eof
  wants 'the end of the connection, seen by the client'
  client_ok a
}

leaves_order() { # what it has sent is printed above that
  asks Messages 'For each client the order is fixed.'
  often 'what is printed goes through two buffers (print and write, stdout and stderr), or through two threads'
  start || return 1
  client a connect 'send:last words\n' line half-close
  line 'last words' || return 1
  next a
  line "Connection closed: $(address a)" || return 1
  wants '"Connection from", "last words", "Connection closed", in this order'
  [ "$(sed -n '/^Connection from/s/ .*//p; /^last words/p; /^Connection closed/s/ .*//p' \
    "$work/out" | tr '\n' ' ')" = 'Connection last words Connection ' ]
}

# --- 4: the next client -------------------------------------------------------------------

next_served() { # the next client is served as the first was
  asks 'What it does' 'The server listens until it is stopped.'
  often 'accept is called once: it has to stand in a loop'
  if_ended 'the program ends with its first client: accept has to stand in a loop; or the client that has left is still waited for (EBADF)'
  start || return 1
  client a connect 'send:first\n' line half-close
  line first || return 1
  next a
  line "Connection closed: $(address a)" || return 1
  client b connect 'send:second\n'
  line second
}

next_many() { # ten clients, one after the other
  local i

  asks 'What it does' 'The server listens until it is stopped.'
  start || return 1
  for i in 1 2 3 4 5 6 7 8 9 10; do
    client a connect "send:number $i\\n" line half-close
    line "number $i" || return 1
    next a
  done
}

next_in_backlog() { # a client that came while another was served is served, too
  asks 'What it does' 'The kernel keeps clients in the backlog until they are accepted.'
  often 'the backlog is too short: listen(fd, SOMAXCONN)'
  start || return 1
  client a connect 'send:first\n' line half-close
  client b connect 'send:waiting\n'
  line first || return 1
  next a
  line waiting
}

# --- 5: two at once ---------------------------------------------------------------------------

both_served_both() { # a second client is served while the first is silent
  asks Messages 'Servers for many clients are ready for the next client at once.'
  often 'the program sleeps in recv for one client and cannot be in accept: one call has to wait for both (select, poll, ...), or each client needs a thread or a process'
  start || return 1
  client a connect 'send:one\n'
  line one || return 1
  client b connect 'send:two\n'
  line two
}

both_in_turn_both() { # two clients that take turns
  asks Data 'Each received chunk is printed.'
  often 'after one recv of a client the program waits for that client alone; or only the newest client is on the list'
  start || return 1
  client a connect 'send:a1\n' line 'send:a2\n'
  line a1 || return 1
  client b connect 'send:b1\n' line 'send:b2\n'
  line b1 || return 1
  next a
  line a2 || return 1
  next b
  line b2
}

both_one_leaves_both() { # one leaves, the other stays
  asks 'What it does' 'A fault or the end of one client ends that client alone.'
  often 'the list of clients is changed while a loop goes over it, or the wrong entry is removed'
  if_ended 'a client that has left is still on the list of what is waited for (EBADF, a closed file)'
  start || return 1
  client a connect 'send:a1\n' line half-close
  line a1 || return 1
  client b connect 'send:b1\n' line 'send:b2\n'
  line b1 || return 1
  next a
  line "Connection closed: $(address a)" || return 1
  next b
  line b2
}

# --- 6: nobody is hurt ------------------------------------------------------------------------------

hurt_reset() { # a client that is reset ends that client alone
  asks Faults 'A client resets its connection: the server prints "Connection reset: ADDRESS" in place of "Connection closed: ADDRESS", and goes on.'
  often 'recv fails with ECONNRESET (in Python: ConnectionResetError), and errno is another by the time it is looked at; or the error is taken for an end'
  if_ended 'recv fails with ECONNRESET, and nothing catches that: in Python it is ConnectionResetError, in Node the event "error" of the socket'
  start || return 1
  client a connect 'send:a1\n' line reset
  line a1 || return 1
  next a
  client b connect 'send:still there\n'
  line 'still there' && line "Connection reset: $(address a)"
}

hurt_probe() { # ten that connect and close at once
  asks Faults 'A client connects and closes at once: the server prints its lines and goes on.'
  if_ended 'the address of a client that has gone cannot be had any more (getpeername, remoteAddress), or send fails, and nothing catches that'
  start || return 1
  client a connect:10 each:close
  client b connect 'send:still there\n'
  line 'still there'
}

hurt_stopped() { # stopped by Ctrl+Z and continued, it goes on
  asks Faults 'A signal interrupts a call (EINTR): the server goes on.'
  often 'the call that waits returns -1 with EINTR, which is taken for a failure'
  start || return 1
  client a connect 'send:one\n' line half-close
  line one || return 1
  freeze
  thaw
  next a
  line "Connection closed: $(address a)" && lives
}

hurt_early() { # what a client sends before it is accepted is printed, too
  asks Data 'Each received chunk is printed.'
  often 'the program waits for an event of the new client, but the data was there before it began to watch'
  start || return 1
  freeze
  client a connect 'send:early\n'
  thaw
  line early
}

hurt_backlog_reset() { # a client that is reset before it is accepted
  asks Faults 'A client connects and closes at once: the server goes on.'
  often 'what fails for such a client (getpeername, recv) is taken for a failure of the server'
  if_ended 'getpeername fails for such a client, and nothing catches that'
  start || return 1
  freeze
  client a connect 'send:lost\n' reset
  thaw
  client b connect 'send:still there\n'
  line 'still there'
}

hurt_together() { # data, the end and a reset of several clients in one go
  asks Faults 'A client sends and closes in one go: the server prints all of it, then "Connection closed".'
  often 'a hang-up is reported together with the data, and the program closes before it reads; or after a short chunk it does not ask again'
  start || return 1
  client a connect line fill:50000 close
  client b connect line 'send:short\n' close
  line "Connection from: $(address a)" || return 1
  [ "$CONCURRENT" = no ] || line "Connection from: $(address b)" || return 1
  freeze
  next a
  next b
  thaw
  line short && line "Connection closed: $(address a)" || return 1
  wants 'all of the 50,000 bytes'
  limit_wait printed_bytes 50000
}

hurt_number_both() { # a new client gets the descriptor of one that leaves
  asks Faults 'If a client leaves and a new one gets the same descriptor in the same round, the server never confuses the two.'
  often 'what is left of the old client (an event, an entry of a list, a pending change) is applied to the new one'
  start || return 1
  client a connect line close
  line "Connection from: $(address a)" || return 1
  freeze
  next a
  client b connect line 'send:new\n' line half-close
  thaw
  line "Connection from: $(address b)" || return 1
  next b
  line new || return 1
  next b
  line "Connection closed: $(address b)"
}

hurt_words_both() { # two clients that speak at the same moment
  asks Data 'Each received chunk is printed.'
  often 'both are received into the same buffer before one is printed; or after one that is ready the others are not looked at'
  start || return 1
  client a connect 'send:a1\n' line 'send:from a\n'
  client b connect 'send:b1\n' line 'send:from b\n'
  line a1 && line b1 || return 1
  freeze
  next a
  next b
  thaw
  line 'from b' && line 'from a'
}

hurt_fifty_both() { # fifty that connect at the same moment
  asks 'What it does' 'Each client is accepted.'
  often 'one accept for each event: where events tell of changes (edge-triggered), accept until EAGAIN'
  if_ended 'a list of clients has a fixed size'
  start || return 1
  freeze
  client a connect:50 line each:close
  thaw
  wants '"Connection from", fifty times'
  limit_wait printed_times 50 '^Connection from: '
}

printed_bytes() {
  [ "$(wc -c <"$work/out")" -ge "$1" ]
}

printed_times() {
  [ "$(grep -c "$2" "$work/out")" -ge "$1" ]
}

hurt_silent_both() { # a client that never says anything
  asks 'What it does' 'A silent client keeps no other waiting.'
  often 'the program reads from a new client before it goes back to the wait'
  start || return 1
  client a connect
  client b connect 'send:heard\n'
  line heard
}

# --- 7: text ---------------------------------------------------------------------------------------------

text_newline() { # a chunk without a newline gets one
  asks Data 'If a chunk has no newline at its end, one is added. No newline is removed.'
  start || return 1
  client a connect 'send:no newline' line half-close
  text 'no newline' || return 1
  next a
  line "Connection closed: $(address a)" || return 1
  wanted='no newline'
  literal=yes
  grep -Fxq 'no newline' "$work/out"
}

text_one_newline() { # a chunk with a newline gets no second one
  asks Data 'If a chunk has no newline at its end, one is added. No newline is removed.'
  often 'print adds a newline: print(text, end="")'
  start || return 1
  client a connect 'send:one line\n' line half-close
  text 'one line' || return 1
  next a
  line "Connection closed: $(address a)" || return 1
  wants 'no empty line below "one line"'
  ! grep -q '^$' "$work/out"
}

text_utf8() { # letters of other languages pass
  asks Data 'Valid UTF-8 passes.'
  start || return 1
  client a connect 'send:caf\xc3\xa9\n'
  line "$(printf 'caf\303\251')"
}

text_split() { # a character that two chunks cut in two
  asks Data 'A character that two chunks cut in two is printed whole, with the second.'
  often 'each chunk is decoded by itself: a decoder has to keep what is incomplete (codecs.getincrementaldecoder)'
  start || return 1
  client a connect 'send:caf\xc3' line 'send:\xa9 good\n'
  text caf || return 1
  next a
  text "$(printf '\303\251 good')"
}

text_control() { # control characters cannot reach the terminal
  asks Data 'Each byte of a control character is written as \xNN.'
  start || return 1
  client a connect 'send:\x1b[31mred\n'
  line '\x1b[31mred'
}

text_c1() { # control characters of eight bits cannot, either
  asks Data 'Each byte of a control character (C0, DEL, C1) is written as \xNN.'
  often 'U+0080 to U+009F are control characters, too: \xc2\x9b begins a sequence for the terminal as ESC [ does'
  start || return 1
  client a connect 'send:\xc2\x9b31m\n'
  line '\xc2\x9b31m'
}

text_two_halves_both() { # the halves of two clients are not put together
  asks Data 'A character that two chunks cut in two is printed whole, with the second.'
  often 'what is incomplete is kept in one place for all clients'
  start || return 1
  client a connect 'send:\xc3' line half-close
  client b connect 'send:\xa9\n'
  line '\xa9'
}

text_invalid() { # bytes that are no UTF-8
  asks Data 'Each byte that is not UTF-8 is written as \xNN.'
  often 'the bytes are printed as they are, or replaced'
  if_ended 'decode raises UnicodeDecodeError, and the program ends: decode(errors=...)'
  start || return 1
  client a connect 'send:\xff\n'
  line '\xff' && lives
}

text_nul() { # a zero byte does not end the text
  asks Data 'Each byte of a control character is written as \xNN.'
  often 'printf("%s") ends at the first zero byte: fwrite takes a length'
  start || return 1
  client a connect 'send:a\0b\n'
  line 'a\x00b'
}

text_crlf() { # lines of telnet and Windows
  asks Data 'CR LF is a newline.'
  start || return 1
  client a connect 'send:telnet\r\n'
  line telnet
}

# --- 8: stopping ------------------------------------------------------------------------------------------

stop_term() { # SIGTERM ends it: "Stopped.", status 0
  asks Stopping 'The server prints "Stopped." and exits with status 0.'
  often 'the signal has its default action, which ends the program without a word: it needs a handler'
  start || return 1
  ends_with TERM || return 1
  line Stopped. || return 1
  wants "status 0, not $ended_status"
  [ "$ended_status" -eq 0 ]
}

stop_int() { # Ctrl+C does the same
  asks Stopping 'Ctrl+C (SIGINT), SIGTERM and SIGHUP ask the server to stop. SIGINT counts even if it was ignored when the server started, as a shell ignores it for a command that a script starts with &.'
  often 'Python raises KeyboardInterrupt only if SIGINT was not ignored at the start: signal.signal(SIGINT, ...) always works'
  start || return 1
  ends_with INT && line Stopped.
}

stop_clients() { # it closes and reports each client first
  asks Stopping 'It prints "Connection closed: ..." for each open client and closes it, then prints "Stopped.".'
  start || return 1
  client a connect 'send:one\n' line wait-closed
  line one || return 1
  ends_with TERM && line "Connection closed: $(address a)" && line Stopped. ||
    return 1
  wants '"Stopped." as the last line'
  [ "$(tail -n 1 "$work/out")" = Stopped. ]
}

stop_restart() { # it can be started again at once, on the same port
  local again

  asks Stopping 'A restarted server listens on the same port at once.'
  often 'SO_REUSEADDR is not set before bind'
  if_ended 'SO_REUSEADDR is not set before bind'
  start || return 1
  again=$port
  client a connect 'send:one\n' line wait-closed
  line one || return 1
  ends_with TERM || return 1
  may_end=
  ended_status=
  and_then 'once more, on the same port'
  start '' "$again" || return 1
  [ "$port" = "$again" ]
}

stop_killed() { # killed, it frees its port
  local again

  asks processes 'A parent that is killed (kill -9) frees its port at once.'
  often 'a process that serves a client has a copy of the listener: close it after fork'
  if_ended 'a process that serves a client has a copy of the listener: close it after fork'
  start || return 1
  again=$port
  client a connect 'send:one\n' line wait-closed
  line one || return 1
  ends_with KILL || return 1
  may_end=
  ended_status=
  and_then 'once more, on the same port'
  start '' "$again" || return 1
  [ "$port" = "$again" ]
}

stop_twice() { # two signals at the same moment are one stop
  asks Stopping 'A second stop signal ends the program at once if it comes at least 0.3 s after the first. An earlier one belongs to the same stop.'
  often 'the first signal gives the next one its default action back'
  start || return 1
  ends_with STOP TERM INT CONT && line Stopped. || return 1
  wants "status 0, not $ended_status"
  [ "$ended_status" -eq 0 ]
}

stop_backlog() { # a client that is not accepted yet at the stop stays outside
  asks Stopping 'The server accepts no more clients. Those that wait in the backlog are reset by the kernel.'
  often 'the program looks at the listener once more before it looks whether it has to stop'
  start || return 1
  freeze
  client a connect
  ends_with TERM CONT && line Stopped. || return 1
  wants 'no "Connection from"'
  ! grep -q '^Connection from' "$work/out"
}

# --- 9: under pressure --------------------------------------------------------------------------------------

pressure_hundred_both() { # a hundred clients at once
  asks 'What it does' 'Each client is served.'
  often 'a list of fixed size, or one thread that is started too slowly'
  start || return 1
  client a connect:100 each:'send:one of many\n' line
  wants '"one of many", a hundred times'
  limit_wait hundred
}

hundred() {
  [ "$(grep -o 'one of many' "$work/out" | wc -l)" -eq 100 ]
}

pressure_descriptors_both() { # more clients than descriptors
  asks Faults 'Descriptors run out (EMFILE): the server pauses, and clients in the backlog are served later. A failed accept ends nothing.'
  often 'accept fails, and -1 is taken for a client'
  if_ended 'accept fails (EMFILE), and the program takes that for its end'
  start 'ulimit -n 16' || return 1
  client a connect:20 line each:close
  client b connect 'send:served later\n'
  lives || return 1
  often 'the listener stays ready and is asked again and again: leave it out of the wait until a client has left or a second is over'
  sleeps || return 1
  wants 'one line on standard error about it, not hundreds'
  [ "$(wc -l <"$work/err")" -lt 50 ] || return 1
  next a
  line 'served later'
}

# sleeps: whether it sleeps in most of twenty looks in a second. (Its processor
# time would say less where other programs need the processor, too.)
sleeps() {
  local looks=0 runs=0

  while [ "$looks" -lt 20 ]; do
    case $(ps -o stat= -p "$server") in
    R*) runs=$((runs + 1)) ;;
    esac
    looks=$((looks + 1))
    sleep 0.05
  done
  wants "a server that sleeps; in 20 looks it ran $runs times"
  [ "$runs" -lt 10 ]
}

pressure_leak() { # forty clients, one after the other, with twenty descriptors
  local i end=half-close

  asks 'What it does' 'A client that has left costs nothing.'
  often 'a socket is not closed when its client leaves, or when its connection is reset'
  start 'ulimit -n 20' || return 1
  for i in $(seq 40); do
    : >"$work/did"
    did "(ulimit -n 20; $SERVER --port 8888) &"
    and_then 'forty clients like this one, every second one with reset'
    client a connect "send:number $i\\n" line "$end"
    line "number $i" || return 1
    next a
    if [ "$end" = reset ]; then end=half-close; else end=reset; fi
  done
}

pressure_zombies() { # a process that has ended leaves nothing behind
  asks processes 'The parent reaps the children that have ended.'
  often 'the program does not wait for its children: a handler of SIGCHLD that calls waitpid until there is none left'
  start || return 1
  client a connect 'send:one\n' line half-close
  line one || return 1
  next a
  line "Connection closed: $(address a)" || return 1
  wants 'no <defunct> process of the server (ps)'
  limit_wait no_zombie
}

no_zombie() {
  ps -A -o ppid= -o stat= |
    awk -v parent="$server" '$1 == parent && $2 ~ /^Z/ { exit 1 }'
}

pressure_reader() { # the reader of its output goes away
  asks Faults 'The reader of standard output goes away: the server says so on standard error and exits with status 1; SIGPIPE does not kill it.'
  often 'SIGPIPE ends the program without a word: ignore it, and look at what write returns'
  start '' 0 reader_of_one || return 1
  client a connect 'send:one\n' line 'send:two\n' line 'send:three\n'
  next a
  next a
  ends || return 1
  wants 'a reason on standard error'
  [ -s "$work/err" ] || return 1
  wants "status 1, not $ended_status"
  [ "$ended_status" -eq 1 ]
}

reader_of_one() { # head -n 1
  head -n 1
}

pressure_idle() { # idle clients cost no processor time
  asks 'What it does' 'The server sleeps while nothing happens.'
  often 'a loop that asks again and again without a call that waits; or a client that has left and is still on the list'
  start || return 1
  client a connect 'send:hello\n'
  line hello && sleeps
}

pressure_flood_both() { # one that floods does not starve the others
  asks Faults 'A client floods: the server receives at most 16 chunks from it in one round, then serves the other clients.'
  often 'the program receives from one client until there is nothing more'
  start '' 0 slow_reader || return 1
  client a connect 'send:flood\n'
  line flood || return 1
  did "(yes | head -c 200000000 | nc localhost 8888) &"
  "$BUILD/tools/client" -t 20 "$port" connect fill:200000000 \
    >/dev/null 2>&1 4>&- &
  clients="$clients $!"
  client b connect 'send:in between\n'
  line 'in between'
}

# So that there is always more of the flood than the server can print.
slow_reader() { # while sleep 0.02; do dd bs=64k count=1 2>/dev/null; done
  while nap; do dd bs=64k count=1 2>/dev/null; done
}

pressure_set_both() { # more clients than a set of select can hold
  asks Faults 'select: a descriptor that does not fit FD_SETSIZE is refused; the server goes on.'
  often 'FD_SET writes past the end of the set for a descriptor of 1024 or more'
  if_ended 'FD_SET writes past the end of the set for a descriptor of 1024 or more'
  start || return 1
  client a connect:1100 each:'send:word\n' line each:close
  lives || return 1
  next a
  wants '"word", or "Connection refused" in its place, 1100 times in all'
  limit_wait printed_times 1100 'word\|^Connection refused' && lives
}
