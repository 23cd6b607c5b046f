#!/bin/sh
# variables.sh: refuses what make would silently ignore: a variable that the
# target does not use, and the name of a server that does not exist.
#
#     $ make demo BACKEND=poll
#     make demo: BACKEND is not used; it takes BACKENDS SERVER CLIENTS ...
#
# The Makefile runs it before anything is built. From outside: GOALS, the
# targets that make was asked for; MAKEFLAGS, in which every make names the
# variables of its command line (NAME=VALUE, a blank in the value as "\ ");
# BACKENDS.
#
# See make(1), and MAKEFLAGS in its manual.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
# shellcheck source=tools/servers.sh
. "$here/servers.sh"

# The variables that the compiler and all scripts use.
always='BUILD V CC CPPFLAGS CFLAGS LDFLAGS LDLIBS STRICT AR MAKE SHELL MAKEFLAGS'
always="$always NO_COLOR COLUMNS TERM TMPDIR LANG LC_ALL LC_CTYPE PATH"

# takes TARGET: the variables that it uses. Fails if it may use any.
takes() {
  case $1 in
  demo) echo BACKENDS SERVER CLIENTS ROUNDS INTERVAL ;;
  watch) echo BACKENDS SERVER PORT ADDRESS ;;
  trace) echo BACKENDS SERVER FORMAT ;;
  grade) echo SERVER ALL REPORT CONCURRENT LIMIT ;;
  replay) echo BACKENDS SERVER SCENARIO OUTPUT PAUSE RAW ;;
  diff) echo BACKENDS SERVER ;;
  exercise) echo N FILTER LIMIT WORK PROGRAMS ;;
  test) echo BACKENDS SERVER CONCURRENT FILTER NC JOBS LIMIT RUN_LIMIT UNDER ;;
  compare) echo BACKENDS SERVER ROUNDS TIME ;;
  fuzz) echo BACKENDS SEED FUZZ_SECONDS ;;
  check-all) echo BACKENDS ONLY TIME CHECK_LIMIT RUN_LIMIT LIMIT JOBS ;;
  *) return 1 ;;
  esac
}

# has LIST WORD
has() {
  case " $1 " in
  *" $2 "*) ;;
  *) return 1 ;;
  esac
}

# names_of FLAGS: the names of the variables.
names_of() {
  printf '%s\n' "$1" | sed 's/\\[^A-Za-z0-9]/_/g' | tr -s '[:blank:]' '\n' |
    sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)[:+?]*=.*/\1/p'
}

# Sets targets to the wanted ones that check their variables, and taken to
# these variables. Exits if another target is wanted, which may use any
# variable.
choose_targets() {
  targets=
  taken=
  for goal in $GOALS; do
    if list=$(takes "$goal"); then
      targets="${targets:+$targets }$goal"
      taken="${taken:+$taken }$list"
    fi
  done
  [ -n "$targets" ] || exit 0
}

# The names that are mistaken most often are also looked for in the
# environment.
check_variables() {
  given=$(names_of "${MAKEFLAGS:-}")
  for name in BACKEND CLIENT SERVER; do
    eval "value=\${$name:-}"
    [ -z "$value" ] || given="$given $name"
  done
  for name in $given; do
    has "$always" "$name" || has "$taken" "$name" || {
      echo "make $targets: $name is not used; it takes $taken" >&2
      exit 2
    }
  done
}

# The other names of servers that each target knows.
check_servers() {
  more=
  ! has "$targets" compare ||
    more='yardstick libevent libev libuv asyncio ncat socat nc'
  # shellcheck disable=SC2086 # a list
  check_backends "make $targets" $more || exit 2
}

GOALS=${GOALS:-}
choose_targets
check_variables
check_servers
