# The buffer is not empty at the fork.
/would print what is still in the buffer/,/flush_outputs/s/flush_outputs();//
