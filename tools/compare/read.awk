# read.awk: reads the files of compare.sh in build/compare/: about (the machine
# and the servers), raw.tsv (each figure of each round) and notes. awk reads it
# after median.awk and before the program that draws:
#
#     server[1 ... server_count]   names, in the order of the table
#     title[name]                  what the table calls it
#     level[1 ... level_count]     numbers of idle clients
#     active[1 ... active_count]   and of those that all send
#     served[name, level]          how many clients were served there
#     figure(name, "flood mb_per_s", 1024)   a median, "-" where it is unknown;
#                                  last the clients, or the recv size

# Returns a number with three significant digits or more: 1.23 12.3 123 1,234.
function short(value) {
  if (value < 9.995)
    return sprintf("%.2f", value)
  if (value < 99.95)
    return sprintf("%.1f", value)
  return grouped(value)
}

function grouped(value,    text, rest) {
  text = sprintf("%.0f", value)
  rest = ""
  while (length(text) > 3) {
    rest = "," substr(text, length(text) - 2) rest
    text = substr(text, 1, length(text) - 3)
  }
  return text rest
}

function key_of(server, what, at) {
  return server SUBSEP what SUBSEP at
}

function figure(server, name, at,    key) {
  key = key_of(server, name, at)
  return count[key] ? median(key) : "-"
}

# Returns the last level at which all clients were served, "-" if there is
# none.
function last_level(server,    i, last) {
  last = "-"
  for (i = 1; i <= level_count; i++)
    if (figure(server, "messages cpu_us_per_message", level[i]) != "-")
      last = level[i]
  return last
}

BEGIN { FS = "\t" }

FILENAME ~ /about$/ && /^server: / {
  sub(/^server: /, "")
  server[++server_count] = $1
  title[$1] = $2
  next
}

FILENAME ~ /about$/ {
  name = $0
  sub(/: .*/, "", name)
  sub(/^[^:]*: /, "")
  about[name] = $0
  next
}

FILENAME ~ /notes$/ { notes[++note_count] = $0; next }

$3 == "messages served" && $5 != "-" { served[$1, $4] = $5 }

FNR > 1 && $5 != "-" { insert($1 SUBSEP $3 SUBSEP $4, $5) }

END {
  level_count = split(about["levels"], level, ",")
  active_count = split(about["active"], active, ",")
}
