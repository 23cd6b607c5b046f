# scenario.awk: reads a scenario: titles and sentences of its steps. replay.sh
# runs it before record.awk; scenarios/four.txt explains the form.

FILENAME ~ /scenarios\// && /^#/ { next }
FILENAME ~ /scenarios\// && /^title: / { scenario_title = substr($0, 8); next }
FILENAME ~ /scenarios\// && /^[a-z0-9-]+: [a-z] / {
  step_name = $1
  sub(/:$/, "", step_name)
  next
}
FILENAME ~ /scenarios\// && /^ / {
  sub(/^ +/, "")
  if (!(step_name in title))
    title[step_name] = $0
  else
    about[step_name] = about[step_name] \
      (about[step_name] == "" ? "" : " ") $0
}
