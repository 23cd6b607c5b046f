# It wakes up all the time, to look whether an answer is there.
s/(nfds_t)count, accept_timeout())/(nfds_t)count, accept_timeout() * 0 + 10)/
