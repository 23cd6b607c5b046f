# speed.awk: the table of speed.sh, from the pairs that it measured. A line is
# a figure, a server, its value and the value to divide it by; "-" is unknown.
#
#     awk -v backends="poll epoll" -f median.awk -f speed.awk build/speed.tsv

function row(title, figure, decimals, wanted,    i, key, format) {
  printf "%-25s", title
  for (i = 1; i <= backend_count; i++) {
    key = figure SUBSEP name[i]
    format = "%." (count[key] && median(key) < 100 ? decimals : 0) "f"
    if (!count[key])
      printf "  %16s", "-"
    else
      printf "  %16s", sprintf(format " " format ".." format,
        median(key), lower_quartile(key), upper_quartile(key))
  }
  print "  " wanted
}

BEGIN {
  FS = "\t"
  backend_count = split(backends, name, " ")
}

$3 != "-" && $4 != "-" && $4 > 0 { insert($1 SUBSEP $2, $3 / $4) }

END {
  printf "%-25s", "median quartile..quartile"
  for (i = 1; i <= backend_count; i++)
    printf "  %16s", name[i]
  print "  wanted"
  row("CPU/GB, recv size 1024", "flood 1024", 2, "1.25")
  row("CPU/GB, 65536", "flood 65536", 2, "1.25")
  row("CPU/connection", "connection", 2, "1.15")
  row("CPU/message, 9000 idle", "crowd", 2, "1.10 epoll, coroutine")
  row("bytes/idle client", "memory", 0, "100, coroutine 200")
  row("SYNs dropped of 1000", "drops", 0, "0")
}
