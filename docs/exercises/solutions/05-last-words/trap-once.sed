# It receives, and closes a client that has hung up.
s/\.events = EPOLLIN,/.events = EPOLLIN | EPOLLRDHUP,/
s/^        if (listener_ready)/        for (int i = 0; i < ready; i++)\
            if (events[i].events \& EPOLLRDHUP \&\&\
                client_at(events[i].data.fd) != NULL)\
                close_client(client_at(events[i].data.fd));\
&/
