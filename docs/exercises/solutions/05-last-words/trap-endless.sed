# It receives until the client has nothing more.
s/for (int i = 0; i < CHUNKS_PER_ROUND; i++)/for (;;)/
