# diff.awk: shows two files of C next to each other; diff.sh says how.
#
#     awk -v width=120 -v colour=yes -f diff.awk poll/server.c epoll/server.c
#
# Both the lines of the files and the words of a changed line are compared by
# their longest common subsequence, as diff(1) does.

# without_comments(line): the line without comments in /* */ or after //.
# `inside` says whether a comment continues in the next line.
function without_comments(line,   out, at) {
  while (line != "") {
    if (inside) {
      at = index(line, "*/")
      if (!at) return out
      line = substr(line, at + 2)
      inside = 0
      continue
    }
    if (!match(line, /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|\/\*|\/\//))
      return out line
    if (substr(line, RSTART, 2) == "//") return out substr(line, 1, RSTART - 1)
    if (substr(line, RSTART, 2) == "/*") {
      out = out substr(line, 1, RSTART - 1)
      inside = 1
    } else
      out = out substr(line, 1, RSTART + RLENGTH - 1)
    line = substr(line, RSTART + RLENGTH)
  }
  return out
}

# words(line, into): cuts a line into words, blanks and single characters.
function words(line, into,   n) {
  while (line != "") {
    if (!match(line, /^([A-Za-z0-9_]+| +)/)) RLENGTH = 1
    into[++n] = substr(line, 1, RLENGTH)
    line = substr(line, RLENGTH + 1)
  }
  return n + 0
}

# common(a, n, b, m): fills keep_a and keep_b: which entries both have, in order.
function common(a, n, b, m,   i, j, longest) {
  split("", keep_a)
  split("", keep_b)
  for (i = n; i >= 1; i--)
    for (j = m; j >= 1; j--)
      if (a[i] == b[j]) longest[i, j] = longest[i + 1, j + 1] + 1
      else longest[i, j] = longest[i + 1, j] + 0 >= longest[i, j + 1] + 0 ? \
        longest[i + 1, j] : longest[i, j + 1]
  for (i = j = 1; i <= n && j <= m;)
    if (a[i] == b[j]) {
      keep_a[i++] = 1
      keep_b[j++] = 1
    } else if (longest[i + 1, j] + 0 >= longest[i, j + 1] + 0) i++
    else j++
}

# painted(list, n, keep, mark): the words of a line, those not kept in colour,
# cut into pieces of `room` columns. Puts them into `pieces`; returns how many.
function painted(list, n, keep, mark,   i, word, part, used, count, text, on) {
  split("", pieces)
  count = 1
  for (i = 1; i <= n; i++) {
    word = list[i]
    if (length(word) > room - used && length(word) < room / 2) {
      pieces[count++] = text sprintf("%" (room - used) "s", "")
      text = "        "
      used = 8
    }
    while (word != "") {
      part = substr(word, 1, room - used)
      word = substr(word, length(part) + 1)
      on = colour && !keep[i] && part !~ /^ *$/
      text = text (on ? mark : "") part (on ? "\033[0m" : "")
      used += length(part)
      if (used == room && (word != "" || i < n)) {
        pieces[count++] = text
        text = "        "
        used = 8
      }
    }
  }
  pieces[count] = text sprintf("%" (room - used) "s", "")
  return count
}

# Prints one pair of lines; `sign` is the mark between them.
function show(left, sign, right,   n, m, i, rows, more, list_a, list_b) {
  n = words(left, list_a)
  m = words(right, list_b)
  if (sign == "|") common(list_a, n, list_b, m)
  else {
    split("", keep_a)
    split("", keep_b)
    if (sign == " ")
      for (i = 1; i <= n || i <= m; i++) keep_a[i] = keep_b[i] = 1
  }
  if (!side_by_side) {
    rows = sign != ">" ? painted(list_a, n, keep_a, RED) : 0
    for (i = 1; i <= rows; i++)
      print_row((sign == " " ? " " : "<") " " pieces[i])
    rows = sign != "<" && sign != " " ? painted(list_b, m, keep_b, GREEN) : 0
    for (i = 1; i <= rows; i++) print_row("> " pieces[i])
    return
  }
  rows = painted(list_a, n, keep_a, RED)
  for (i = 1; i <= rows; i++) row[i] = pieces[i]
  more = painted(list_b, m, keep_b, GREEN)
  for (i = 1; i <= rows || i <= more; i++)
    print_row((i <= rows ? row[i] : blank) " " (i == 1 ? sign : " ") " " \
      (i <= more ? pieces[i] : ""))
}

function print_row(text) {
  sub(/ +$/, "", text)
  print text
}

# Whether a line counts as a difference: neither blank nor an include.
function counts(line) {
  return line !~ /^ *$/ && line !~ /^#(include|define _)/
}

FNR == 1 { file[++files] = FILENAME; inside = 0; was_blank = 1 }
{
  commented = inside || /\/[*\/]/
  line = without_comments($0)
  sub(/[ \t\r]+$/, "", line)
  gsub(/\t/, "        ", line)
  if (line == "" && (commented || was_blank)) next
  was_blank = line == ""
  if (files == 1) one[++n] = line
  else two[++m] = line
}

END {
  RED = "\033[1;31m"
  GREEN = "\033[1;32m"
  side_by_side = width >= 100
  room = side_by_side ? int((width - 3) / 2) : width - 2
  blank = sprintf("%" room "s", "")
  common(one, n, two, m)
  for (i = 1; i <= n; i++) kept_one[i] = keep_a[i]
  for (j = 1; j <= m; j++) kept_two[j] = keep_b[j]
  for (i = 1; i <= n; i++) differ += !kept_one[i] && counts(one[i])
  for (j = 1; j <= m; j++) differ += !kept_two[j] && counts(two[j])
  if (count) {
    print differ + 0
    exit
  }
  show(file[1], "|", file[2])
  print ""
  for (i = j = 1; i <= n || j <= m;)
    if (i <= n && j <= m && kept_one[i] && kept_two[j])
      show(one[i++], " ", two[j++])
    else if (i <= n && j <= m && !kept_one[i] && !kept_two[j])
      show(one[i++], "|", two[j++])
    else if (i <= n && !kept_one[i]) show(one[i++], "<", "")
    else show("", ">", two[j++])
  printf "\n%d lines differ; includes, blank lines and comments do not count.\n",
    differ
}
