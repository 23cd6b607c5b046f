#!/bin/sh
# draw.sh: draws every picture here from its text. See draw.awk.
cd "$(dirname "$0")" || exit 1
for text in *.txt; do
  awk -f draw.awk "$text" >"${text%.txt}.svg" || exit 1
done
