# addresses.awk: each address of one program that a trace of strace -k names, and
# the address of the byte before it. replay.sh runs it:
#
#     awk -v program=build/poll -f addresses.awk TRACE

BEGIN {
  sub(/.*\//, "", program)
}

# " > /path/poll(main+0x97) [0x39b7]"
/^ > / {
  path = $2
  sub(/\(.*/, "", path)
  sub(/.*\//, "", path)
  if (path != program)
    next
  address = $NF
  gsub(/[][]/, "", address)
  if (!(address in seen))
    print address, before(address)
  seen[address] = 1
}

# before(HEX): one less.
function before(hex, digits, at, digit) {
  digits = "0123456789abcdef"
  at = length(hex)
  while (substr(hex, at, 1) == "0")
    at--
  digit = substr(digits, index(digits, substr(hex, at, 1)) - 1, 1)
  hex = substr(hex, 1, at - 1) digit substr(hex, at + 1)
  while (++at <= length(hex))
    hex = substr(hex, 1, at - 1) "f" substr(hex, at + 1)
  return hex
}
