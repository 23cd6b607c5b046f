# The thread is started, and then waited for.
s/pthread_detach(id);.*/pthread_join(id, NULL);/
