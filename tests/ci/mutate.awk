# mutate.awk: finds every small change that mutate.sh may make to a file of C.
#
#     awk -f mutate.awk FILE...                     lists them, one per line:
#             number, file, line, function, old line, new line, between tabs
#     awk -v apply=N -f mutate.awk FILE             prints the file with change N
#     awk -v mode=draw -v seed=S -v equivalents=LIST -f mutate.awk CHANGES
#             the same lines in random order, each with one field more: why it
#             is equivalent, if the list says so, else "-"; and a line "stale"
#             for each entry of the list that is not among them
#
# It reads C as clang-format lays it out here: the braces of a function are in
# the first column, an operator with two operands has a space on each side, and
# every statement begins on its own line. It needs no parser for that. Only the
# code in functions is changed: no comment, no string, no preprocessor line, and
# of a declaration only the value that it begins with.

# --- Reading -----------------------------------------------------------------

BEGIN {
  FS = OFS = "\t"
  if (mode == "draw") read_equivalents()
  split("SHUT_RD SHUT_WR SHUT_WR SHUT_RD SHUT_RDWR SHUT_WR true false " \
    "false true BLOCKING NON_BLOCKING NON_BLOCKING BLOCKING SIG_IGN SIG_DFL " \
    "SIG_DFL SIG_IGN STDOUT_FILENO STDERR_FILENO STDERR_FILENO STDOUT_FILENO " \
    "CLOCK_MONOTONIC CLOCK_REALTIME CLOCK_REALTIME CLOCK_MONOTONIC " \
    "POLLIN POLLOUT EPOLLIN EPOLLOUT EVFILT_READ EVFILT_WRITE " \
    "EAGAIN EINVAL EINTR EINVAL EXIT_FAILURE EXIT_SUCCESS SIGINT SIGTERM " \
    "SIG_BLOCK SIG_UNBLOCK SIG_UNBLOCK SIG_BLOCK", pair, " ")
  for (i = 1; i in pair; i += 2) other[pair[i]] = pair[i + 1]
  split("== != != == <= < >= > < <= > >= && || || && + - - + * / / * % / " \
    "& | | & += -= -= += << >> >> <<", pair, " ")
  for (i = 1; i in pair; i += 2) operator[pair[i]] = pair[i + 1]
  split("if for while switch do return case default goto else", pair, " ")
  for (i = 1; i in pair; i++) keyword[pair[i]] = 1
}

mode == "draw" { draw_line(); next }

FNR == 1 { next_file(); file = FILENAME }
{ text = text $0 "\n" }

END {
  if (mode == "draw") shuffle()
  else next_file()
}

function next_file() {
  if (text != "") mutate_file()
  text = ""
}

# blank STRING: as many spaces; newlines stay.
function blank(string) {
  gsub(/[^\n]/, " ", string)
  return string
}

# read_code: sets `code`, the text without comments and preprocessor lines, and
# `mask`, the same without strings. Both are as long as the text, so that a
# place in one is the place in all.
function read_code(rest, part) {
  code = mask = ""
  rest = text
  while (rest != "") {
    if (match(rest, /^[ \t]*#([^\n]*\\\n)*[^\n]*/) &&
        (code == "" || substr(code, length(code)) == "\n"))
      take_blank()
    else if (match(rest, /^\/\*([^*]|\*+[^*\/])*\*+\//) ||
             match(rest, /^\/\/[^\n]*/))
      take_blank()
    else if (match(rest, /^"([^"\\\n]|\\.)*"/) ||
             match(rest, /^'([^'\\\n]|\\.)*'/)) {
      part = substr(rest, 1, RLENGTH)
      code = code part
      gsub(/./, "\"", part)
      mask = mask part
    } else {
      if (!match(rest, /^[^\/"'\n]+/)) RLENGTH = 1
      part = substr(rest, 1, RLENGTH)
      code = code part
      mask = mask part
    }
    rest = substr(text, length(code) + 1)
  }
}

function take_blank() {
  code = code blank(substr(text, length(code) + 1, RLENGTH))
  mask = mask substr(code, length(mask) + 1)
}

# --- Statements --------------------------------------------------------------

# end_of START: the place of the semicolon that ends the statement, 0 if a brace
# comes first that is no value.
function end_of(start, i, c, depth) {
  for (i = start; i <= size; i++) {
    c = char[i]
    if (c == "(" || c == "{" || c == "[") depth++
    else if (c == ")" || c == "}" || c == "]") depth--
    else if (c == ";" && depth == 0) return i
    if (depth < 0) return 0
  }
  return 0
}

function is_declaration(body, word) {
  if (body ~ /^(static|const|struct|enum|unsigned|union|volatile)[ \n]/)
    return 1
  word = body
  sub(/[^A-Za-z0-9_].*/, "", word)
  return !(word in keyword) &&
    body ~ /^[A-Za-z_][A-Za-z0-9_]*( +[*]*|[ *]*[*])[A-Za-z_]/
}

# statement START: what begins at the first place of a line.
function statement(start, end, body, word, equals) {
  if (match(substr(mask, start, 80), /^case [^:;{}\n]*:\n/)) {
    add(start, RLENGTH - 1, "")
    return
  }
  end = end_of(start)
  if (!end) return
  body = substr(mask, start, end - start + 1)
  word = body
  sub(/[^A-Za-z0-9_].*/, "", word)
  if (body == "return;" || !(word in keyword) && !is_declaration(body)) {
    add(start, end - start + 1, "{}")
  } else if (!(word in keyword)) {
    # A declaration is left alone as far as its value.
    equals = match(body, / = /) && body !~ /^static/ ? RSTART : length(body)
    quiet = start + equals
  }
}

# condition START: `if (x)` or `while (x)`; START is the parenthesis. `!x` and
# `a == b` are reversed by changing the operator.
function condition(start, i, depth, all) {
  for (i = start; i <= size; i++) {
    if (char[i] == "(") depth++
    else if (char[i] == ")" && --depth == 0) break
  }
  all = substr(code, start, i - start + 1)
  if (all ~ /&&|\|\|/ || all !~ /^\(!| [!=]= /)
    add(start, i - start + 1, "(!" all ")")
}

# --- The changes -------------------------------------------------------------

# whole_lines START LENGTH: sets line_start and line_end, the first and the last
# place of the lines on which this is.
function whole_lines(start, length_) {
  line_start = start
  while (line_start > 1 && char[line_start - 1] != "\n") line_start--
  line_end = start + length_ - 1
  while (line_end < size && char[line_end + 1] != "\n") line_end++
}

function squeeze(string) {
  gsub(/[ \t\n]+/, " ", string)
  sub(/^ /, "", string)
  sub(/ $/, "", string)
  return string == "" ? "(nothing)" : string
}

# add START LENGTH REPLACEMENT: one change.
function add(start, length_, replacement) {
  number++
  if (apply != "") {
    if (number == apply)
      printf "%s%s%s", substr(text, 1, start - 1), replacement,
        substr(text, start + length_)
    return
  }
  whole_lines(start, length_)
  print number, file, line, name,
    squeeze(substr(code, line_start, line_end - line_start + 1)),
    squeeze(substr(code, line_start, start - line_start) replacement \
      substr(code, start + length_, line_end - start - length_ + 1))
}

# number_at START TOKEN, word_at START WORD, operator_at START SIGN: the
# changes to what is there.
function number_at(start, token) {
  if (char[start - 1] == "-" && char[start - 2] !~ /[A-Za-z0-9_)\]]/)
    add(start - 1, 2, token == "1" ? "0" : token)
  else if (token == "0") add(start, 1, "1")
  else if (token == "1") add(start, 1, "0")
  else {
    add(start, length(token), "(" token " + 1)")
    add(start, length(token), "(" token " - 1)")
  }
}

function word_at(start, word, rest) {
  if (word in other) add(start, length(word), other[word])
  if (word ~ /^(if|while)$/ && char[start + length(word)] == " " &&
      char[start + length(word) + 1] == "(")
    condition(start + length(word) + 1)
  # One flag of several.
  rest = substr(mask, start - 3, 3)
  if (rest == " | " && word ~ /^[A-Z][A-Z0-9_]*$/)
    add(start - 3, length(word) + 3, "")
}

function operator_at(start, sign) {
  if (sign in operator && char[start - 1] ~ /[ \n]/ &&
      char[start + length(sign)] ~ /[ \n]/)
    add(start, length(sign), operator[sign])
  else if (sign == "++") add(start, 2, "--")
  else if (sign == "--") add(start, 2, "++")
  else if (sign == "!") add(start, 1, "")
}

function mutate_file(i, c, rest, depth, inside, before, header) {
  read_code()
  size = split_chars(mask)
  number = 0
  line = 1
  inside = 0
  before = ""
  quiet = 0
  for (i = 1; i <= size; i++) {
    c = char[i]
    if (c == "\n") {
      line++
      rest = substr(mask, i + 1, 200)
      sub(/\n.*/, "", rest)
      if (!inside && rest ~ /^[A-Za-z_].*\(/) {
        name = rest
        sub(/\(.*/, "", name)
        sub(/.*[^A-Za-z0-9_]/, "", name)
      }
      if (rest == "{") { inside = 1; depth = 0 }
      if (rest == "}") inside = 0
      continue
    }
    if (c == " " || c == "\t" || !inside) continue
    # The first place of a line may begin a statement.
    if (depth == 0 && match(substr(mask, i - 60 > 0 ? i - 60 : 1,
        i - (i - 60 > 0 ? i - 60 : 1)), /\n[ \t]*$/) &&
        (before ~ /[;{}):]/ || last_word == "else" || last_word == "do"))
      statement(i)
    if (c == "(") depth++
    if (c == ")") depth--
    before = c
    if (c ~ /[A-Za-z0-9_]/) {
      match(substr(mask, i, 100), /^[A-Za-z0-9_]+/)
      rest = substr(mask, i, RLENGTH)
      last_word = rest
      if (i >= quiet && char[i - 1] != ".") {
        if (rest ~ /^[0-9]/) number_at(i, rest)
        else word_at(i, rest)
      }
      i += RLENGTH - 1
      continue
    }
    last_word = ""
    if (match(substr(mask, i, 3), /^[-!=<>&|+*\/%^]+/)) {
      rest = substr(mask, i, RLENGTH)
      if (i >= quiet) operator_at(i, rest)
      i += RLENGTH - 1
    }
  }
}

# split_chars STRING: sets `char`, its characters; returns how many there are.
function split_chars(string, i, n, lines, j, k, l) {
  split("", char)
  n = 0
  j = split(string, lines, "\n")
  for (i = 1; i <= j; i++) {
    l = length(lines[i])
    for (k = 1; k <= l; k++) char[++n] = substr(lines[i], k, 1)
    if (i < j) char[++n] = "\n"
  }
  return n
}

# --- Drawing -----------------------------------------------------------------

function read_equivalents(entry, field) {
  while ((getline entry <equivalents) > 0) {
    if (entry ~ /^#/ || entry == "") continue
    if (split(entry, field, "\t") != 5) {
      print "stale\t" entry
      continue
    }
    entry = field[1] "\t" field[2] "\t" field[3] "\t" field[4]
    reason[entry] = field[5]
    unseen[entry] = 1
  }
}

function draw_line(key) {
  key = $2 "\t" $4 "\t" $5 "\t" $6
  drawn[++total] = $0 "\t" (key in reason ? reason[key] : "-")
  delete unseen[key]
}

# The "minimal standard" generator: the same in every awk.
function random_below(limit) {
  seed = (seed * 16807) % 2147483647
  return int(seed / 2147483647 * limit)
}

function shuffle(i, j, one) {
  seed = seed % 2147483646 + 1
  random_below(1)
  for (i = total; i > 1; i--) {
    j = 1 + random_below(i)
    one = drawn[i]
    drawn[i] = drawn[j]
    drawn[j] = one
  }
  for (i = 1; i <= total; i++) print drawn[i]
  for (one in unseen) print "stale\t" one
}
