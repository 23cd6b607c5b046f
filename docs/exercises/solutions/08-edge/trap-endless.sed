# It receives until EAGAIN, however long that takes.
s/for (int i = 0; i < CHUNKS_PER_ROUND; i++)/for (;;)/
