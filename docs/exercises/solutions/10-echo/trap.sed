# Everything is kept.
s/KEPT_MOST = 65536/KEPT_MOST = 134217728/
