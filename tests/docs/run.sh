#!/usr/bin/env bash
# run.sh: checks whether every page of documentation is still true.
#
#     bash tests/docs/run.sh                      README.md and docs/*.md
#     bash tests/docs/run.sh docs/select.md     one page
#     bash tests/docs/run.sh --lines [PAGE...]    corrects line numbers in the pages
#
# - The text after `$ ` in a block ```console is typed into a shell, and the
#   output must be what the page shows. The blocks under one heading are one
#   session, from top to bottom, with at most one server. A session must end
#   what it has started, and use $PORT instead of a fixed port. A line `...`
#   stands for any lines.
# - A block ```c quotes a file: the one that the line above it links to, or
#   names in a comment <!-- epoll/server.c -->. Its lines must be in that file,
#   in one piece, and at the line that the link names.
# - <!-- needs: COMMAND --> under a heading: skipped if the command fails, or
#   if a program of the session was not built.
# - <!-- not run: REASON --> above a block: its commands are not run, but every
#   `make` in it must name a target that there is.
# - The files that a page links to must exist, and the drawings in docs/pictures
#   must be what docs/pictures/draw.awk draws now.
#
# $PORT is 8888, as on the pages. Servers (build/poll, or build/working-poll,
# which a page builds) get a free port instead, and the clients are led there;
# a client's address on the page stands for one real client. Nothing is timed:
# after each command the script waits for its output (LIMIT seconds at the
# most). A session that has not ended after SESSION_LIMIT seconds is ended,
# with all its processes.
#
# It prints the Test Anything Protocol; the status is 0 when all is well. From
# outside: BUILD (where the programs are), NC (a netcat), LIMIT, SESSION_LIMIT.
#
# The language is bash 3.2's.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}
build=$(cd "${BUILD:-$root/build}" && pwd) || exit 1
NC=${NC:-nc}
LIMIT=${LIMIT:-10}
# Pages trace servers, and under a tracer LeakSanitizer cannot work. One page sends
# SIGSEGV, which must end the server, not be reported.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:handle_segv=0"
SESSION_LIMIT=${SESSION_LIMIT:-$((LIMIT * 18))}
# The pages show the output in English.
export LC_ALL=C
# shellcheck source=tools/servers.sh
. "$root/tools/servers.sh"
servers='blocking-nested|blocking|busy|processes|threads|select|poll|signals|epoll'
servers="$servers|kqueue|uring|coroutine"
number=0
failed=0
session_pid=

# --- What is reported --------------------------------------------------------

passes() {
  number=$((number + 1))
  echo "ok $number - $1"
}

skips() {
  number=$((number + 1))
  echo "ok $number - $1 # skip $2"
}

# fails NAME TEXT: TEXT may have many lines.
fails() {
  number=$((number + 1))
  failed=$((failed + 1))
  echo "not ok $number - $1"
  printf '%s\n' "$2" | sed 's/^/# /'
}

# --- One session: a shell that types and compares ----------------------------

# ports_known: the ports in use, "real page" in pairs, for the comparison.
ports_known() {
  [ -z "$port_real" ] || echo "$port_real $port_page"
}

# real_command TEXT: the command with ports that are free or in use here. Sets
# REAL, and STARTS to the page's port if it starts a server.
real_command() {
  local asked='' plain

  REAL=${1//\$PORT/8888}
  STARTS=
  [[ $REAL =~ (--port|-p)\ (888[0-9]) ]] && asked=${BASH_REMATCH[2]}
  plain="build/((working-)?($servers))( |\$)"
  if [[ $REAL =~ $plain ]]; then
    case $REAL in
    *--help* | *--version*) return ;;
    esac
    if [ -z "$asked" ] && ! [[ $REAL =~ (--port|-p)\  ]]; then
      asked=8888
      REAL=${REAL/${BASH_REMATCH[0]}/build\/${BASH_REMATCH[1]} --port 8888 }
    fi
  fi
  if [[ $REAL =~ $plain ]] && [ -n "$asked" ] && ! server_lives; then
    STARTS=$asked
    REAL=${REAL/$asked/0}
  elif [ -n "$port_real" ]; then
    REAL=${REAL//$port_page/$port_real}
  fi
}

server_lives() {
  [ -n "$server_pid" ] && kill -0 "$server_pid" 2>/dev/null
}

# new_port: reads the port of the server that was just started from its first
# line, which is in the output or in a file in the session's directory.
new_port() {
  local end=$((SECONDS + LIMIT)) port

  while [ "$SECONDS" -le "$end" ]; do
    port=$({
      tail -n +$((seen + 1)) "$work/out"
      find . -type f -exec cat {} +
    } | awk -v ports=" $ports_seen " '
        # It reads to the end; otherwise a writer before it would complain.
        /^Listening on: .*:[0-9]+$/ && !found {
          sub(/.*:/, "")
          if (!index(ports, " " $0 " ")) { found = 1; print }
        }')
    if [ -n "$port" ]; then
      port_real=$port
      port_page=$STARTS
      ports_seen="$ports_seen $port"
      server_pid=$!
      : >"$work/names"
      return 0
    fi
    server_lives_now || return 1
    sleep 0.02
  done
  return 1
}

# Whether the process that was started last still runs, or has only just ended.
server_lives_now() {
  kill -0 "$!" 2>/dev/null || [ "$((tries += 1))" -lt 5 ]
}

# settle: waits until the output since the last command is what is wanted.
# Fails if it is not.
settle() {
  local end=$((SECONDS + LIMIT)) verdict partial

  while :; do
    tail -n +$((seen + 1)) "$work/out" >"$work/got"
    partial=0
    [ -z "$(tail -c 1 "$work/got")" ] || partial=1
    awk -v ports="$(ports_known)" -v partial="$partial" \
      -f "$here/match.awk" "$work/names" "$work/wanted" "$work/got" \
      >"$work/verdict"
    read -r verdict count <"$work/verdict"
    case $verdict in
    same)
      seen=$((seen + count))
      sed -n 's/^name //p' "$work/verdict" >>"$work/names"
      return 0
      ;;
    wait) [ "$SECONDS" -le "$end" ] || return 1 ;;
    *) return 1 ;;
    esac
    sleep 0.02
  done
}

# do_step: types COMMAND and waits for the lines in the file wanted. After a
# step that ends with `...` the next one may begin with more of the same.
do_step() {
  local open_end=

  printf '%s\n' "$command" >"$work/typed"
  real_command "$command"
  tries=0
  (exit "$status")
  eval "$REAL" >>"$work/out" 2>&1 </dev/null \
    3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
  status=$?
  if [ -n "$STARTS" ] && ! new_port; then
    port_real=
  fi
  [ "$(tail -n 1 "$work/wanted")" != ... ] || open_end=yes
  settle || return 1
  : >"$work/wanted"
  [ -z "$open_end" ] || echo ... >"$work/wanted"
  command=
}

# jobs_end: waits until all jobs of the session have ended. Fails if one
# continues to run.
jobs_end() {
  local end=$((SECONDS + LIMIT))

  # The shell forgets a job that has ended after it has reported it.
  while jobs >/dev/null && [ -n "$(jobs -p)" ]; do
    [ "$SECONDS" -le "$end" ] || return 1
    sleep 0.02
  done
}

# end_jobs: ends the jobs that a session has left running, each by its process
# group.
end_jobs() {
  local pid end=$((SECONDS + LIMIT)) signal=TERM

  while [ -n "$(jobs -p)" ]; do
    for pid in $(jobs -p); do
      kill -"$signal" -- "-$pid"
      kill -CONT -- "-$pid"
    done 2>/dev/null
    signal=0
    [ "$SECONDS" -le "$end" ] || signal=KILL
    sleep 0.02
    # The shell forgets a job that has ended after it has reported it.
    jobs >/dev/null
  done
}

# run_session FILE: runs the blocks of one session, in a subshell of their own,
# and writes "ok NAME" or "not ok NAME" for each to the file results.
run_session() {
  local line name='' command='' untried='' broken='' status=0 seen=0 tries=0
  local port_real='' port_page='' ports_seen='' server_pid=''

  # Job control: each job is a process group, and %1 is the first.
  set -m
  trap 'end_jobs; exit 1' TERM
  cd "$tree" || exit 1
  # The messages of netcats on standard error differ.
  eval "nc() { command $NC \"\$@\" 2>/dev/null; }"
  : >"$work/out"
  : >"$work/names"
  : >"$work/wanted"
  while IFS= read -r line <&8; do
    take_line "${line%% *}" "${line#* }"
  done 8<"$1"
  finish_step
  [ -n "$broken" ] || jobs_end || broken='(at the end a job is still running)'
  end_jobs
  [ -n "$broken" ] || settle || broken='(at the end)'
  end_block
  exit 0
}

# take_line KIND TEXT: one line of the session's plan.
take_line() {
  case $1 in
  output)
    [ -n "$untried" ] || printf '%s\n' "$2" >>"$work/wanted"
    return
    ;;
  esac
  finish_step
  case $1 in
  block)
    end_block
    name=$page:$2
    untried=
    ;;
  untried) untried=$2 ;;
  command)
    check_port "$2" || broken=$2
    if [ -z "$untried" ]; then
      command=$2
    else
      check_make "$2" || broken=$2
    fi
    ;;
  esac
}

# finish_step: types the command, whose wanted output is now complete.
finish_step() {
  [ -n "$command" ] && [ -z "$broken" ] || return 0
  do_step || broken=$command
}

# end_block: reports the block that has just ended.
end_block() {
  [ -n "$name" ] || return 0
  if [ -z "$broken" ]; then
    echo "ok $name" >>"$work/results"
  else
    echo "not ok $name" >>"$work/results"
    if [ ! -f "$work/why" ]; then
      {
        echo "at: \$ $broken"
        echo "the page says:"
        cat "$work/wanted"
        echo "but this was printed:"
        cat "$work/got"
      } >"$work/why"
    fi
  fi
}

# check_port COMMAND: whether a reader can type it when port 8888 is taken.
check_port() {
  case $1 in
  PORT=8888) ;;
  *8888*)
    echo "a page uses \$PORT in place of 8888" >"$work/why"
    return 1
    ;;
  esac
}

# check_make COMMAND: whether all its targets exist.
check_make() {
  local word

  case $1 in
  make*) ;;
  *) return 0 ;;
  esac
  for word in $1; do
    case $word in
    make | '&&' | *=* | *'"') continue ;;
    build/*) word="\$(BUILD)/${word#build/}" ;;
    esac
    awk -v start="$word:" 'index($0, start) == 1 { found = 1 }
      END { exit !found }' "$root/Makefile" "$root"/t*/Makefile || {
      echo "there is no target '$word' in the Makefile" >"$work/why"
      return 1
    }
  done
}

# --- One page ----------------------------------------------------------------

# new_tree: a directory that looks like the project, where a session may leave
# files.
new_tree() {
  local entry

  rm -rf "$work"
  mkdir -p "$work/tree"
  for entry in "$root"/*; do
    [ "${entry##*/}" = build ] || ln -s "$entry" "$work/tree/"
  done
  ln -s "$build" "$work/tree/build"
}

# why_skip FILE: prints why the session cannot be run here, if it cannot.
why_skip() {
  local program rest

  grep '^command ' "$1" | grep -Eo "build/($servers)" |
    while read -r program; do
      [ -x "$build/${program#build/}" ] || echo "$program is not built here"
    done
  grep '^needs ' "$1" | while read -r _ rest; do
    (cd "$root" && limit "$LIMIT" bash -c "${rest//build\//$build/}") >/dev/null 2>&1 ||
      echo "it needs: $rest"
  done
}

# session FILE: runs a session of the page and reports its blocks.
session() {
  local line reason

  grep -q '^block ' "$1" || return 0
  reason=$(why_skip "$1" | head -n 1)
  if [ -n "$reason" ]; then
    while read -r line; do
      skips "$page:$line console" "$reason"
    done < <(sed -n 's/^block //p' "$1")
    return
  fi
  new_tree
  tree=$work/tree
  (run_session "$1") 2>"$work.shell" &
  session_pid=$!
  await_session "$1"
  session_pid=
  [ -s "$work/results" ] || echo "not ok $page:?" >"$work/results"
  while read -r line; do
    case $line in
    ok*) passes "${line#ok } console" ;;
    *) fails "${line#not ok } console" "$(cat "$work/why" "$work.shell" 2>&1)" ;;
    esac
  done <"$work/results"
}

# await_session FILE: waits until it ends. If it takes too long, ends it.
await_session() {
  local end=$((SECONDS + SESSION_LIMIT))

  while kill -0 "$session_pid" 2>/dev/null; do
    if [ "$SECONDS" -gt "$end" ]; then
      end_family "$session_pid"
      {
        echo "the session did not end in $SESSION_LIMIT s; it was at:"
        sed 's/^/$ /' "$work/typed"
      } >"$work/why"
      echo "not ok $page:$(sed -n '/^block /{s///p;q;}' "$1")" >"$work/results"
    fi
    sleep 0.02
  done
  wait "$session_pid" 2>/dev/null
}

# excerpts PLAN: reports each quoted piece of code.
excerpts() {
  local line result file

  awk -v root="$root" -f "$here/excerpt.awk" "$1" >"$scratch/excerpts"
  while IFS="$(printf '\t')" read -r line file result; do
    case $result in
    ok) passes "$page:$line $file" ;;
    *) fails "$page:$line $file" "$result" ;;
    esac
  done <"$scratch/excerpts"
}

# links PLAN: reports the links of the page, all in one.
links() {
  local line target missing=''

  while read -r line target; do
    [ -e "$(dirname "$page")/$target" ] ||
      missing="$missing
line $line: $target does not exist"
  done < <(sed -n 's/^link //p' "$1")
  if [ -z "$missing" ]; then
    passes "$page links"
  else
    fails "$page links" "${missing#?}"
  fi
}

# check_page PAGE: PAGE is a path relative to the project's directory, or an
# absolute one.
check_page() {
  local plan=$scratch/plan file

  page=$1
  rm -f "$scratch"/session.*
  awk -f "$here/plan.awk" "$page" >"$plan"
  awk -v to="$scratch/session." '
    /^session / { file = to sprintf("%04d", $2); next }
    /^(needs|block|untried|command|output)( |$)/ { print >file }' "$plan"
  for file in "$scratch"/session.*; do
    [ ! -f "$file" ] || session "$file"
  done
  excerpts "$plan"
  links "$plan"
}

# check_pictures: whether each drawing is what its text gives now.
check_pictures() {
  local text name

  for text in "$root"/docs/pictures/*.txt; do
    [ -f "$text" ] || continue
    name=docs/pictures/$(basename "$text" .txt).svg
    if awk -f "$root/docs/pictures/draw.awk" "$text" |
      cmp -s - "$root/$name"; then
      passes "$name is what its text draws"
    else
      fails "$name is what its text draws" "sh docs/pictures/draw.sh draws it"
    fi
  done
}

# fix_lines PAGE: writes the current line numbers into the links of the page.
fix_lines() {
  awk -f "$here/plan.awk" "$1" |
    awk -v root="$root" -v where=yes -f "$here/excerpt.awk" \
      >"$scratch/where"
  awk 'FILENAME == ARGV[1] { at[$1] = $2; next }
    /^```c$/ && FNR in at && above > 0 {
      gsub(/#L[0-9]+/, "#L" at[FNR], text[above])
      gsub(/, line [0-9]+/, ", line " at[FNR], text[above])
    }
    { text[FNR] = $0; if (NF > 0) above = FNR }
    END { for (i = 1; i <= FNR; i++) print text[i] }' \
    "$scratch/where" "$1" >"$scratch/page"
  if [ -s "$scratch/where" ] && ! cmp -s "$scratch/page" "$1"; then
    cat "$scratch/page" >"$1"
  fi
}

# --- The check must be able to fail ------------------------------------------

# must_fail WHAT TEXT: whether a page with this text is found wrong. TEXT is a
# session in printf's notation.
must_fail() {
  local found

  printf '%b' "$2" >"$scratch/wrong.md"
  found=$(LIMIT=1 BUILD=$build NC=$NC bash "$here/run.sh" "$scratch/wrong.md")
  case $found in
  *"not ok 1 "*) passes "$1 is noticed" ;;
  *) fails "$1 is noticed" "$found" ;;
  esac
}

# shellcheck disable=SC2016 # the backquotes are Markdown's
check_the_check() {
  local start='```console\n$ build/poll &\nListening on: [::]:8888\n'

  must_fail "one wrong word" "$start"'$ kill %1\nStoped.\n```\n'
  must_fail "a line too many" "$start"'$ kill %1\n```\n'
  must_fail "a line that does not come" "$start"'hello\n```\n'
  must_fail "a server that is left running" "$start"'```\n'
  must_fail "an excerpt that is not in the file" \
    '<!-- poll/server.c -->\n```c\n    free(watch);\n```\n'
  must_fail "a fixed port" \
    '<!-- not run: -->\n```console\n$ nc localhost 8888\n```\n'
  must_fail "a target that does not exist" \
    '<!-- not run: -->\n```console\n$ make coffee\n```\n'
}

# --- All of it ---------------------------------------------------------------

scratch=$(mktemp -d "${TMPDIR:-/tmp}/docs.XXXXXX") || exit 1
work=$scratch/work
trap 'trap "" INT TERM HUP
  [ -z "$session_pid" ] || end_family "$session_pid"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
# A `make` on a page is one that a reader types.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES BUILD BACKENDS FILTER

act=check_page
if [ "${1:-}" = --lines ]; then
  act=fix_lines
  shift
fi
cd "$root" || exit 1
if [ $# -gt 0 ]; then
  for page in "$@"; do $act "$page"; done
else
  for page in README.md docs/*.md; do $act "$page"; done
  if [ "$act" = check_page ]; then
    check_pictures
    check_the_check
  fi
fi
[ "$act" = check_page ] || exit 0
echo "1..$number"
[ "$failed" -eq 0 ]
