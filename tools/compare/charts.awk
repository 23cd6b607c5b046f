# charts.awk: the charts of compare.sh, as SVG for a page or a slide:
# messages.svg, active.svg and throughput.svg. Only the style sheet says what
# they look like, for light viewers and for dark ones.
#
#     awk -v out=DIRECTORY -f median.awk -f read.awk \
#       -f charts.awk about raw.tsv notes
#
# See https://www.w3.org/TR/SVG11/.

# ---- what the charts share ----

function add(text) {
  print text >file
}

function add_text(class, x, y, text) {
  add(sprintf("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>",
    class, x, y, text))
}

function add_line(class, x1, y1, x2, y2) {
  add(sprintf("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" " \
    "y2=\"%.1f\"/>", class, x1, y1, x2, y2))
}

# Sets the colours of one kind of viewer: a line, a mark, a bar or a name of
# class c is drawn in colour[c].
function add_colours(list,    i, n, part, class, colour) {
  n = split(list, part, " ")
  for (i = 1; i < n; i += 2) {
    class = part[i]
    colour = part[i + 1]
    add(sprintf(".%s { fill: %s; stroke: %s }", class, colour, colour))
  }
}

function begin_chart(name, heading, subheading, high) {
  file = out "/" name ".svg"
  height = high
  add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1280 " height \
    "\" role=\"img\">")
  add("<title>" heading "</title>")
  add("<style>")
  add("text { font-family: 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans'," \
    " sans-serif; font-size: 20px }")
  add("text.heading { font-size: 36px; font-weight: bold }")
  add("text.subheading { font-size: 22px }")
  add("text.label { font-size: 24px; font-weight: bold; stroke: none }")
  add("tspan.value { font-weight: normal }")
  add("text.small { font-size: 18px }")
  add("text.right { text-anchor: end }")
  add("text.middle { text-anchor: middle }")
  add("polyline.line { fill: none; stroke-width: 4; stroke-linejoin: round;" \
    " stroke-linecap: round }")
  add("polyline.asyncio { stroke-width: 3; stroke-dasharray: 1 8 }")
  add("polyline.select { stroke-width: 13; opacity: 0.55 }")
  add("polyline.dashed { stroke-dasharray: 12 9 }")
  add("line.leader { stroke-width: 1.5 }")
  add("line.spread { stroke-width: 8; opacity: 0.3 }")
  add_colours("page #ffffff grid #d3d8de axis #a3abb4")
  add("text { fill: #1c2126 }")
  add(".faint { fill: #57606a }")
  add_colours(light)
  add("@media (prefers-color-scheme: dark) {")
  add_colours("page #14181d grid #39424c axis #6c7783")
  add("text { fill: #e8ecf0 }")
  add(".faint { fill: #a4aeb8 }")
  add_colours(dark)
  add("}")
  add("</style>")
  add("<rect class=\"page\" width=\"1280\" height=\"" height "\"/>")
  add_text("heading", 48, 66, heading)
  add_text("subheading faint", 48, 102, subheading)
}

function end_chart() {
  add_text("small faint", 48, height - 28, about["machine"] ", " about["date"] \
    (about["rounds"] > 1 ? "; medians of " about["rounds"] " rounds" : "") \
    (title["kqueue"] ~ /[(]/ ? "; " title["kqueue"] : ""))
  add("</svg>")
  close(file)
}

# Returns the class that has the colour of this server.
function class_of(name) {
  sub(/\/.*/, "", name)
  return name
}

# Returns a time given in microseconds: 12 µs, 1.2 ms.
function time_text(us) {
  if (us < 9.95)
    return sprintf("%.1f µs", us)
  if (us < 999.5)
    return sprintf("%.0f µs", us)
  return sprintf(us < 9950 ? "%.1f ms" : "%.0f ms", us / 1000)
}

# ---- messages.svg: a line for each server ----

# Returns the logarithm, binary digit by binary digit: the square has twice as
# much of it. (A BusyBox may be built without log.)
function log10(value,    sum, digit) {
  for (; value >= 10; value /= 10)
    sum++
  for (; value < 1; value *= 10)
    sum--
  for (digit = 0.5; digit > 0.00001; digit /= 2) {
    value *= value
    if (value >= 10) {
      value /= 10
      sum += digit
    }
  }
  return sum
}

# No idle client at all is drawn where ten of them would be: 0 has no logarithm.
function x_of(idle) {
  if (idle < 10)
    return left
  return left + (right - left) * (log10(idle) - 1) / (log10(x_most) - 1)
}

function y_of(us) {
  return bottom - (bottom - top) * log10(us / y_least) / log10(y_most / y_least)
}

function cost(name, idle) {
  return figure(name, "messages cpu_us_per_message", idle)
}

# Says whether this server has a line: it serves many clients, and it is ours or
# the article's. The table has the others.
function has_line(name) {
  return name !~ /^(lib.*|ncat|socat|nc)$/ && last_level(name) > 0
}

# Sets the ends of both axes.
function scale_messages(    i, j, value) {
  x_most = level[level_count] > 10 ? level[level_count] : 100
  y_least = 1e9
  y_most = 0
  for (i = 1; i <= server_count; i++)
    for (j = 1; j <= level_count; j++) {
      value = cost(server[i], level[j])
      if (value == "-" || !has_line(server[i]))
        continue
      if (value < y_least)
        y_least = value
      if (value > y_most)
        y_most = value
    }
  y_least = y_least / 2.4
  y_most = y_most * 1.5
}

function draw_grid(    value, i) {
  for (value = 1; value <= y_most; value *= 10)
    if (value >= y_least) {
      add_line("grid", left - 44, y_of(value), right, y_of(value))
      add_text("faint right", left - 56, y_of(value) + 7,
        value < 1000 ? value " µs" : value / 1000 " ms")
    }
  add_line("axis", left - 44, bottom, right, bottom)
  for (i = 1; i <= level_count; i++) {
    add_line("axis", x_of(level[i]), bottom, x_of(level[i]), bottom + 8)
    add_text("faint middle", x_of(level[i]), bottom + 34, grouped(level[i]))
  }
  # Between none and the first there is no scale, so the axis is broken there.
  add_line("page", left + 60, bottom, left + 68, bottom)
  add_line("axis", left + 56, bottom + 8, left + 64, bottom - 8)
  add_line("axis", left + 64, bottom + 8, left + 72, bottom - 8)
  add_text("faint middle", (left + right) / 2, bottom + 62,
    "clients that are connected and send nothing (logarithmic scale)")
  add_text("small faint", left - 44, top - 14,
    "CPU time for a message (logarithmic scale)")
}

# Returns by how much the points of a server are moved to the side, so that
# equal ones do not hide each other.
function shift_of(name,    i, n, at) {
  n = at = 0
  for (i = 1; i <= server_count; i++)
    if (has_line(server[i])) {
      n++
      if (server[i] == name)
        at = n
    }
  return (at - (n + 1) / 2) * 7
}

# The line of select is broad, since that of poll lies on it.
function draw_line(name,    i, points, class, x, value, key) {
  class = class_of(name)
  points = ""
  for (i = 1; i <= level_count; i++) {
    value = cost(name, level[i])
    if (value == "-")
      continue
    x = x_of(level[i]) + shift_of(name)
    points = points sprintf(" %.1f,%.1f", x, y_of(value))
    key = key_of(name, "messages cpu_us_per_message", level[i])
    add_line("spread " class, x, y_of(least(key)), x, y_of(greatest(key)))
  }
  class = "line " class
  if (name ~ /\//)
    class = class " dashed"
  add("<polyline class=\"" class "\" points=\"" substr(points, 2) "\"/>")
  for (i = 1; i <= level_count; i++)
    if ((value = cost(name, level[i])) != "-")
      add(sprintf("<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>",
        class_of(name), x_of(level[i]) + shift_of(name), y_of(value)))
}

# Returns how many servers have a line, their names in names[1 ...], those whose
# line ends highest first.
function sort_by_end(names,    i, j, n, swap) {
  n = 0
  for (i = 1; i <= server_count; i++)
    if (has_line(server[i]))
      names[++n] = server[i]
  for (i = 2; i <= n; i++)
    for (j = i; j > 1 && end_y(names[j]) < end_y(names[j - 1]); j--) {
      swap = names[j]
      names[j] = names[j - 1]
      names[j - 1] = swap
    }
  return n
}

# Puts a label next to the end of each line. The label of a line that ends early
# is below the end, where no other rising line passes. Labels that are too near
# to each other are moved down, and if that is too far down, up again.
function draw_labels(    i, n, names, at, y, room, free) {
  n = sort_by_end(names)
  for (i = 1; i <= n; i++) {
    at = last_level(names[i])
    y[i] = end_y(names[i]) + (is_early(names[i]) ? 34 : 0)
    if (at in free && y[i] < free[at])
      y[i] = free[at]
    free[at] = y[i] + (has_limit(names[i]) ? 59 : 31)
  }
  room = bottom
  for (i = n; i >= 1; i--) {
    if (is_early(names[i]))
      continue
    if (y[i] > room)
      y[i] = room
    room = y[i] - 31
  }
  for (i = 1; i <= n; i++)
    draw_label(names[i], y[i])
}

function is_early(name) {
  return last_level(name) != level[level_count]
}

function end_y(name) {
  return y_of(cost(name, last_level(name)))
}

function draw_label(name, y,    x, early, text) {
  x = x_of(last_level(name))
  early = is_early(name)
  if (!early)
    add_line("leader " class_of(name), x + shift_of(name) + 7, end_y(name),
      x + 52, y)
  text = time_text(cost(name, last_level(name)))
  add_text("label " class_of(name), x + (early ? 10 : 58), y + 8,
    name " <tspan class=\"value\">" text "</tspan>")
  if (has_limit(name))
    add_text("small faint", x + 10, y + 32,
      "and no more than " grouped(most_served(name)) " clients")
}

# Says whether the label names the limit that ended the line.
function has_limit(name) {
  return is_early(name) && most_served(name) && name !~ /\//
}

# Returns how many it served when there were more.
function most_served(name,    i, most) {
  for (i = 1; i <= level_count; i++)
    if ((name, level[i]) in served && served[name, level[i]] < level[i] + 1)
      most = served[name, level[i]]
  return most
}

function lesson(    last, high, low) {
  last = level[level_count]
  high = cost("poll", last)
  low = cost("epoll", last)
  if (high == "-" || low == "-" || low <= 0)
    return "CPU time, with clients that send nothing"
  return sprintf("With %s idle clients, poll needs %s times as much CPU time" \
    " for it as epoll", grouped(last), grouped(high / low))
}

function chart_messages(    i, any) {
  left = 172
  right = 962
  for (i = 1; i <= server_count; i++)
    if (has_line(server[i])) {
      any = 1
      if (server[i] ~ /\//) # a long name
        right = 862
    }
  if (!any)
    return
  top = 150
  bottom = 580
  scale_messages()
  begin_chart("messages", "What one message costs the server", lesson(),
    720)
  draw_grid()
  for (i = 1; i <= server_count; i++)
    if (has_line(server[i]))
      draw_line(server[i])
  draw_labels()
  end_chart()
}

# ---- active.svg and throughput.svg: bars for each server ----

# Each bar is one figure of a server: its name, the number behind it, and a
# class, whose colour it has.
function forget_bars() {
  kinds = x_most = 0
  split("", used)
}

function add_bar(class, name, at, legend) {
  kinds++
  bar_class[kinds] = class
  bar_figure[kinds] = name
  bar_at[kinds] = at
  bar_legend[kinds] = legend
}

function bar_value(server, kind) {
  return figure(server, bar_figure[kind], bar_at[kind])
}

# Returns the height of a server's bars, or of its name, 0 without bars.
function group_height(server,    kind, height) {
  height = 0
  for (kind = 1; kind <= kinds; kind++)
    if (bar_value(server, kind) != "-")
      height += bar + 2
  return height == 0 || height > 26 ? height : 26
}

# Returns the height of all bars together.
function all_heights(    i, height, sum) {
  sum = 0
  for (i = 1; i <= server_count; i++)
    if (height = group_height(server[i]))
      sum += height + gap
  return sum
}

# Sets how long the longest bar is, and how thick all are: as thick as the height
# of a slide allows, or else the chart is higher. Returns its height, 0 if there
# is nothing to draw.
function scale_bars(    i, kind, value, bars, room) {
  bars = 0
  for (i = 1; i <= server_count; i++)
    for (kind = 1; kind <= kinds; kind++) {
      value = bar_value(server[i], kind)
      bars += value != "-"
      if (value != "-" && value > x_most)
        x_most = value
      used[kind] = used[kind] || value != "-"
    }
  if (bars == 0)
    return 0
  gap = 12
  room = 524
  bar = 28
  while (bar > 15 && all_heights() > room)
    bar--
  return top + (all_heights() > room ? all_heights() : room) + 60
}

function draw_bar(server, kind, y,    value, width, text) {
  value = bar_value(server, kind)
  if (value == "-")
    return 0
  width = (right - left) * value / x_most
  add(sprintf("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\"" \
    " height=\"%.1f\"/>", bar_class[kind], left, y, width, bar))
  text = value < 100 ? short(value) : grouped(value)
  value = figure(server, "calls per_message", bar_at[kind])
  if (bar_figure[kind] ~ /^active / && value != "-")
    text = text ", " short(value) " calls"
  add_text("small", left + width + 10, y + bar / 2 + 6, text)
  return bar + 2
}

function draw_all_bars(    i, kind, y, next_y, height) {
  next_y = top
  for (i = 1; i <= server_count; i++) {
    height = group_height(server[i])
    if (!height)
      continue
    y = next_y
    for (kind = 1; kind <= kinds; kind++)
      y += draw_bar(server[i], kind, y)
    add_text("label right " class_of(server[i]), left - 20,
      (next_y + y) / 2 + 7, server[i])
    next_y += height + gap
  }
}

function draw_legend(x, y,    kind) {
  for (kind = 1; kind <= kinds; kind++) {
    if (!used[kind])
      continue
    add(sprintf("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"20\"" \
      " height=\"20\"/>", bar_class[kind], x, y - 16))
    add_text("small", x + 30, y, bar_legend[kind])
    y += 32
  }
}

function draw_bars(name, heading, subheading,    high) {
  left = 284
  right = 1100
  top = 136
  high = scale_bars()
  if (!high)
    return
  begin_chart(name, heading, subheading, high)
  draw_all_bars()
  draw_legend(1000, 62)
  end_chart()
}

function chart_active(    i) {
  forget_bars()
  for (i = active_count; i >= 1; i--)
    add_bar(i == 1 ? "little" : "large", "active cpu_us_per_message", active[i],
      grouped(active[i]) " clients")
  draw_bars("active", "What a message costs when all clients send",
    "CPU microseconds, and system calls, for one message of 64 bytes")
}

function chart_throughput() {
  forget_bars()
  add_bar("large", "flood cpu_ms_per_gb", 1024, "1,024 bytes at a time")
  add_bar("own", "flood cpu_ms_per_gb", "own", "as the peer likes")
  add_bar("little", "flood cpu_ms_per_gb", 65536, "65,536 bytes")
  draw_bars("throughput", "What a gigabyte costs the server",
    "CPU milliseconds, one client that floods: the way of waiting matters" \
    " little, the size of a recv a lot")
}

BEGIN {
  # Warm colours for lines that rise, cold ones for those that do not.
  light = "busy #8a5a00 select #c2500a poll #c2185b epoll #1463b8" \
    " kqueue #0a7d5c coroutine #6b3fc9 processes #2f6f8f threads #4a5fc1" \
    " signals #00838f uring #1b7f2a yours #1c2126 asyncio #57606a" \
    " large #1463b8 little #8db8e6 own #a3abb4"
  dark = "busy #e3b341 select #ff9a5c poll #ff7aa8 epoll #6cb6ff" \
    " kqueue #37cc9d coroutine #b79bff processes #7cc4e0 threads #9fb0ff" \
    " signals #4dd0e1 uring #7ee787 yours #e8ecf0 asyncio #a4aeb8" \
    " large #4c9bea little #2c5f97 own #6c7783"
}

END {
  chart_messages()
  chart_active()
  chart_throughput()
}
