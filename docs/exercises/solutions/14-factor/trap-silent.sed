# The pipe is not watched; the loop looks into it whenever it is awake.
s/!watch(done\[0\]) || //
s/    if (pipe(done) == -1/&/
s/if (watched\[done\[0\]\].revents != 0)/if (poll(\&(struct pollfd){.fd = done[0], .events = POLLIN}, 1, 0) == 1)/
