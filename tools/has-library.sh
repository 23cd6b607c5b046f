#!/bin/sh
# has-library.sh COMPILER HEADER LIBRARY: whether a program that includes
# <HEADER> can be linked with -lLIBRARY. COMPILER may contain flags.
work=$(mktemp -d "${TMPDIR:-/tmp}/library.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
printf '#include <%s>\nint main(void) { return 0; }\n' "$2" >"$work/try.c"
# shellcheck disable=SC2086 # a compiler with its flags
$1 -o "$work/try" "$work/try.c" "-l$3" >/dev/null 2>&1
