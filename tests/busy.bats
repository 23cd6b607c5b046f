#!/usr/bin/env bats
# busy.bats: the server that never waits. The other files show that it serves
# all clients; this one shows what that costs.
# shellcheck disable=SC2030,SC2031,SC2034,SC2153 # the variables of helpers

load helpers

setup() {
  only_server busy
  prepare_test
}

# sleeps_made: how often the server has given up the processor by itself.
sleeps_made() {
  sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$PID/status"
}

# spins: fails if the server sleeps at all while it uses 300 ms of processor
# time. (Another program may use the processor in between.)
spins() {
  local before

  before=$(sleeps_made)
  never_sleeps 300
  same "$before" "$(sleeps_made)"
}

@test "it uses a whole processor, without a client, with idle ones, and after" {
  needs_proc
  not_under
  start_server
  spins
  hold connect:20 each:send:x line each:half-close each:wait-eof
  wait_until printed 20 x
  spins
  go
  wait_held
  wait_until left 20
  spins
}

# asked_often: whether it has called recv on three sockets ten times each,
# without finding anything, and accept ten times, too.
asked_often() {
  awk '/ = -1 EAGAIN/ { sub(/^[^ ]* /, ""); sub(/,.*/, ""); n[$0]++ }
    END {
      for (call in n) if (n[call] >= 10) call ~ /^accept/ ? accepts++ : recvs++
      exit accepts != 1 || recvs != 3
    }' "$TRACE"
}

@test "it asks the listener and each client, over and over" {
  # No fault: it only shows the calls.
  inject accept,accept4,recvfrom delay_enter=1
  start_server
  hold connect:3 each:send:x line each:close
  wait_until printed 3 x
  wait_until asked_often
  go
  wait_held
}
