#!/bin/sh
# setup.sh: installs the programs that the tests need, if they are missing:
# bats (1.4 or newer), a netcat, and on Linux strace. It uses the system's own
# package manager, as root or through sudo, and prints each command before it
# runs it. If nothing is missing, it does nothing.
#
#     make setup
set -u

has() {
  command -v "$1" >/dev/null 2>&1
}

# Whether there is a bats that is new enough: BATS_TEST_TMPDIR came with 1.4.
has_bats() {
  has bats || return
  case $(bats --version) in
  'Bats 0.'* | 'Bats 1.'[0-3] | 'Bats 1.'[0-3].*) return 1 ;;
  esac
}

# run COMMAND...: prints it and runs it, as root.
run() {
  if [ "$(id -u)" -ne 0 ]; then
    has sudo || {
      echo "setup: this must be run as root, there is no sudo: $*" >&2
      exit 1
    }
    set -- sudo "$@"
  fi
  echo "+ $*"
  "$@" || {
    echo "setup: this has failed: $*" >&2
    exit 1
  }
}

missing=
has_bats || missing="$missing bats"
# Not every system has bash, in which bats and the suite are written.
has bash || missing="$missing bash"
has nc || has ncat || has netcat || missing="$missing netcat"
if [ "$(uname)" = Linux ]; then
  has strace || missing="$missing strace"
fi
missing=${missing# }
if [ -z "$missing" ]; then
  echo "setup: nothing is missing"
  exit 0
fi

# packages OF_BATS OF_NETCAT: the names of the missing packages on this system.
packages() {
  for tool in $missing; do
    case $tool in
    bats) echo "$1" ;;
    netcat) echo "$2" ;;
    *) echo "$tool" ;;
    esac
  done
}

# The names of packages hold no blanks, so they may be split into words.
# shellcheck disable=SC2046
if has apt-get; then
  run env DEBIAN_FRONTEND=noninteractive apt-get update
  run env DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends $(packages bats netcat-openbsd)
elif has dnf; then
  run dnf install -y $(packages bats nmap-ncat)
elif has apk; then
  run apk add $(packages bats netcat-openbsd)
elif has pacman; then
  run pacman -Sy --needed --noconfirm $(packages bash-bats openbsd-netcat)
elif has brew; then
  # Homebrew refuses to run as root.
  set -- brew install $(packages bats-core netcat)
  echo "+ $*"
  "$@" || exit 1
elif has pkg; then
  run pkg install -y $(packages bats-core netcat)
else
  echo "setup: install these by hand, no known package manager is here:" \
    "$missing" >&2
  exit 1
fi

for tool in $missing; do
  case $tool in
  netcat) has nc || has ncat || has netcat ;;
  bats) has_bats ;;
  *) has "$tool" ;;
  esac && continue
  if [ "$tool" = bats ] && has bats; then
    echo "setup: bats 1.4 or newer is needed, this system installs" \
      "$(bats --version); try: npm install -g bats" >&2
  else
    echo "setup: $tool is still missing" >&2
  fi
  exit 1
done
