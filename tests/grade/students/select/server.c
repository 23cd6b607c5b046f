// gcc -g server.c -o server
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <netdb.h>

#define PORT "8888"

int main(void)
{
    int listener, newfd, yes = 1;
    struct addrinfo hints, *ai;
    struct sockaddr_storage remoteaddr;
    socklen_t addrlen;
    char buf[256];
    int nbytes;

    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    getaddrinfo(NULL, PORT, &hints, &ai);
    listener = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(int));
    if (bind(listener, ai->ai_addr, ai->ai_addrlen) < 0) {
        perror("bind");
        exit(2);
    }
    freeaddrinfo(ai);
    if (listen(listener, 10) == -1) {
        perror("listen");
        exit(3);
    }

    addrlen = sizeof remoteaddr;
    newfd = accept(listener, (struct sockaddr *)&remoteaddr, &addrlen);
    printf("server: new connection on socket %d\n", newfd);
    nbytes = recv(newfd, buf, sizeof buf, 0);
    buf[nbytes] = 0;
    printf("%s", buf);
    close(newfd);
    return 0;
}
