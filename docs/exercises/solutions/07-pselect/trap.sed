# A mask for pselect, and nothing held back before it.
s/sigprocmask(SIG_BLOCK, &held, &before)/sigprocmask(SIG_BLOCK, NULL, \&before)/
