#!/usr/bin/env bats
# threads.bats: a thread for each client: how many there can be, what one costs,
# and that it ends with its client.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup() {
  only_server threads
  prepare_test
}

# serves N: whether the server has a thread for each of N clients, and the main
# thread. After the first client ThreadSanitizer has a thread, too.
serves() {
  local tasks=("/proc/$PID/task"/*) own=1

  ! is_sanitized tsan || own=2
  [ "${#tasks[@]}" -eq $((own + $1)) ]
}

# kilobytes NAME: the value of this name in /proc about its memory, such as
# VmRSS.
kilobytes() {
  sed -n "s/^$1:[^0-9]*\([0-9]*\) kB$/\1/p" "/proc/$PID/status"
}

# room_for N: prints N, or how many clients the limits allow: each takes a
# descriptor of the server, one of the test's client, a process id and a port.
room_for() {
  local limit low high tasks

  # All threads of the system count for these limits.
  tasks=$(cat /proc/[0-9]*/status 2>/dev/null |
    awk '$1 == "Threads:" { n += $2 } END { print n }')
  read -r low high </proc/sys/net/ipv4/ip_local_port_range
  for limit in "$1" "$(ulimit -Hn)" "$(($(ulimit -u | sed 's/unlimited/99999/') - \
    tasks))" "$(($(cat /proc/sys/kernel/threads-max) - tasks))" \
    "$(($(cat /proc/sys/vm/max_map_count) / 2))" "$(((high - low) / 2))" \
    "$(($(grep -x '[0-9]*' /sys/fs/cgroup/pids.max 2>/dev/null ||
      echo 99999) - tasks))"; do
    echo "$limit"
  done | grep -x '[0-9]*' | sort -n | awk -v wanted="$1" '
    NR == 1 { print $1 < wanted ? $1 - 200 : wanted }'
}

@test "9,000 idle clients, or as many as this machine allows, have a thread each" {
  local clients rss size each

  needs_proc
  not_under
  clients=$(room_for 9000)
  # ThreadSanitizer knows 8,128 threads.
  ! is_sanitized tsan || clients=1000
  [ "$clients" -ge 500 ] || skip "this machine allows $clients clients"
  start_server
  client connect send:x half-close wait-eof
  wait_until serves 0
  rss=$(kilobytes VmRSS)
  size=$(kilobytes VmSize)
  # The last client is accepted last.
  hold connect:"$clients" send:all-here line each:send:y each:half-close \
    each:wait-eof
  LIMIT=$((LIMIT * 6)) wait_for all-here
  wait_until serves "$clients"
  rss=$(($(kilobytes VmRSS) - rss))
  size=$(($(kilobytes VmSize) - size))
  # Shown if the test fails, and with bats --show-output-of-passing-tests.
  each="an idle client of $clients costs $((rss / clients)) KiB resident and
 $((size / clients)) KiB of addresses"
  echo "$each"
  # The sanitizers have tables of their own for each thread.
  if ! is_sanitized '(asan|tsan)'; then
    [ "$rss" -le $((16 * clients)) ] || fail "$each"
    [ "$size" -le $((160 * clients)) ] || fail "$each"
  fi
  go
  wait_until printed "$clients" y
  wait_until serves 0
  LIMIT=$((LIMIT * 6)) wait_held
}

# mappings: how many mappings its memory has. A stack has two.
mappings() {
  wc -l <"/proc/$PID/maps"
}

@test "a thread ends with its client, and its stack is given back" {
  local before round more=200

  needs_proc
  not_under
  # ThreadSanitizer keeps memory for as many threads as there were at once,
  # which differs between rounds. 300 stacks that are kept would be 600
  # mappings.
  ! is_sanitized tsan || more=400
  start_server
  for round in 1 2 3 4; do
    client connect:100 each:send:x each:half-close each:wait-eof
    wait_until serves 0
    [ "$round" -ne 1 ] || before=$(mappings)
  done
  [ "$(mappings)" -le $((before + more)) ] ||
    fail "it had $before pieces of memory, and has $(mappings) now"
}

@test "a thread that cannot be made costs one client, and that is said" {
  local dropped

  fail_call pthread_create 1 EAGAIN
  PREPARE=$PRELOAD start_server
  hold connect send:one line send:two half-close wait-eof
  wait_for one
  dropped=$(client connect name wait-closed)
  wait_for "Connection closed: $dropped"
  case $(cat "$ERR") in
  "threads: cannot serve $dropped: Resource temporarily unavailable") ;;
  *) same "threads: cannot serve $dropped: unavailable" "$(cat "$ERR")" ;;
  esac
  go
  wait_held
  wait_for two
  say_to "$PORT" three
  wait_for three
}

@test "a stop wakes each of 300 threads that sleep in recv" {
  needs_proc
  start_server
  hold connect:300 send:all-here line each:wait-closed
  wait_for all-here
  wait_until serves 300
  wait_until asleep
  stop_server
  same 0 "$STATUS"
  same 300 "$(lines "$LOG" 'Connection closed: ')"
  same Stopped. "$(tail -n 1 "$LOG")"
  same "" "$(cat "$ERR")"
  go
  wait_held
}
