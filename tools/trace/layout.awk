# layout.awk: shows one table of trace.awk on the screen, or two side by side
# if there is room, step by step. trace.sh calls it with:
#
#   columns   how wide the screen is
#   color     1: with colour
#   fancy     1: rules may be drawn with more than ASCII

BEGIN {
  FS = "\t"
  bold = color ? "\033[1m" : ""
  dim = color ? "\033[2m" : ""
  sleep_color = color ? "\033[36m" : ""
  plain = color ? "\033[0m" : ""
  dash = fancy ? "─" : "-"
  full = columns < 79 ? columns - 1 : 78
  bar = fancy ? "│" : "|"
}

# Table t, its steps, and in each step its rows: "call" or "turn".
FNR == 1 { t++ }
$1 == "name" { name[t] = $2 }
$1 == "step" { title[t, ++steps[t]] = $2 }
$1 == "turn" && rows[t, steps[t]] > 0 {
  rows[t, steps[t]]++
  kind[t, steps[t], rows[t, steps[t]]] = "turn"
}
$1 == "who" { legend[t] = legend[t] (legend[t] == "" ? "" : ", ") $2 " " $3 }
$1 == "call" {
  rows[t, steps[t]]++
  at = t SUBSEP steps[t] SUBSEP rows[t, steps[t]]
  kind[at] = "call"
  call[at] = $2
  result[at] = $3
  remark[at] = $4
  short[at] = $5
  by[at] = $6
  if ($2 ~ /^(asks|done) /) told[t] = 1
  if (length($2) > widest[t]) widest[t] = length($2)
  if (length($3) > results[t]) results[t] = length($3)
}

$1 == "process" {
  label[t, $2] = $3
  labels[t] = labels[t] ", " mark_of($3) " " $3
  if (length($3) > label_width[t]) label_width[t] = length($3)
}
$1 == "idle" { idle[t] = $2 }
$1 == "asked" { asked[t] = $2; empty[t] = $3 }

# The mark of a process if there is little room: "p" for the parent, "a" for
# child a.
function mark_of(text) {
  return substr(text, text ~ / / ? length(text) : 1, 1)
}

function repeat(text, n,    all) {
  while (n-- > 0) all = all text
  return all
}

# Cuts or fills the text to n columns. All of it is ASCII.
function fit(text, n) {
  return sprintf("%-" n "s", substr(text, 1, n))
}

function rule(text, width) {
  return bold repeat(dash, 3) " " text " " \
    repeat(dash, width - length(text) - 5) plain
}

# Prints a line without the blanks at its end.
function put(line) {
  sub(/ +$/, "", line)
  print line
}

function heading(t) {
  return name[t] ": the system calls while two clients talk"
}

function beneath(t) {
  if (name[t] ~ /kqueue/)
    return "(on Linux kqueue(2) is made of epoll: these are epoll's calls)"
  if (told[t])
    return "(\"asks\" and \"done\" are entries of two queues in memory, not calls)"
  return ""
}

# The colour of a row: one in which the process sleeps, or that found nothing.
function shade(at) {
  if (result[at] == "..." || call[at] == "") return sleep_color
  return result[at] == "= EAGAIN" ? dim : ""
}

# The text in the colour of its row.
function shaded(at, text,    tint) {
  tint = shade(at)
  return tint == "" ? text : tint text plain
}

# One row at full width. A remark that is too long continues in the next line.
function wide_row(at, t,    text, margin, room, cut) {
  if (kind[at] == "turn") return ""
  text = "  "
  if (label_width[t]) text = text fit(label[t, by[at]], label_width[t] + 2)
  text = text fit(call[at], widest[t]) "  " fit(result[at], results[t] > 9 ? results[t] : 9) "  "
  margin = length(text)
  room = columns - margin
  if (remark[at] == "" || length(remark[at]) <= room)
    return shaded(at, text remark[at])
  if (room < 24) {
    sub(/ +$/, "", text)
    return shaded(at, text) "\n" shaded(at, repeat(" ", 6) remark[at])
  }
  for (cut = room; cut > 1 && substr(remark[at], cut, 1) != " ";) cut--
  return shaded(at, text substr(remark[at], 1, cut - 1)) "\n" \
    shaded(at, repeat(" ", margin) substr(remark[at], cut + 1))
}

# One row of one side of two. The call and its result share a column. Before
# them is the mark of the process or thread that makes the call, if there is
# more than one.
function narrow_row(at, width, t,    text, mark) {
  if (kind[at] != "call") return fit("", width)
  if (label_width[t]) {
    mark = fit(mark_of(label[t, by[at]]), 2)
  }
  if (call[at] == "") return shaded(at, fit(mark short[at], width))
  text = fit(mark call[at] " " result[at], 24) " "
  return shaded(at, fit(text short[at], width))
}

# The cost of a second in which nothing happens.
function print_idle(t,    what) {
  what = asked[t] != "" ? ", all that it gets: it never sleeps" : \
    idle[t] < 20 ? ": it sleeps" : ""
  if (idle[t] != "")
    print "  " name[t] ": " idle[t] " ms of CPU time" what
  if (asked[t] != "")
    print "  (In the steps above it made " asked[t] " calls, and " empty[t] \
      " found nothing.\n  strace slows it down: without it there are far more.)"
}

function print_all_idle(    i) {
  if (idle[1] idle[2] asked[1] asked[2] == "") return
  print rule("nothing happens for a second, without strace", full)
  for (i = 1; i <= t; i++)
    print_idle(i)
}

function print_legend(t) {
  print dim legend[t] plain
}

function show_one(t,    s, r) {
  print bold heading(t) plain
  if (beneath(t) != "") print beneath(t)
  print_legend(t)
  for (s = 1; s <= steps[t]; s++) {
    print rule(title[t, s], full)
    for (r = 1; r <= rows[t, s]; r++)
      print wide_row(t SUBSEP s SUBSEP r, t)
  }
  print_all_idle()
}

# A step of both tables, one below the other.
function stack(s,    t, r) {
  print rule(title[1, s], full)
  for (t = 1; t <= 2; t++) {
    print bold name[t] plain
    for (r = 1; r <= rows[t, s]; r++)
      if (kind[t, s, r] == "call") print wide_row(t SUBSEP s SUBSEP r, t)
  }
}

# A step of both tables, side by side.
function pair(s, width,    r, most) {
  print rule(title[1, s], 2 * width + 3)
  most = rows[1, s] > rows[2, s] ? rows[1, s] : rows[2, s]
  for (r = 1; r <= most; r++)
    put(narrow_row(1 SUBSEP s SUBSEP r, width, 1) " " bar " " \
      narrow_row(2 SUBSEP s SUBSEP r, width, 2))
}

function show_two(    s, width) {
  width = 47
  if (columns < 100) {
    for (t = 1; t <= 2; t++) {
      print bold heading(t) plain
      if (beneath(t) != "") print beneath(t)
      print_legend(t)
    }
  } else {
    for (t = 1; t <= 2; t++)
      print dim name[t] ": " legend[t] labels[t] plain
    print bold fit(name[1], width) plain " " bar " " bold name[2] plain
    for (t = 1; t <= 2; t++)
      if (beneath(t) != "") print beneath(t)
  }
  for (s = 1; s <= steps[1]; s++)
    if (columns < 100) stack(s)
    else pair(s, width)
  t = 2
  print_all_idle()
}

END {
  if (t == 2) show_two()
  else show_one(1)
}
