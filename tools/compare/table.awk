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

function print_messages_head(    i, idle, all) {
  idle = 7 * level_count - 1
  all = 7 * active_count - 1
  printf "%-17s %7s %6s  %-" idle "s  %-" all "s  %s\n", "", "clients", "",
    "  CPU us/msg, idle:", "  active:", " calls/msg"
  printf "%-17s %7s %6s ", "", "at once", "most"
  for (i = 1; i <= level_count; i++)
    printf " %6s", grouped(level[i])
  printf " "
  for (i = 1; i <= active_count; i++)
    printf " %6s", grouped(active[i])
  printf "  %5s %5s\n", "one", "100"
}

function print_messages(server,    i, most) {
  most = most_clients(server)
  printf "%-17s %7s %6s ", title[server],
    most == "-" ? "-" : most == "1" ? "one" : "many", most
  for (i = 1; i <= level_count; i++)
    printf " %6s", show_short(figure(server, "messages cpu_us_per_message",
      level[i]))
  printf " "
  for (i = 1; i <= active_count; i++)
    printf " %6s", show_short(figure(server, "active cpu_us_per_message",
      active[i]))
  printf "  %5s %5s\n", show_short(figure(server, "calls per_message", 1)),
    show_short(figure(server, "calls per_message", 100))
}

function print_rest_head() {
  printf "%-17s  %-15s  %-15s  %10s  %10s\n", "", "     flood", "  new clients",
    "one idle", "an idle"
  printf "%-17s  %7s %7s  %7s %7s  %10s  %10s\n", "", "MB/s", "ms/GB", "CPU us",
    "per s", "client", "second"
}

function print_rest(server) {
  printf "%-17s  %7s %7s", title[server],
    show_grouped(flood(server, "mb_per_s")),
    show_grouped(flood(server, "cpu_ms_per_gb"))
  printf "  %7s %7s",
    show_short(figure(server, "connections cpu_us_per_connection", "-")),
    show_grouped(figure(server, "connections per_s", "-"))
  printf "  %10s", with_unit(show_grouped(memory(server)), "bytes")
  printf "  %10s\n",
    with_unit(show_grouped(figure(server, "rest cpu_ms_per_s", "-")), "ms")
}

function with_unit(text, unit) {
  return text == "-" ? text : text " " unit
}

# Says how far the rounds lie apart, for the figures in the table.
function print_spread(    key, part) {
  for (key in count) {
    split(key, part, SUBSEP)
    if (part[2] ~ /^(messages|active|connections|flood) (cpu_|per_s|mb_)/ &&
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
  print_messages_head()
  for (i = 1; i <= server_count; i++)
    print_messages(server[i])
  print ""
  print_rest_head()
  for (i = 1; i <= server_count; i++)
    print_rest(server[i])
  print ""
  print about["machine"] ", " about["date"]
  print_spread()
  print "CPU is the server's own; +: or more. docs/compare.md explains the" \
    " columns."
  for (i = 1; i <= note_count; i++)
    print notes[i]
}
