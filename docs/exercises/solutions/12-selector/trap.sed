# Who was forgotten is armed again all the same.
s/reported\[i\] == fd/reported[i] == -2/
