# The client is watched while its number is factored.
s/    if (next != WAITS)/    if (next == FINISHED)/
