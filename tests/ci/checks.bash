#!/usr/bin/env bash
# checks.bash: runs checks and counts them, for cross.sh, check-all.sh and
# .ci/run. Read it with ".", do not run it.
#
# A check prints one line: "ok NAME", "not ok NAME" with the end of what it
# printed below, or "skip NAME: why". A check that counts by itself, as the
# suite does, adds its own figures. The last line is that of total_checks.
# Nothing passes that did not run: a report without figures is a failure, and
# so is a check that has not ended after CHECK_LIMIT seconds (two hours).

CHECK_LIMIT=${CHECK_LIMIT:-7200}
# shellcheck source=tools/servers.sh
. tools/servers.sh
passed=0
failed=0
skipped=0
ran=        # what was counted and what was not, a line each
left_out=
since=0     # when the check began
work=$(mktemp -d "${TMPDIR:-/tmp}/checks.XXXXXX") || exit 1
log=$work/log
trap 'for pid in $(jobs -p); do end_family "$pid"; done; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# has_tool NAME: whether there is such a command.
has_tool() {
  command -v "$1" >/dev/null 2>&1
}

# note NAME P F S: adds figures and prints the line.
note() {
  passed=$((passed + $2))
  failed=$((failed + $3))
  skipped=$((skipped + $4))
  ran="$ran  $1: $2 passed, $3 failed, $4 skipped
"
  if [ "$3" -eq 0 ]; then
    echo "ok $1 ($((SECONDS - since)) s)"
  else
    echo "not ok $1 ($((SECONDS - since)) s)"
    tail -n "${LOG_LINES:-60}" "$log" | sed 's/^/    /'
  fi
}

# skip NAME WHY: counts one check that cannot be made here.
skip() {
  skipped=$((skipped + 1))
  left_out="$left_out  $1: $2
"
  echo "skip $1: $2"
}

# limited COMMAND...: runs it, a function or a program. If it takes too long,
# or this script is stopped, ends it with everything that it has started.
limited() (
  trap 'end_family "$run"; exit 130' HUP INT TERM
  end=$((SECONDS + CHECK_LIMIT))
  "$@" &
  run=$!
  while kill -0 "$run" 2>/dev/null; do
    if [ "$SECONDS" -gt "$end" ]; then
      end_family "$run"
      echo "it did not end in $CHECK_LIMIT s"
      exit 124
    fi
    sleep 0.1
  done
  wait "$run"
)

# check NAME COMMAND...: passes when the command does.
check() {
  local name=$1
  shift

  since=$SECONDS
  if limited "$@" >"$log" 2>&1 </dev/null; then
    note "$name" 1 0 0
  else
    note "$name" 0 1 0
  fi
}

# figures FILE STATUS: "P F S", from the last line "P passed, F failed, S
# skipped", else from the Test Anything Protocol. A status that is not 0,
# missing figures, and a broken plan each count as one more failure.
figures() {
  awk -v status="$2" '
    /^1\.\.[0-9]+/ { split($1, plan, /\.\./); planned += plan[2]; tap = 1 }
    /^not ok/ { bad++ }
    /^ok/ { if (tolower($0) ~ /# skip/) left++; else good++ }
    /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { total = $0 }
    END {
      if (total != "") {
        split(total, word, " ")
        good = word[1]; bad = word[3]; left = word[5]
      } else if (!tap || good + bad + left != planned) {
        bad++
      }
      if (bad + 0 == 0 && (status != 0 || good + left == 0)) bad = 1
      print good + 0, bad + 0, left + 0
    }' "$1"
}

# sum NAME COMMAND...: a command that counts by itself. Its output is shown at
# once.
sum() {
  local name=$1 status=0 p f s
  shift

  echo "# $name"
  since=$SECONDS
  { limited "$@" 2>&1 </dev/null || echo $? >"$work/status"; } | tee "$log"
  if [ -f "$work/status" ]; then
    status=$(cat "$work/status")
    rm -f "$work/status"
  fi
  read -r p f s <<<"$(figures "$log" "$status")"
  LOG_LINES=1 note "$name" "$p" "$f" "$s"
  while read -r name; do
    left_out="$left_out  $name
"
  done < <(sed -n 's/^skip //p' "$log")
}

# --- The checks that .ci/run and check-all.sh share --------------------------

# sources: every file of C. scripts: every script that shellcheck knows. What is in
# tests/grade/students/ is written as students write it.
sources() {
  find blocking busy processes threads select poll signals epoll kqueue uring \
    coroutine common tools tests -name students -prune -o -name '*.[ch]' -print
}

scripts() {
  echo .ci/run
  find kqueue uring coroutine tools tests docs -name students -prune -o \
    -name '*.sh' -print -o -name '*.bash' -print -o -name '*.bats' -print
}

# The flags that the Makefile gives the compiler for some files, for tools that
# do not use the Makefile.
DEFINES=(-Ikqueue/linux -DHAS_EPOLL -DHAS_KQUEUE)

# With these options the programs report their errors, and the suite then
# fails.
# shellcheck disable=SC2034 # used where this is read
SANITIZE='-g -O1 -fsanitize=address,undefined -fno-omit-frame-pointer'
# shellcheck disable=SC2034
SANITIZE_THREADS='-g -O1 -fsanitize=thread'

format_is_kept() {
  sources | xargs clang-format --dry-run -Werror
}

scripts_are_clean() {
  scripts | xargs shellcheck -x
}

cppcheck_is_silent() {
  sources | grep '\.c$' | xargs cppcheck --quiet --std=c11 --inline-suppr \
    --enable=warning,performance,portability --error-exitcode=1 \
    --suppress=missingIncludeSystem -D__linux__ "${DEFINES[@]}"
}

# check_tool TOOL COMMAND...: a check with a tool that may not be here.
check_tool() {
  local tool=$1
  shift

  if has_tool "$tool"; then check "$tool" "$@"; else skip "$tool" 'not here'; fi
}

# Newer versions lay out some lines differently.
check_format() {
  case $(clang-format --version 2>/dev/null) in
  '') skip clang-format 'not here' ;;
  *' 14.'*) check clang-format format_is_kept ;;
  *) skip clang-format 'the layout is that of version 14' ;;
  esac
}

check_style() {
  check_format
  check_tool shellcheck scripts_are_clean
  check_tool cppcheck cppcheck_is_silent
}

# check_build MAKE CC OPTION...: everything builds, and nothing warns.
check_build() {
  local make=$1 cc=$2 name="$1, $2${3:+, $3}"
  shift 2

  if ! has_tool "$make"; then
    skip "$name" "$make is not here"
  elif ! has_tool "$cc"; then
    skip "$name" "$cc is not here"
  else
    rm -rf "$BUILD/checks/warnings"
    check "$name" "$make" -j2 all tools CC="$cc" CFLAGS="-Werror $*" \
      BUILD="$BUILD/checks/warnings"
    rm -rf "$BUILD/checks/warnings"
  fi
}

# check_suite NAME CC CFLAGS ARGUMENT...: the suite, with programs that this
# compiler has made with these flags.
check_suite() {
  local name=$1 cc=$2 cflags=$3
  shift 3

  if ! has_tool "$cc"; then
    skip "$name" "$cc is not here"
    return
  fi
  set -- CC="$cc" CFLAGS="$cflags" BUILD="$BUILD/checks/suite" "$@"
  check "$name: build" make -j2 all tools "$@"
  sum "$name" make -s test "$@"
}

# what_was_run: the figures of each check, and the skipped checks with the
# reasons.
what_was_run() {
  printf '\nWhat was run:\n%s' "$ran"
  [ -z "$left_out" ] || printf 'What was not:\n%s' "$left_out"
}

# total_checks: the last line. Fails if a check failed, or if there was none.
total_checks() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
}
