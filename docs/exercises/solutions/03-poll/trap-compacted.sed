# The list has no gaps, and is walked forwards while the last entry takes the
# place of one that goes.
s/if (fd >= capacity)/if (count >= capacity)/
s/size_t wanted = .*/size_t wanted = 2 * ((size_t)count + 1);/
/while (count <= fd)/d
s/watched\[count++\].fd = -1;//
s/watched\[fd\] = (struct/watched[count++] = (struct/
s/^    watched\[fd\].fd = -1;/    for (int i = 0; i < count; i++)\
        if (watched[i].fd == fd)\
            watched[i] = watched[--count];/
s/if (watched\[fd\].revents != 0 .*/if (watched[fd].revents != 0 \&\&\
                client_at(watched[fd].fd) != NULL)/
s/serve(client_at(fd));/serve(client_at(watched[fd].fd));/
s/if (watched\[listener\].revents != 0)/for (int i = 0, n = count; i < n; i++)\
            if (watched[i].revents != 0 \&\& watched[i].fd == listener)/
