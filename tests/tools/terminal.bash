# shellcheck shell=bash
# terminal.bash: a terminal of a certain size, which is tmux's, for the tests of
# what is drawn. To be read with `load` or ".", not run.
#
# It needs BATS_TEST_TMPDIR, and limit of tools/servers.sh. See tmux(1).

# refuse COMMAND...: fails if the command succeeds.
refuse() {
  if "$@"; then return 1; fi
}

# screen COLUMNS ROWS COMMAND...: runs the command in such a terminal. The locale
# is LOCALE, or C.
screen() {
  command -v tmux >/dev/null || skip 'there is no tmux here'
  SOCKET=$BATS_TEST_TMPDIR/tmux
  local size=(-x "$1" -y "$2")
  shift 2
  printf 'unset NO_COLOR; export LC_ALL=%s; cd %q\n' "${LOCALE:-C}" \
    "$BATS_TEST_TMPDIR" \
    >"$BATS_TEST_TMPDIR/command"
  printf '%q ' "$@" >>"$BATS_TEST_TMPDIR/command"
  printf '; printf ended; cat\n' >>"$BATS_TEST_TMPDIR/command"
  limit 20 tmux -S "$SOCKET" -f /dev/null new-session -d "${size[@]}" \
    "exec bash $BATS_TEST_TMPDIR/command" ||
    skip 'tmux does not run here'
}

# Ends the terminal, if there is one, and waits until all that ran in it is gone.
end_screen() {
  local pids
  [ -n "${SOCKET:-}" ] || return 0
  pids=$(tmux -S "$SOCKET" display -p '#{pane_pid}' 2>/dev/null) || return 0
  pids=$(family "$pids")
  tmux -S "$SOCKET" kill-server 2>/dev/null || true
  # shellcheck disable=SC2086 # a list
  while [ -n "$(living $pids)" ]; do sleep 0.02; done
}

# seen TEXT: waits until the terminal shows it; out is then what the terminal
# shows.
seen() {
  local end=$((SECONDS + 20))
  until tmux -S "$SOCKET" capture-pane -p >"$BATS_TEST_TMPDIR/out" 2>&1 &&
    grep -qF -e "$1" "$BATS_TEST_TMPDIR/out"; do
    if [ "$SECONDS" -gt "$end" ]; then
      echo "never seen: $1" && cat "$BATS_TEST_TMPDIR/out" && return 1
    fi
    sleep 0.02
  done
}

# resize COLUMNS ROWS
resize() {
  tmux -S "$SOCKET" set -g window-size manual
  tmux -S "$SOCKET" resize-window -x "$1" -y "$2"
}
