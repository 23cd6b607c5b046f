#!/usr/bin/env bash
# run.sh: tests `make grade`. A server with one bug of tests/broken/ must be
# stopped in the stage that the bug belongs to, and a server that is as it should
# be must meet everything.
#
#     bash tests/grade/run.sh                 every bug that --port alone can show
#     bash tests/grade/run.sh 10 18           those with this in their names
#
# stages.tsv has the stage of each patch. The report
# is in the Test Anything Protocol. From outside: BUILD, JOBS.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=${here%/*/*}
BUILD=$(cd "${BUILD:-$root/build}" && pwd) || exit 1
JOBS=${JOBS:-2}
export BUILD

# build_broken PATCH DIRECTORY PROGRAM: the server with this bug.
build_broken() {
  local part

  mkdir "$2"
  for part in Makefile common tools tests kqueue coroutine blocking; do
    cp -Rp "$root/$part" "$2"
  done
  for part in "$root"/*/server.c; do
    cp -Rp "${part%/server.c}" "$2"
  done
  (
    cd "$2" || exit 1
    patch -p1 -i "$1" >/dev/null || exit 1
    unset MAKEFLAGS MFLAGS MAKELEVEL
    make -s BUILD=build "build/$3" >/dev/null 2>&1
  )
}

# try NUMBER PATCH STAGE: one test.
try() {
  local number=$1 patch=$2 stage=$3 name server directory

  name=${patch##*/}
  name=${name%.patch}
  server=$(sed -n 's/^Server: *//p' "$patch")
  directory=$work/$name
  build_broken "$patch" "$directory" "${server%%/*}" || {
    echo "not ok $number - $name: it does not build"
    return
  }
  case $server in
  */*) option=" --selector ${server#*/}" ;;
  *) option= ;;
  esac
  SERVER="$directory/build/${server%%/*}$option" LIMIT=2 \
    bash "$root/tools/grade/grade.sh" </dev/null >"$work/$name.txt" 2>&1
  if ! sed -n "/^Stage [0-9]*: $stage\$/,\$p" "$work/$name.txt" |
    grep -q '^  not met: '; then
    echo "not ok $number - $name is stopped in the stage '$stage'"
    sed 's/^/# /' "$work/$name.txt"
  else
    echo "ok $number - $name is stopped in the stage '$stage'"
  fi
  rm -rf "$directory"
}

# sound NUMBER SERVER: one that is as it should be meets everything.
sound() {
  if SERVER="$BUILD/$2" bash "$root/tools/grade/grade.sh" </dev/null \
    >"$work/$2.txt" 2>&1; then
    echo "ok $1 - $2 meets everything"
  else
    echo "not ok $1 - $2 meets everything"
    sed 's/^/# /' "$work/$2.txt"
  fi
}

# wanted NAME [WORD...]
wanted() {
  local name=$1 word
  shift

  [ $# -gt 0 ] || return 0
  for word in "$@"; do
    case $name in
    *"$word"*) return 0 ;;
    esac
  done
  return 1
}

main() {
  local number=0 running=0 name stage patch

  work=$(mktemp -d "${TMPDIR:-/tmp}/grade-test.XXXXXX") || exit 1
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  {
    if [ $# -eq 0 ]; then
      for name in poll threads; do
        [ -x "$BUILD/$name" ] || continue
        number=$((number + 1))
        sound "$number" "$name"
      done
    fi
    while IFS=$'\t' read -r name stage; do
      case $name in
      '#'* | '') continue ;;
      esac
      wanted "$name" "$@" || continue
      for patch in "$root/tests/broken/$name"-*.patch; do
        number=$((number + 1))
        try "$number" "$patch" "$stage" &
        running=$((running + 1))
        [ $((running % JOBS)) -ne 0 ] || wait
      done
    done <"$here/stages.tsv"
    wait
    echo "1..$number"
  } | tee "$work/tap"
  ! grep -q '^not ok' "$work/tap"
}

main "$@"
