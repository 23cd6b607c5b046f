# json.awk: one step with the whole state, and the rest of a recording, as JSON.
# record.awk needs it; page.js reads what it prints.

# emit WHO CALL SENTENCE [FRAMES ABOUT AT]: one step, with the state after it.
function emit(actor, call, sentence, path, more, at) {
  shown_calls += quiet + (call != "" && actor ~ /^server/)
  if (actor ~ /^(server|kernel)/)
    answered = current
  printf "%s\n{\"k\":%d,\"t\":%.1f,\"who\":%s,\"call\":%s,\"say\":%s", \
    printed_steps++ ? "," : "", current, (now - offset) * 1000, quote(actor), \
    quote(call), quote(sentence)
  if (more != "")
    printf ",\"about\":%s", quote(more)
  if (at != "")
    printf ",\"at\":%s", quote(at)
  if (quiet > 0)
    printf ",\"more\":%d", quiet
  quiet = 0
  if (path != "")
    printf ",\"path\":%s", path_of(path)
  printf ",\"tasks\":[%s],\"queue\":%s,\"sockets\":{%s}", tasks(), \
    json_list(backlog), sockets()
  printf ",\"list\":%s,\"unused\":%d,\"kept\":%d,\"ready\":%s", \
    json_list(kept ? interest : passed), unused, kept, json_list(ready)
  printf ",\"out\":%d,\"n\":[%d,%d,%d]}", printed, total, wakes, copied
}

function path_of(path, frame, count, i, part, json) {
  count = split(path, frame, "|")
  for (i = 1; i <= count; i++) {
    split(frame[i], part, " ")
    sub(/^\.\//, "", part[2])
    if (part[1] == "main") {
      main_file = part[2]
      sub(/:[0-9]+$/, "", main_file)
    }
    json = json (i > 1 ? "," : "") quote(part[1]) "," quote(part[2])
  }
  return "[" json "]"
}

# tasks: for each its name and, if it sleeps, the call, the path to it, and what
# it waits for.
function tasks(pid, json, call) {
  for (pid in task) {
    call = sleep_call[pid]
    json = json (json == "" ? "" : ",") "[" \
      quote(pid == first_pid ? "main" : (pid in serves) ? serves[pid] : "new") \
      (task[pid] == "asleep" ? "," quote(call_name[call]) "," \
      path_of(frames[call]) "," quote(waits_for(call)) : "") "]"
  }
  return json
}

function sockets(i, letter, json) {
  for (i = 1; i <= letters; i++) {
    letter = letter_at[i]
    if (letter in state)
      json = json (json == "" ? "" : ",") quote(letter) ":[" \
        quote(letter in gone ? "gone" : letter in accepted ? "accepted" : \
        "queued") "," unread[letter] + 0 "," quote(state[letter]) "," \
        quote(sent[letter]) "]"
  }
  return json
}

function json_list(set, part, count, i, json) {
  count = split(set, part, "|")
  for (i = 1; i < count; i++)
    json = json (i > 1 ? "," : "") quote(part[i])
  return "[" json "]"
}

function ports(i, json) {
  for (i = 1; i <= letters; i++)
    json = json (i > 1 ? "," : "") quote(letter_at[i]) ":" quote(port_of[letter_at[i]])
  return json
}

# quote TEXT: as a JSON string; "<" is written so that no text ends the script.
function quote(text) {
  gsub(/\\/, "&&", text) # awks do not agree on how a backslash is written here
  gsub(/"/, "\\\"", text)
  gsub(/\t/, "\\t", text)
  gsub(/\r/, "\\r", text)
  gsub(/</, "\\u003c", text)
  return "\"" text "\""
}

function output(line, json) {
  while ((getline line <(dir "/out")) > 0)
    json = json quote_inner(line) "\\n"
  return "\"" json "\""
}

function quote_inner(text) {
  text = quote(text)
  return substr(text, 2, length(text) - 2)
}

# source: the file that main is in.
function source(line, json, path) {
  path = main_file ~ /^\// ? main_file : root "/" main_file
  while ((getline line <path) > 0)
    json = json (json == "" ? "" : ",\n") quote(line)
  return "{\"file\":" quote(main_file) ",\"lines\":[" json "]}"
}
