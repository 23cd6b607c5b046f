# The silent go only when poll has run into its timeout.
s/long long now;/long long now;\
        int found;/
s/if (poll(watched, count, timeout()) == -1)/found = poll(watched, count, timeout() * 0 + IDLE_MS);\
        if (found == -1)/
s/^        now = now_ms();/        now = found > 0 ? 0 : now_ms();/
