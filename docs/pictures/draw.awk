# draw.awk: turns a picture's text into SVG.
#
#     awk -f draw.awk blocking.txt > blocking.svg       (or all: sh draw.sh)
#
# One thing per line, in the order in which they are painted; # is a comment.
# Lengths are pixels of a picture 1200 wide, from the top left corner.
#
#   height H
#   title TEXT                    above everything
#   caption TEXT                  below everything; a second one is a second line
#   panel X Y W H TEXT            a part of the machine, with its name
#   frame X Y W H TEXT            a dashed frame with a name below its upper edge
#   client Y LETTER KIND TEXT     a client on the left and what it does
#   box X Y W H KIND TEXT         Y is the middle; "|" begins a second, small line
#   cells X Y W KIND V,V,...      a row of cells, each W wide; _ is an empty one
#   link KIND X1 Y1 X2 Y2         an arrow, curved where it must be
#   wire KIND X1 Y1 X2 Y2         the same without a head
#   text X Y KIND TEXT            begins at X; X- ends there, X= has its middle
#
# KIND gives the colour, which means the same in every picture: asleep (blue: it
# sleeps), awake (green: it has been woken, or wakes something), unread (amber: sent
# and not read yet), plain, faint; for text also small, code and strong.
#
# The colours follow the reader's: light, or dark where the system is set so.

function rule(selector, light, dark) {
  style_light = style_light "    " selector " { " light " }\n"
  if (dark != "")
    style_dark = style_dark "      " selector " { " dark " }\n"
}

function escape(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  gsub(/>/, "\\&gt;", text)
  return text
}

# The rest of the line from field n on.
function rest(n,    text, i) {
  text = $0
  for (i = 1; i < n; i++)
    sub(/^[ ]*[^ ]+[ ]*/, "", text)
  return escape(text)
}

function put(text) { body = body "  " text "\n" }

function put_text(x, y, class, text,    anchor) {
  anchor = x ~ /-$/ ? " text-anchor=\"end\"" : \
    x ~ /=$/ ? " text-anchor=\"middle\"" : ""
  put("<text x=\"" x + 0 "\" y=\"" y "\" class=\"" class "\"" anchor ">" text \
    "</text>")
}

function put_rect(x, y, w, h, r, class) {
  put("<rect x=\"" x "\" y=\"" y "\" width=\"" w "\" height=\"" h "\" rx=\"" r \
    "\" class=\"" class "\"/>")
}

# Three rising letters z, for a box that sleeps.
function put_sleep(x, y) {
  put("<text class=\"zzz\"><tspan x=\"" x "\" y=\"" y + 6 \
    "\" font-size=\"13\">z</tspan><tspan x=\"" x + 9 "\" y=\"" y - 1 \
    "\" font-size=\"16\">z</tspan><tspan x=\"" x + 20 "\" y=\"" y - 9 \
    "\" font-size=\"20\">z</tspan></text>")
}

function put_box(x, y, w, h, kind, text,    line, n, middle) {
  put_rect(x, y - h / 2, w, h, 9, "box " kind)
  n = split(text, line, "|")
  middle = x + w / 2 - (kind == "asleep" ? 14 : 0)
  if (n == 1)
    put_text(middle "=", y + 6, "code", line[1])
  else {
    put_text(middle "=", y - 4, "code", line[1])
    put_text(middle "=", y + 18, "small", line[2])
  }
  if (kind == "asleep")
    put_sleep(x + w - 42, y + 4)
}

function put_cells(x, y, w, kind, list,    value, n, i) {
  n = split(list, value, ",")
  for (i = 1; i <= n; i++) {
    put_rect(x + (i - 1) * w, y - 17, w, 34, 0, "box " \
      (value[i] ~ /^\*/ ? "awake" : kind))
    sub(/^\*/, "", value[i])
    if (value[i] != "_")
      put_text(x + (i - 0.5) * w "=", y + 6, "code", value[i])
  }
}

function put_line(kind, x1, y1, x2, y2, head,    half, back, to) {
  if (x1 == x2) {
    back = y2 > y1 ? -9 : 9
    to = head ? y2 + back : y2
    put("<path class=\"line " kind "\" d=\"M" x1 " " y1 "V" to "\"/>")
    if (head)
      put("<path class=\"head " kind "\" d=\"M" x2 " " y2 "l-6 " back \
        "h12z\"/>")
    return
  }
  back = x2 > x1 ? -9 : 9
  to = head ? x2 + back : x2
  half = (x1 + to) / 2
  put("<path class=\"line " kind "\" d=\"M" x1 " " y1 (y1 == y2 ? "H" to : \
    "C" half " " y1 " " half " " y2 " " to " " y2) "\"/>")
  if (head)
    put("<path class=\"head " kind "\" d=\"M" x2 " " y2 "l" back " -6v12z\"/>")
}

BEGIN {
  height = 560
  sans = "font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', " \
    "sans-serif;"
  mono = "font-family: ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', " \
    "monospace;"
  rule("text", sans " font-size: 18px; fill: #1f2530;", "fill: #e9ecf1;")
  rule(".title", "font-size: 30px; font-weight: 600;")
  rule(".caption", "font-size: 20px; fill: #4a5362;", "fill: #b6bfcc;")
  rule(".name", "font-size: 17px; font-weight: 600; fill: #6a7485;", \
    "fill: #97a2b3;")
  rule(".small, .faint", "font-size: 16px; fill: #5d6778;", "fill: #a3adbc;")
  rule(".code", mono " font-size: 17px;")
  rule(".strong", "font-weight: 600;")
  rule("text.asleep", "fill: #3f6ea8;", "fill: #8db8ee;")
  rule("text.awake", "fill: #1c7c4a;", "fill: #5fd39a;")
  rule("text.unread", "fill: #9a5b00;", "fill: #f0b55a;")
  rule(".letter", "font-size: 22px; font-weight: 600;")
  rule(".zzz", "font-weight: 600; font-style: italic; fill: #3f6ea8;", \
    "fill: #8db8ee;")
  rule(".page", "fill: #ffffff;", "fill: #14181e;")
  rule(".panel", "fill: #f3f5f8; stroke: #dde2e9;", \
    "fill: #1c2129; stroke: #303844;")
  rule(".frame", "fill: none; stroke: #a9b2bf; stroke-width: 1.5; " \
    "stroke-dasharray: 5 5;", "stroke: #596475;")
  rule(".box", "stroke-width: 1.5;")
  rule(".box.plain", "fill: #ffffff; stroke: #aab4c2;", \
    "fill: #262d38; stroke: #5b6677;")
  rule(".box.faint", "fill: none; stroke: #c3cad4; stroke-dasharray: 4 4;", \
    "stroke: #4a5464;")
  rule(".box.asleep", "fill: #dfeafa; stroke: #7aa2d6;", \
    "fill: #1f3047; stroke: #5f8fcc;")
  rule(".box.awake", "fill: #d8f3e3; stroke: #35a06a;", \
    "fill: #143a28; stroke: #45bd80;")
  rule(".box.unread", "fill: #fdeccb; stroke: #d99a2b;", \
    "fill: #46330f; stroke: #dda03a;")
  rule(".line", "fill: none; stroke-width: 2;")
  rule(".line.plain", "stroke: #aab4c2;", "stroke: #5b6677;")
  rule(".line.faint", "stroke: #c3cad4; stroke-dasharray: 4 5;", \
    "stroke: #4a5464;")
  rule(".line.asleep", "stroke: #7aa2d6;", "stroke: #5f8fcc;")
  rule(".line.awake", "stroke: #35a06a; stroke-width: 3;", "stroke: #45bd80;")
  rule(".line.unread", "stroke: #d99a2b; stroke-width: 3;", "stroke: #dda03a;")
  rule(".head.plain", "fill: #aab4c2;", "fill: #5b6677;")
  rule(".head.faint", "fill: #c3cad4;", "fill: #4a5464;")
  rule(".head.asleep", "fill: #7aa2d6;", "fill: #5f8fcc;")
  rule(".head.awake", "fill: #35a06a;", "fill: #45bd80;")
  rule(".head.unread", "fill: #d99a2b;", "fill: #dda03a;")
}

/^[ ]*(#|$)/ { next }
$1 == "height" { height = $2; next }
$1 == "title" { title = rest(2); next }
$1 == "caption" { caption[++captions] = rest(2); next }
$1 == "panel" {
  put_rect($2, $3, $4, $5, 14, "panel")
  put_text($2 + 20, $3 + 30, "name", rest(6))
  next
}
$1 == "frame" {
  put_rect($2, $3, $4, $5, 12, "frame")
  put_text($2 + 16, $3 + 26, "small", rest(6))
  next
}
$1 == "client" {
  put("<circle cx=\"66\" cy=\"" $2 "\" r=\"23\" class=\"box " $4 "\"/>")
  put_text("66=", $2 + 7, "letter", escape($3))
  put_text(102, $2 + 6, "small " $4, rest(5))
  next
}
$1 == "box" { put_box($2, $3, $4, $5, $6, rest(7)); next }
$1 == "cells" { put_cells($2, $3, $4, $5, rest(6)); next }
$1 == "link" { put_line($2, $3, $4, $5, $6, 1); next }
$1 == "wire" { put_line($2, $3, $4, $5, $6, 0); next }
$1 == "text" { put_text($2, $3, $4, rest(5)); next }
{
  print FILENAME ":" FNR ": unknown: " $1 | "cat >&2"
  bad = 1
  exit 1
}

END {
  if (bad)
    exit 1
  print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1200 " height \
    "\" role=\"img\" aria-label=\"" title "\">"
  print "  <title>" title "</title>"
  printf "  <style>\n%s    @media (prefers-color-scheme: dark) {\n%s    }\n", \
    style_light, style_dark
  print "  </style>"
  print "  <rect width=\"1200\" height=\"" height "\" rx=\"16\" class=\"page\"/>"
  print "  <text x=\"40\" y=\"54\" class=\"title\">" title "</text>"
  printf "%s", body
  for (i = 1; i <= captions; i++)
    print "  <text x=\"40\" y=\"" height - 24 - (captions - i) * 30 \
      "\" class=\"caption\">" caption[i] "</text>"
  print "</svg>"
}
