# json.awk: results of a grade as JSON, one point for each scenario:
#
#     awk -f json.awk RESULTS        stage, scenario, result, seconds, by tabs

BEGIN { FS = "\t" }

{
  points += $3 == "met"
  list = list sprintf("%s\n  {\"stage\": \"%s\", \"scenario\": \"%s\", " \
    "\"met\": %s, \"points\": %d}", NR > 1 ? "," : "", escape($1), escape($2), \
    $3 == "met" ? "true" : "false", $3 == "met")
}

END {
  printf "{\"points\": %d, \"of\": %d, \"scenarios\": [%s\n]}\n", points, NR, list
}

function escape(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/"/, "\\\"", text)
  return text
}
