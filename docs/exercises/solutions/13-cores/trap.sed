# The buffer is not empty at the fork.
/would be there twice after the fork/,/flush_outputs/s/flush_outputs();//
