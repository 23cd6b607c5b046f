# A mask for pselect, and nothing blocked before it.
s/sigprocmask(SIG_BLOCK, &blocked, &before)/sigprocmask(SIG_BLOCK, NULL, \&before)/
