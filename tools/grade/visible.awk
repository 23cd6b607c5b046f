# visible.awk: bytes as a reader can see them. A byte that cannot be seen, or is no
# UTF-8, is shown as <1b>. A line ends after 100 columns.
#
#     od -An -v -tx1 FILE | awk -f visible.awk
#     od ... | WANTED='some text' awk -f visible.awk
#
# With WANTED, a mark below the first line shows where it begins to differ. The
# bytes come through od, since not every awk can read a zero byte.

BEGIN {
  digits = "0123456789abcdef"
  wanted = ENVIRON["WANTED"]
  for (i = 32; i < 256; i++) letter[i] = sprintf("%c", i)
}

{
  for (i = 1; i <= NF; i++)
    take((index(digits, substr($i, 1, 1)) - 1) * 16 + \
      index(digits, substr($i, 2, 1)) - 1)
}

END {
  drop()
  if (any) line()
}

# take BYTE: the bytes of one character are kept until it is whole.
function take(byte) {
  any = 1
  if (size > 0 && byte >= 128 && byte < 192) {
    kept[++count] = byte
    if (count == size) whole()
    return
  }
  drop()
  if (byte == 10) line()
  else if (byte >= 32 && byte < 127) add(letter[byte], 1)
  else if (byte >= 194 && byte < 245) {
    size = byte < 224 ? 2 : byte < 240 ? 3 : 4
    kept[count = 1] = byte
  } else add(hidden(byte), 4)
}

# A character of several bytes. U+0080 to U+009F are control characters.
function whole(  i, character) {
  if (kept[1] == 194 && kept[2] < 160) {
    drop()
    return
  }
  for (i = 1; i <= count; i++) character = character letter[kept[i]]
  size = count = 0
  add(character, 1)
}

# drop: what is kept and does not become a character.
function drop(  i) {
  for (i = 1; i <= count; i++) add(hidden(kept[i]), 4)
  size = count = 0
}

function hidden(byte) {
  return "<" substr(digits, int(byte / 16) + 1, 1) \
    substr(digits, byte % 16 + 1, 1) ">"
}

# add SHOWN COLUMNS: as far as there is room.
function add(shown, columns) {
  if (width + columns > 100) {
    full = 1
    return
  }
  if (substr(wanted, length(text) + 1, length(shown)) != shown) differs = 1
  if (!differs) mark += columns
  text = text shown
  width += columns
}

function line() {
  print text (full ? "..." : "")
  if (wanted != "" && !marked++ && (differs || !full)) printf "%" mark "s^\n", ""
  text = ""
  width = full = any = 0
}
