# match.awk: compares what a command has printed with what a page says.
#
#   awk -v ports='41234 8888' -v partial=0 -f match.awk NAMES WANTED GOT
#
# NAMES holds the addresses of clients that are known by now, "page real" on
# each line; WANTED is the page's lines, where `...` stands for any lines; GOT
# is what was printed. It prints one of
#
#   same COUNT     the lines agree; COUNT of them are what WANTED says. The
#                  lines "name PAGE REAL" that follow are to be known from now
#   wait           so far so good, but more must come
#   differ         no further line can repair it
#
# What is never the same twice is compared by its kind: a client's address on
# the page stands for one real client, always the same; the listener's port is
# known (`ports`: real and page's, in pairs); a time is a time; and an error is
# worded as glibc does, whatever the libc here says.

# reword(THIS, AS): the text of another libc (musl, BSD's) for the same errno.
function reword(this, as) {
  words[++reworded] = this
  usual[reworded] = as
}

BEGIN {
  # In busybox a copy of an unset value would be text.
  fresh_count = reworded = shell_lines = 0
  reword("Address in use", "Address already in use")
  reword("Address not available", "Cannot assign requested address")
  reword("Can't assign requested address", "Cannot assign requested address")
  reword("No file descriptors available", "Too many open files")
  reword("Out of memory", "Cannot allocate memory")
  reword("Operation timed out", "Connection timed out")
  reword("Host is unreachable", "No route to host")
  reword("Network unreachable", "Network is unreachable")
  reword("Not a socket", "Socket operation on non-socket")
  reword("Filename too long", "File name too long")
  reword("Invalid seek", "Illegal seek")
  count = split(ports, pair, " ")
  address = "(\\[[0-9a-f:.]+\\]|[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+):[0-9]+"
}

# A line of ss(8) with one blank between its columns, and with the same address of
# the server whether the client came over IPv4 or IPv6.
function narrow(line,    i) {
  gsub(/\[::ffff:127\.0\.0\.1\]/, "127.0.0.1", line)
  sub(/PortProcess/, "Port Process", line)
  gsub(/ +/, " ", line)
  sub(/ $/, "", line)
  for (i = 2; i <= count; i += 2)
    sub("127\\.0\\.0\\.1:" pair[i] " ", "[::1]:" pair[i] " ", line)
  return line
}

function normal(line,    i, at) {
  for (i = 1; i < count; i += 2) {
    while (match(line " ", "[: ]" pair[i] "[^0-9]"))
      line = substr(line, 1, RSTART) pair[i + 1] \
        substr(line, RSTART + RLENGTH - 1)
  }
  gsub(/0\.0\.0\.0:/, "[::]:", line)
  gsub(/[0-9]+\.[0-9][0-9][0-9][0-9][0-9][0-9]/, "TIME", line)
  sub(/kqueue \(on epoll\)/, "kqueue", line)
  if (line ~ /^(State|LISTEN|ESTAB|CLOSE-WAIT) /) # ss: its columns differ in width
    line = narrow(line)
  for (i = 1; i <= reworded; i++) {
    at = index(line, words[i])
    if (at)
      line = substr(line, 1, at - 1) usual[i] \
        substr(line, at + length(words[i]))
  }
  return line
}

# Whether a line of the page and a real one agree. New names are noted in
# `fresh`, so that they can be taken back.
function agree(page, real,    p, r) {
  for (;;) {
    p = match(page, address) ? substr(page, RSTART, RLENGTH) : ""
    r = match(real, address) ? substr(real, RSTART, RLENGTH) : ""
    if (p == "" || r == "" || p ~ /^\[::\]/ || r ~ /^\[::\]/)
      return page == real
    if (substr(page, 1, index(page, p) - 1) != \
        substr(real, 1, index(real, r) - 1))
      return 0
    if (!(p in known) && !(r in taken)) {
      known[p] = r
      taken[r] = p
      fresh[++fresh_count] = p
    }
    if (known[p] != r)
      return 0
    page = substr(page, index(page, p) + length(p))
    real = substr(real, index(real, r) + length(r))
  }
}

function take_back(count) {
  for (; fresh_count > count; fresh_count--) {
    delete taken[known[fresh[fresh_count]]]
    delete known[fresh[fresh_count]]
  }
}

# How many lines of the page, from `w` up to the next `...`, agree with the real
# ones from `g`; all of them: `whole` is set.
function run_length(w, g,    n, before) {
  before = fresh_count
  for (n = 0; w + n <= wanted_count && wanted[w + n] != "..."; n++) {
    whole = 0
    if (g + n > got_count || !agree(wanted[w + n], got[g + n])) {
      take_back(before)
      return n
    }
  }
  whole = 1
  return n
}

FILENAME == ARGV[1] { known[$1] = $2; taken[$2] = $1; next }
FILENAME == ARGV[2] { wanted[++wanted_count] = normal($0); next }
# The messages of the shell about its jobs.
/^[^ ]*: line [0-9]+: +[0-9]+ [A-Z]/ || /^\[[0-9]+\][-+ ] / {
  shell_lines++
  next
}
{ got[++got_count] = normal($0) }

END {
  w = g = 1
  loose = 0
  for (;;) {
    n = run_length(w, g)
    if (whole && (w + n <= wanted_count || g + n > got_count)) {
      w += n
      g += n
      if (w > wanted_count)
        break
      loose = 1
      w++
      if (w > wanted_count) {
        g = got_count + 1
        break
      }
    } else if (loose && g <= got_count) {
      # The lines after `...` may begin anywhere; the last one must be at the
      # end of the output.
      g++
    } else {
      short = g + n > got_count && !whole
      verdict = "differ"
      if (loose || short || (partial && g + n >= got_count))
        verdict = "wait"
      print verdict
      exit
    }
  }
  print "same " g - 1 + shell_lines
  for (i = 1; i <= fresh_count; i++)
    print "name " fresh[i] " " known[fresh[i]]
}
