# It wakes up ten times a second, to look at the clock.
s/(nfds_t)count, timeout())/(nfds_t)count, timeout() * 0 + 100)/
