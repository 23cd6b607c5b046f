# plan.awk: reads a page of documentation and lists what can be checked in it,
# one thing per line, for run.sh:
#
#   session LINE        a heading: what follows starts with a new shell
#   needs COMMAND       the session's blocks need it to succeed
#   block LINE          a console block
#   untried REASON      the block that follows is only looked at
#   command TEXT        typed in the block
#   output TEXT         what the page says is printed then
#   excerpt LINE FILE N a block of C, the file it quotes, and the number that
#                       the page gives its first line (0: none)
#   code TEXT           a line of it
#   link LINE TARGET    a file that the page links to

function flush_command() {
  if (command != "")
    print "command " command
  command = ""
}

# The file, and maybe the line, that the last line of text linked to.
function source_of(text,    target, number) {
  if (match(text, /<!-- [^ :]+\.[ch] -->/))
    return substr(text, RSTART + 5, RLENGTH - 9) " 0"
  if (!match(text, /\]\([^)#]+\.[ch](#L[0-9]+)?\)/))
    return "- 0"
  target = substr(text, RSTART + 2, RLENGTH - 3)
  number = 0
  if (match(target, /#L[0-9]+/)) {
    number = substr(target, RSTART + 2)
    target = substr(target, 1, RSTART - 1)
  }
  sub(/^(\.\.\/)+/, "", target)
  return target " " number
}

function print_links(text,    target) {
  while (match(text, /\]\([^)]+\)/)) {
    target = substr(text, RSTART + 2, RLENGTH - 3)
    text = substr(text, RSTART + RLENGTH)
    sub(/#.*/, "", target)
    if (target != "" && target !~ /^[a-z]+:/)
      print "link " NR " " target
  }
}

BEGIN { print "session 1" }

/^```/ {
  if (kind != "") {
    flush_command()
    kind = above = reason = ""
    next
  }
  kind = substr($0, 4)
  if (kind == "")
    kind = "text"
  if (kind == "console") {
    print "block " NR
    if (reason != "")
      print "untried " reason
  }
  if (kind == "c")
    print "excerpt " NR " " source_of(above)
  next
}

kind == "console" && /^\$ / { flush_command(); command = substr($0, 3); next }
kind == "console" && /^> / && command != "" {
  sub(/\\$/, "", command)
  command = command substr($0, 3)
  next
}
kind == "console" { flush_command(); print "output " $0; next }
kind == "c" { print "code " $0; next }
kind != "" { next }

/^##+ / { print "session " NR }
/^<!-- needs: / { sub(/^<!-- needs: /, ""); sub(/ -->$/, ""); print "needs " $0 }
/^<!-- not run: / {
  reason = $0
  sub(/^<!-- not run: /, "", reason)
  sub(/ -->$/, "", reason)
}
NF > 0 { above = $0; print_links($0) }
