# matrix.awk: reads strace's traces for the fault matrix.
#
#     awk -v mode=cells -v size=core -f matrix.awk matrix.tsv TRACE
#     awk -v mode=judge ... -f matrix.awk matrix.tsv TRACE
#
# With mode=cells the trace is a clean one, and it prints the faults to try,
# one per line: the call, the number for strace's when=, the errno, the number
# among the server's own calls, and the expected outcome.
#
# With mode=judge the trace contains a fault. It prints what the server then
# did wrong, or nothing if the server did what matrix.tsv says. Its variables:
#
#     status   the server's exit status
#     late     1 if the server did not end when it was told to
#     clients  a word for each client, its address and lines: [::1]:40312=w1,w2;
#              the last one of the five came after the fault
#     out err  the names of the files with the server's output
#     clean    1 if no fault is expected
#     server   its name
#     reasons  the file reasons.tsv
#
# Only the calls from the server's own first call on count. This is the call
# that ignores SIGPIPE; the calls before it are the loader's. In the trace of a
# child, which does not begin with execve, every call counts.
#
# See strace(1) and awk(1).

BEGIN {
    FS = "\t"
    phase = "setup"
    waits = "^(select|_newselect|pselect6(_time64)?|p?poll(_time64)?|" \
        "epoll_p?wait|rt_sigtimedwait(_time64)?|io_uring_enter)$"
    first_call = "^SIGPIPE, \\{sa_handler=SIG_IGN"
}

# The rules, in the first file.
FNR == NR {
    if ($0 ~ /^#/ || NF < 4)
        next
    rules++
    rule_call[rules] = $1
    rule_phase[rules] = $2
    rule_args[rules] = $3
    rule_outcome[rules] = $4
    rule_errnos[rules] = $5
    known[$1] = 1
    next
}

# From completions.c: a request that was made to fail.
{ sub(/^write\(-1, "/, "") }

# The trace, in the second.
/^[a-z_][a-z0-9_]*\(/ {
    name = $0
    sub(/\(.*/, "", name)
    args = substr($0, length(name) + 2)
    calls++
    if (FNR == 1 && name != "execve") {
        own = 1
        phase = "serve"
    }
    own = own || (name == "rt_sigaction" && args ~ first_call)
    if (name ~ waits || name ~ /^accept/ && \
            (args !~ /SOCK_NONBLOCK/ || server == "busy"))
        phase = "serve"
    # busy makes these calls all the time: they do not count as spinning.
    if (server == "busy" && args ~ / = -1 EAGAIN .*[a-z]\)$/)
        calls--
    if (own)
        own_call()
    else
        loader[name]++
}

/^\+\+\+ killed by/ { killed = $4 }

END {
    if (mode == "cells")
        print_cells()
    else
        judge()
}

function own_call(    r)
{
    count[name]++
    if (!(name in known) && !strange[name]++)
        strangers = strangers " " name
    if (args ~ /\(INJECTED\)/ && injected++ == 0)
        failed_call()
    if (name == "recvfrom" && match(args, /"[a-z][0-9]\\n/))
        received[substr(args, RSTART + 1, 2)] = 1
    if (mode == "cells")
        for (r = 1; r <= rules; r++)
            if (applies(r))
                note_cells(r)
}

function applies(r)
{
    return rule_call[r] == name &&
        (rule_phase[r] == "-" || rule_phase[r] == phase) &&
        (rule_args[r] == "-" || args ~ rule_args[r])
}

# --- The faults to try -------------------------------------------------------

# Stores the faults that rule r has for the call that was read last.
function note_cells(r,    i, n, errnos)
{
    n = split(rule_errnos[r], errnos, " ")
    seen[r]++
    in_a_row[r] = count[name] == previous[r] + 1 ? in_a_row[r] + 1 : 1
    previous[r] = count[name]
    if (seen[r] <= (phase == "serve" ? 3 : size == "core" ? 2 : 1000))
        for (i = 1; i <= n; i++)
            if (size != "core" || i == (seen[r] - 1) % n + 1)
                note_cell(r, errnos[i], count[name])
    # And also three in a row, from the second on, if a single one does not end
    # the server.
    if (size != "core" && phase == "serve" && rule_outcome[r] != "exit" &&
            seen[r] > 3 && in_a_row[r] >= 3 && !many[r]++)
        for (i = 1; i <= n; i++)
            note_cell(r, errnos[i], count[name] - 2)
}

# From the server's call number `start` to the one that was read last; with a +
# behind the errno, to the last of all.
function note_cell(r, errno, start,    when, number)
{
    when = loader[name] + start
    number = start
    if (sub(/\+$/, "", errno)) {
        when = when "+"
        number = number " and all after it"
    } else if (start < count[name]) {
        when = when ".." (loader[name] + count[name])
        number = number "-" count[name]
    }
    cells[++cell_count] = name "\t" when "\t" errno "\t" number "\t" \
        rule_outcome[r]
}

function print_cells(    i)
{
    for (i = 1; i <= cell_count; i++)
        print cells[i]
}

# --- What the server did -----------------------------------------------------

# Stores the call that was made to fail, and the expected outcome.
function failed_call(    r, i, n, errnos)
{
    match(args, / = -1 E[A-Z0-9]+/)
    failed = name
    failed_on = args
    errno = substr(args, RSTART + 6, RLENGTH - 6)
    for (r = 1; r <= rules; r++) {
        n = applies(r) ? split(rule_errnos[r], errnos, /\+?( |$)/) : 0
        for (i = 1; i <= n; i++)
            if (errnos[i] == errno)
                expected = rule_outcome[r]
    }
}

function wrong(text)
{
    print text
    errors++
}

function judge()
{
    if (strangers != "" && clean)
        wrong("matrix.tsv has no rule for" strangers)
    if (late)
        wrong("it hangs")
    else if (killed != "")
        wrong("it crashes: " killed)
    # A clean run makes some 150 calls, a server that spins makes thousands.
    if (calls > 1500)
        wrong("it spins: " calls " system calls")
    if (clean)
        expected = "on"
    else if (!injected)
        wrong("the fault did not happen")
    else if (expected == "")
        wrong("matrix.tsv has no rule for " failed "(" failed_on)
    if (errors)
        return
    read_output()
    if (expected == "exit")
        judge_exit()
    else
        judge_service()
}

function read_output(    line)
{
    while ((getline line < out) > 0) {
        printed[line]++
        last = line
    }
    while ((getline line < err) > 0)
        said[++said_count] = line
}

# Expects so many lines on standard error, each with a name before it and the
# meaning of the errno that was injected behind it.
function judge_words(least, most,    i)
{
    for (i = 1; i <= said_count; i++)
        if (said_count > most || said[i] !~ /^[a-z-]+( \(.*\))?: [^ ]/)
            wrong("standard error says: " said[i])
        else if (!gives_reason(said[i]))
            wrong("the reason is " errno ", but standard error says: " said[i])
    if (said_count < least)
        wrong("standard error has " said_count + 0 " lines, not " least)
}

# Whether the line ends with what errno means, in the words of glibc or musl.
# kqueue/linux/ may turn an errno of epoll into one that kevent(2) has, and
# pthread_create returns EAGAIN if memory ran out, and that of musl always.
function gives_reason(text,    line, words, n, i)
{
    if (server ~ /kqueue/ && failed ~ /^epoll_/)
        return 1
    if (server == "threads" && failed ~ /^(mmap2?|mprotect|clone3?)$/ && \
            text ~ /: Resource temporarily unavailable$/)
        return 1
    if (meanings == 0)
        while ((getline line < reasons) > 0)
            meaning[line] = ++meanings
    for (line in meaning) {
        n = split(line, words, "\t")
        for (i = 2; i <= n && words[1] == errno; i++)
            if (length(text) > length(words[i]) + 2 && substr(text, \
                    length(text) - length(words[i]) - 1) == ": " words[i])
                return 1
    }
    return 0
}

# The server had to end. What it had received must be printed, unless the
# output itself failed.
function judge_exit(    text, line, found)
{
    if (status != 1)
        wrong("status " status " instead of 1")
    judge_words(1, 1)
    if (failed ~ /^writev?$/ && failed_on ~ /^1,/)
        return
    for (text in received) {
        found = 0
        for (line in printed)
            found = found || substr(line, length(line) - 3) == "| " text
        if (!found)
            wrong("lost what was received: " text)
    }
}

# The server had to continue.
function judge_service(    i, n, words, victims)
{
    if (status != 0)
        wrong("status " status " instead of 0")
    if (last != "Stopped.")
        wrong("the last line is: " last)
    if (expected == "warn")
        judge_words(1, 1)
    else if (expected == "client" && errno != "ECONNRESET")
        judge_words(1, injected)
    else
        judge_words(0, 0)
    n = split(clients, words, " ")
    if (n != 5)
        wrong("only " n " clients could connect")
    for (i = 1; i <= n; i++)
        if (!served(words[i])) {
            victims++
            if (expected != "client" || i == n)
                wrong("not served: " words[i])
            else if (!was_named(words[i]))
                wrong("neither served nor named: " words[i])
        }
    if (victims > injected)
        wrong(victims " clients ended for " injected " faults")
}

# Whether all of a client's lines were printed, between its first and its last.
function served(word,    name, i, n, lines)
{
    name = word
    sub(/=.*/, "", name)
    n = split(substr(word, length(name) + 2), lines, ",")
    for (i = 1; i <= n; i++)
        if (printed[name "| " lines[i]] != 1)
            return 0
    return printed["Connection from: " name] == 1 && \
        printed["Connection closed: " name] == 1 && \
        printed["Connection reset: " name] == 0
}

function was_named(word,    name, i)
{
    name = word
    sub(/=.*/, "", name)
    if (printed["Connection reset: " name] == 1)
        return 1
    for (i = 1; i <= said_count; i++)
        if (index(said[i], name))
            return 1
    return 0
}
