# shellcheck shell=sh
# servers.sh: which servers there are to be tried. To be read with ".", not run.
#
# It needs BUILD, the directory of the programs.

programs='blocking-nested blocking select poll epoll kqueue coroutine'

# The ways of waiting that the coroutine server has here, from its --help.
selectors() {
  "$BUILD/coroutine" --help | sed -n 's/.*how to wait: \(.*\);.*/\1/p' |
    tr -d ','
}

# The servers of BACKENDS, or all, as far as they are built: one name per line,
# those of coroutine/ as coroutine/poll.
servers() {
  for program in ${BACKENDS:-$programs}; do
    [ -x "$BUILD/${program%%/*}" ] || continue
    if [ "$program" = coroutine ]; then
      for selector in $(selectors); do
        echo "coroutine/$selector"
      done
    else
      echo "$program"
    fi
  done
}
