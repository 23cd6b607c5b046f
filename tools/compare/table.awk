# table.awk: the table of compare.sh, at most 100 columns wide.
#
#     awk -f median.awk -f read.awk -f table.awk \
#       about raw.tsv notes

function show_short(value) {
  return value == "-" ? "-" : short(value)
}

function show_grouped(value) {
  return value == "-" ? "-" : grouped(value)
}

# Returns the most clients that were served at once. With "+" it is all there
# were, so it might serve more.
function most_clients(server,    i, most, all) {
  for (i = 1; i <= level_count; i++)
    if ((server, level[i]) in served) {
      most = served[server, level[i]]
      all = most == level[i] + 1
    }
  return most == "" ? "-" : grouped(most) (all ? "+" : "")
}

# Returns the bytes per client, where there were the most that it serves.
function memory(server,    last) {
  last = last_level(server)
  if (last == "-" || last == 0)
    return "-"
  return figure(server, "messages bytes_per_client", last)
}

# Returns a figure of the flood: at the article's recv size, or at a peer's own.
function flood(server, name,    value) {
  value = figure(server, "flood " name, 1024)
  return value != "-" ? value : figure(server, "flood " name, "own")
}

function print_head(    i) {
  printf "%-17s %7s %6s ", "", "clients", ""
  printf " %-" (7 * level_count - 1) "s", "  CPU us/msg, idle:"
  printf " %5s %6s %10s %6s %6s\n", "flood", "flood", "new", "bytes", "calls"
  printf "%-17s %7s %6s ", "", "at once", "most"
  for (i = 1; i <= level_count; i++)
    printf " %6s", grouped(level[i])
  printf " %5s %6s %10s %6s %6s\n", "MB/s", "ms/GB", "clients/s", "/idle",
    "/msg"
}

function print_row(server,    i, most) {
  most = most_clients(server)
  printf "%-17s %7s %6s ", title[server],
    most == "-" ? "-" : most == "1" ? "one" : "many", most
  for (i = 1; i <= level_count; i++)
    printf " %6s", show_short(figure(server, "messages cpu_us_per_message",
      level[i]))
  printf " %5s", show_grouped(flood(server, "mb_per_s"))
  printf " %6s", show_grouped(flood(server, "cpu_ms_per_gb"))
  printf " %10s", show_grouped(figure(server, "connections per_s", "-"))
  printf " %6s", show_grouped(memory(server))
  printf " %6s\n", show_short(figure(server, "calls per_message", "-"))
}

# Says how far the rounds lie apart, for the figures in the table.
function print_spread(    key, part) {
  for (key in count) {
    split(key, part, SUBSEP)
    if (part[2] ~ /^(messages cpu_us|flood (cpu_ms|mb)|connections per_s)/ &&
        count[key] > 1 && median(key) > 0)
      half[key] = 50 * (greatest(key) - least(key)) / median(key)
  }
  for (key in half)
    insert("spread", half[key])
  if (count["spread"])
    printf "Medians of %d rounds, which differ by +-%.0f %% (at worst %.0f" \
      " %%).\n", about["rounds"], median("spread"), greatest("spread")
}

END {
  print ""
  print_head()
  for (i = 1; i <= server_count; i++)
    print_row(server[i])
  print ""
  print about["machine"] ", " about["date"]
  print_spread()
  print "CPU is the server's own; +: or more. docs/compare.md explains the" \
    " columns."
  for (i = 1; i <= note_count; i++)
    print notes[i]
}
