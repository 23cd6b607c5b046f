# excerpt.awk: looks for each excerpt of a plan (plan.awk) in the file
# that it quotes.
#
#   awk -v root=DIRECTORY -f excerpt.awk PLAN
#
# prints the page's line, the file, and "ok" or what is wrong, with tabs between
# them; with -v where=yes the page's line and the line of the file instead.

# The first line of the excerpt in the file, 0 if it is not there.
function find(file,    lines, text, i, j) {
  while ((getline text < (root "/" file)) > 0)
    line[++lines] = text
  close(root "/" file)
  for (i = 1; i + code_count - 1 <= lines; i++) {
    for (j = 1; j <= code_count && line[i + j - 1] == code[j]; j++)
      continue
    if (j > code_count)
      return i
  }
  return 0
}

function finish(    at) {
  if (page_line == 0)
    return
  at = file == "-" || code_count == 0 ? 0 : find(file)
  if (where != "") {
    if (at > 0)
      print page_line, at
  } else if (file == "-") {
    print page_line "\t-\tthe line above does not say which file is quoted"
  } else if (at == 0) {
    print page_line "\t" file "\tthese lines are not in " file
  } else if (claimed > 0 && claimed != at) {
    print page_line "\t" file "\tit is at line " at ", not at " claimed \
      " (run.sh --lines corrects it)"
  } else {
    print page_line "\t" file "\tok"
  }
}

$1 == "excerpt" {
  finish()
  page_line = $2
  file = $3
  claimed = $4
  code_count = 0
}
$1 == "code" || $0 == "code " { code[++code_count] = substr($0, 6) }
END { finish() }
