# The silent are disconnected only when poll has run into its timeout.
s/^        long long now;/&\
        int found;/
s/if (poll(watched, (nfds_t)count, timeout()) == -1)/found = poll(watched, (nfds_t)count,\
                     timeout() == -1 ? -1 : IDLE_MS);\
        if (found == -1)/
s/^        now = now_ms();/        now = found > 0 ? 0 : now_ms();/
