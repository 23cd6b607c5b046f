# speed.awk: the tables of speed.sh, from what it measured. A line is a figure,
# the number of the round, a server and its value.
#
#     awk -v figures="active flood" -v backends="poll epoll" \
#       -v against="yardstick libev" -f median.awk -f speed.awk build/speed.tsv

# Returns "median lower..upper" of a list.
function middle(key, decimals,    format) {
  if (!count[key])
    return "-"
  format = "%." decimals "f"
  return sprintf(format " " format ".." format, median(key),
    lower_quartile(key), upper_quartile(key))
}

# Returns the value of this server, without a unit for a ratio.
function own(figure, server,    key) {
  key = figure SUBSEP server
  return middle(key, count[key] && median(key) >= 100 ? 0 : 2)
}

# Puts the ratios of two servers, for each round that has both, into a list.
function compare(figure, server, base,    round, key) {
  key = figure SUBSEP server SUBSEP base
  for (round = 1; round <= rounds; round++)
    if (value[figure, round, server] > 0 && value[figure, round, base] > 0)
      insert(key, value[figure, round, server] / value[figure, round, base])
  return key
}

function table(figure, ratios,    i, j) {
  printf "%-14s  %18s", title[figure], unit[figure]
  for (j = 1; ratios && j <= base_count; j++)
    printf "  %16s", base[j]
  print ""
  for (i = 1; i <= server_count; i++) {
    if (!count[figure, server[i]])
      continue
    printf "%-14s  %18s", server[i], own(figure, server[i])
    for (j = 1; ratios && j <= base_count; j++)
      printf "  %16s", server[i] == base[j] ? "" : \
        middle(compare(figure, server[i], base[j]), 2)
    print ""
  }
  if (figure in wanted)
    print "wanted: " wanted[figure]
  print ""
}

function describe(figure, name, what, most) {
  title[figure] = name
  unit[figure] = what
  if (most != "")
    wanted[figure] = most
}

BEGIN {
  FS = "\t"
  base_count = split(against, base, " ")
  server_count = split(backends, server, " ")
  for (i = 1; i <= base_count; i++)
    if (index(" " backends " ", " " base[i] " ") == 0)
      server[++server_count] = base[i]
  describe("active", "100 active", "us/message",
    "of the better of libev and libuv, epoll 1.00, coroutine 1.10," \
    " kqueue 1.15, uring 0.90")
  describe("one", "one at a time", "us/message",
    "1.00 of the best library: epoll, coroutine, uring")
  describe("crowd", "and 9,000 idle", "us/message", wanted["one"])
  describe("connections", "connections", "us/client",
    "of the best library, epoll and coroutine 1.00, uring 0.90")
  describe("flood", "flood, 1,024", "ms/GB",
    "1.25 of the yardstick, 1.00 of libuv and libev")
  describe("flood64", "flood, 65,536", "ms/GB",
    "1.25 of the yardstick, 1.00 of libuv and libev")
  describe("memory", "an idle client", "bytes",
    "100, coroutine 200")
  describe("drops", "1,000 at once", "SYNs dropped", "0")
}

{
  value[$1, $2, $3] = $4
  insert($1 SUBSEP $3, $4)
  if ($2 > rounds)
    rounds = $2 + 0
}

END {
  print ""
  figure_count = split(figures, figure, " ")
  for (f = 1; f <= figure_count; f++)
    table(figure[f], figure[f] !~ /^(memory|drops)$/)
  print "median quartile..quartile; a ratio is of two runs in one round"
}
