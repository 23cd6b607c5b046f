# main ends as a thread does, and the process when all of them have ended.
s/    return stop_server(listener);.*/    stop_server(listener);\
    pthread_exit(NULL);/
