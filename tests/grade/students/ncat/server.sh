ncat -l 8888
