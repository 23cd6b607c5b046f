# A client that has more is left to the next edge.
s/queue_length > 0 ? 0 : accept_timeout()/accept_timeout()/
