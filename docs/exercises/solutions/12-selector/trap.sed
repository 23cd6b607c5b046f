# A descriptor that is no longer watched is armed again.
s/reported\[i\] == fd/reported[i] == -2/
