/*
 * diag.c: asks Linux about connections; see diag.h.
 *
 * The kernel knows when a connection received its last bytes. As our servers
 * never send anything, it also knows when the connection was made: that counts
 * as the last time that something was sent.
 *
 * See sock_diag(7), netlink(7), and struct tcp_info in <linux/tcp.h>.
 */
#define _DEFAULT_SOURCE

#include "diag.h"

#if defined __linux__ && __has_include(<linux/inet_diag.h>)

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ESTABLISHED = 1, CLOSE_WAIT = 8, ANSWER_SIZE = 32768 };

static bool ask(int fd, unsigned char family, int port)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = family,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                    .idiag_states = 1 << ESTABLISHED | 1 << CLOSE_WAIT,
                    .id.idiag_sport = htons((uint16_t)port)}};

    return send(fd, &question, sizeof question, 0) == sizeof question;
}

/* Finds how long ago things happened. Older kernels have a shorter struct. */
static void read_times(struct inet_diag_msg *message, size_t size,
                       struct connection *connection)
{
    struct rtattr *part = (struct rtattr *)(message + 1);
    struct tcp_info info = {.tcpi_state = 0};

    size -= sizeof *message;
    while (size >= sizeof *part && part->rta_len >= sizeof *part &&
           part->rta_len <= size) {
        size_t length = part->rta_len - sizeof *part;

        if (part->rta_type == INET_DIAG_INFO) {
            memcpy(&info, part + 1,
                   length < sizeof info ? length : sizeof info);
            connection->connected = info.tcpi_last_data_sent / 1e3;
            connection->received = info.tcpi_last_data_recv / 1e3;
        }
        length = (part->rta_len + 3U) & ~3U;
        if (length >= size)
            return;
        size -= length;
        part = (struct rtattr *)((char *)part + length);
    }
}

static void use_message(struct inet_diag_msg *message, size_t size,
                        use_connection *use, void *context)
{
    struct connection connection = {.finished =
                                        message->idiag_state == CLOSE_WAIT,
                                    .accepted = message->idiag_inode != 0,
                                    .bytes = message->idiag_rqueue,
                                    .connected = -1,
                                    .received = -1};

    if (connection.finished && connection.bytes > 0)
        connection.bytes--;
    show_address(message->idiag_family == AF_INET6, message->id.idiag_dst,
                 ntohs(message->id.idiag_dport), connection.address);
    read_times(message, size, &connection);
    use(&connection, context);
}

/* Reads answers up to the last one. Returns false if it is an error. */
static bool read_answers(int fd, use_connection *use, void *context)
{
    static _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];

    for (;;) {
        ssize_t received = recv(fd, answer, sizeof answer, 0);
        struct nlmsghdr *header = (struct nlmsghdr *)answer;
        size_t left = (size_t)received, size;

        if (received <= 0)
            return false;
        for (; left >= sizeof *header && header->nlmsg_len >= sizeof *header &&
               header->nlmsg_len <= left;
             left -= size) {
            if (header->nlmsg_type == NLMSG_DONE)
                return true;
            if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
                return false;
            use_message(NLMSG_DATA(header), header->nlmsg_len - NLMSG_HDRLEN,
                        use, context);
            size = NLMSG_ALIGN(header->nlmsg_len);
            if (size >= left)
                break;
            header = (struct nlmsghdr *)((char *)header + size);
        }
    }
}

bool ask_diag(int port, use_connection *use, void *context)
{
    struct timeval limit = {.tv_sec = 1};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    bool seen = false;

    if (fd == -1)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (ask(fd, AF_INET, port))
        seen = read_answers(fd, use, context);
    if (ask(fd, AF_INET6, port))
        seen = read_answers(fd, use, context) || seen;
    close(fd);
    return seen;
}

#else

bool ask_diag(int port, use_connection *use, void *context)
{
    (void)port;
    (void)use;
    (void)context;
    return false;
}

#endif
