# table.awk: the table of compare.sh, at most 80 columns wide, and a sentence
# that says what it shows.
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
  printf "%-17s %6s %-" idle "s  %-" all "s  %s\n", "", "at",
    "  CPU us/msg, idle:", "  active:", "calls/msg"
  printf "%-17s %6s", "", "once"
  for (i = 1; i <= level_count; i++)
    printf " %6s", grouped(level[i])
  printf " "
  for (i = 1; i <= active_count; i++)
    printf " %6s", grouped(active[i])
  printf " %5s %5s\n", "one", "100"
}

function print_messages(server,    i) {
  printf "%-17s %6s", title[server], most_clients(server)
  for (i = 1; i <= level_count; i++)
    printf " %6s", show_short(figure(server, "messages cpu_us_per_message",
      level[i]))
  printf " "
  for (i = 1; i <= active_count; i++)
    printf " %6s", show_short(figure(server, "active cpu_us_per_message",
      active[i]))
  printf " %5s %5s\n", show_short(figure(server, "calls per_message", 1)),
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

# Returns the CPU time of a message with so many idle clients, 0 if unknown.
function cost(name, idle) {
  return figure(name, "messages cpu_us_per_message", idle) + 0
}

# Returns the server that needs the most (sign 1) or the least (-1) CPU time
# with so many idle clients: `usual` if it was measured, "" if none was.
function extreme(usual, sign, idle,    i, best) {
  if (usual in title && cost(usual, idle) > 0)
    return usual
  best = ""
  for (i = 1; i <= server_count; i++)
    if (cost(server[i], idle) > 0 &&
        (best == "" || sign * cost(server[i], idle) > sign * cost(best, idle)))
      best = server[i]
  return best
}

# Returns how many times as much the first is as the second, as words.
function times(first, second,    ratio) {
  ratio = first / second
  if (ratio > 0.85 && ratio < 1.15)
    return "about as much"
  return (ratio < 9.95 ? sprintf("%.1f", ratio) : grouped(ratio)) \
    " times as much"
}

# Prints a text in lines of at most 78 columns.
function print_folded(text,    word, n, i, line) {
  n = split(text, word, " ")
  line = word[1]
  for (i = 2; i <= n; i++)
    if (length(line " " word[i]) > 78) {
      print line
      line = word[i]
    } else {
      line = line " " word[i]
    }
  print line
}

# Says in a sentence what the first table shows: what a message costs poll with
# the most idle clients, compared with epoll; or other two, or one server alone.
function print_conclusion(    last, high, low, text) {
  last = level[level_count]
  high = extreme("poll", 1, last)
  low = extreme("epoll", -1, last)
  if (high == "" || (high == low && cost(high, 0) == 0))
    return
  text = "With " grouped(last) " idle clients, " high " needs "
  if (high == low)
    text = text times(cost(high, last), cost(high, 0)) \
      " CPU time for a message as without them."
  else
    text = text times(cost(high, last), cost(low, last)) \
      " CPU time for a message as " low
  if (high != low && cost(high, 0) > 0 && cost(low, 0) > 0)
    text = text "; without idle clients it needs " \
      times(cost(high, 0), cost(low, 0))
  print ""
  print_folded(text (high == low ? "" : "."))
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
  print_conclusion()
}
