# median.awk: lists of values, each under a key, with their medians and
# quartiles. awk reads it before a program that uses it.

# Puts one more value into the sorted list of this key.
function insert(key, value,    i) {
  value += 0 # what was read is not taken for text
  for (i = count[key]++; i > 0 && sorted[key, i - 1] > value; i--)
    sorted[key, i] = sorted[key, i - 1]
  sorted[key, i] = value
}

# Those below are for keys with count[key] > 0.

function median(key,    half) {
  half = int(count[key] / 2)
  if (count[key] % 2 == 1)
    return sorted[key, half]
  return (sorted[key, half - 1] + sorted[key, half]) / 2
}

function least(key) {
  return sorted[key, 0]
}

function greatest(key) {
  return sorted[key, count[key] - 1]
}

# The lower and the upper quartile of the values.

function lower_quartile(key) {
  return sorted[key, int((count[key] + 1) / 4)]
}

function upper_quartile(key) {
  return sorted[key, count[key] - 1 - int((count[key] + 1) / 4)]
}
