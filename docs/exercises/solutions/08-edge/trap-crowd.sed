# The listener is edge-triggered, too, and accepts no more than before.
s/if (client_at(fd) != NULL)$/if (fd != stop_descriptor())/
