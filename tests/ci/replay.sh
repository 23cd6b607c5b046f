#!/usr/bin/env bash
# replay.sh: whether the code on the published page of the replay is still that of
# the project, comments aside. check-all and .ci/run call it:
#
#     bash tests/ci/replay.sh              says what has changed; status 1
#     bash tests/ci/replay.sh record       records the page again
#
# The page has every server that can be recorded here, with the scenario
# `four`. Other scenarios have pages of their own, with the servers that show
# most.
#
# See tools/replay/replay.py.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}
pages=$root/docs/replay
BUILD=$(cd "${BUILD:-$root/build}" && pwd) || exit 1
export BUILD

# without_comments: what the compiler sees of a C source, without what it includes.
without_comments() {
  gcc -fpreprocessed -dD -E -P -x c - 2>/dev/null
}

# code NAME PAGE: the lines of the server's source on the page.
code() {
  awk -v name="$1" '
    index($0, "{\"name\":\"" name "\"") == 1 { inside = 1 }
    inside && sub(/^"source":.*"lines":\[/, "") { lines = 1 }
    inside && lines {
      last = /\]}}$/
      sub(/\]}}$/, "")
      sub(/,$/, "")
      gsub(/^"|"$/, "")
      gsub(/\\u003c/, "<")
      gsub(/\\t/, "\t")
      gsub(/\\"/, "\"")
      gsub(/\\\\/, "\\")
      print
      if (last)
        exit
    }' "$2"
}

# fresh PAGE: whether each source on it is that of the tree; at least one is there.
fresh() {
  local name file status=1

  while IFS=$'\t' read -r name file; do
    if [ "$(code "$name" "$1" | without_comments)" != \
      "$(without_comments <"$root/$file")" ]; then
      echo "${1#"$root"/}: $file is not what it was when $name was recorded"
      return 1
    fi
    status=0
  done < <(awk '
    /^\{"name":"/ { name = $0; sub(/^\{"name":"/, "", name); sub(/".*/, "", name) }
    /^"source":\{"file":"/ {
      file = $0
      sub(/^"source":\{"file":"/, "", file)
      sub(/".*/, "", file)
      print name "\t" file
    }' "$1")
  return "$status"
}

check() {
  local page failed=0

  for page in "$pages"/*.html; do
    [ -f "$page" ] || { echo "there is no page in docs/replay" && return 1; }
    fresh "$page" || failed=1
  done
  [ "$failed" -eq 0 ] ||
    echo "record them again: make all tools && bash tests/ci/replay.sh record"
  return "$failed"
}

# page NAME SCENARIO SERVERS
page() {
  OUTPUT=$pages/$1.html SCENARIO=$2 BACKENDS=$3 \
    python3 -B "$root/tools/replay/replay.py" || exit 1
}

record() {
  mkdir -p "$pages"
  make -s -C "$root" all "$BUILD/replay/debug/tools/computes.so" \
    BUILD="$BUILD/replay/debug" CFLAGS='-g -O0' || exit 1
  # shellcheck source=tools/servers.sh
  . "$root/tools/servers.sh"
  page index four "$(BACKENDS='' servers | grep -v '^coroutine/[^e]' | xargs)"
  page reset reset 'blocking poll'
  page gone gone 'blocking poll'
  page split split 'blocking poll'
  page limit limit 'select epoll'
  page computes computes 'poll threads'
}

case ${1:-check} in
record) record ;;
*) check ;;
esac
