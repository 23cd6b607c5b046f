# A client that poll reports with POLLERR or POLLHUP alone is ignored.
s/watched\[fd\].revents != 0 &&/watched[fd].revents \& POLLIN \&\&/
