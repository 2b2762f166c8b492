/* limit - what the machine can do at most: a bare epoll loop that sends the same frames to every stream.
 *
 *   limit PORT
 *
 * GET anything: a stream. POST /pub?events=E&batch=B&rate=R: E events, B in one write, R a second (0: as fast as it
 * goes). A stream whose socket is full goes on when there is room again: nothing is left out.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 100000, LOG = 1 << 29 };

typedef struct {
    int fd, place, waiting; /* place in `streams`, -1: not a stream yet */
    size_t at;              /* how much of the log it has */
} client;

static client *streams[MOST], *by_fd[MOST];
static int count, ep, listener;
static char *journal;
static size_t tip;
static long number, left, batch;
static double rate, due;

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void watch(client *c, int operation, uint32_t events) {
    struct epoll_event want = {.events = events, .data.fd = c->fd};
    epoll_ctl(ep, operation, c->fd, &want);
}

static void drop(client *c) {
    if (c->place >= 0) streams[c->place] = streams[--count], streams[c->place]->place = c->place;
    by_fd[c->fd] = NULL;
    close(c->fd);
    free(c);
}

static int push(client *c) {
    while (c->at < tip) {
        ssize_t n = send(c->fd, journal + c->at, tip - c->at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) return -1;
        if (n < 0) {
            if (!c->waiting) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            c->waiting = 1;
            return 0;
        }
        c->at += n;
    }
    if (c->waiting) watch(c, EPOLL_CTL_MOD, EPOLLIN);
    c->waiting = 0;
    return 0;
}

static void publish(void) {
    static char frames[1 << 20];
    size_t size = 0;
    for (long i = 0; i < batch && left; i++, left--) {
        number++;
        size += sprintf(frames + size,
                        "id: %ld\nevent: status\ndata: {\"id\":%ld,\"run\":1,\"task\":\"deploy\",\"at\":\"2026-11-23T10:00:00.000000Z\","
                        "\"kind\":\"status\",\"data\":{\"text\":\"doing a thing, step one t=%llu\"}}\n\n",
                        number, number, (unsigned long long)(seconds(CLOCK_REALTIME) * 1e9));
    }
    if (tip + size + 32 > LOG) exit(3);
    tip += sprintf(journal + tip, "%zx\r\n", size);
    memcpy(journal + tip, frames, size);
    tip += size;
    memcpy(journal + tip, "\r\n", 2);
    tip += 2;
    for (int i = count - 1; i >= 0; i--)
        if (!streams[i]->waiting && push(streams[i])) drop(streams[i]);
}

static long field(const char *text, const char *name, long otherwise) {
    const char *found = strstr(text, name);
    return found ? atol(found + strlen(name)) : otherwise;
}

static void asked(client *c) {
    char text[4096];
    ssize_t n = recv(c->fd, text, sizeof text - 1, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) drop(c);
        return;
    }
    text[n] = 0;
    if (!strncmp(text, "GET", 3) && c->place < 0) {
        static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        send(c->fd, head, sizeof head - 1, MSG_NOSIGNAL);
        c->at = tip, c->place = count, streams[count++] = c;
    } else if (!strncmp(text, "POST", 4)) {
        static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
        left = field(text, "events=", 1), batch = field(text, "batch=", 1), rate = field(text, "rate=", 0);
        due = seconds(CLOCK_MONOTONIC);
        int idle = 1;
        for (int i = 0; i < count; i++) idle &= streams[i]->at == tip;
        if (idle) { /* begin the log anew: nobody needs what is in it */
            for (int i = 0; i < count; i++) streams[i]->at = 0;
            tip = 0;
        }
        send(c->fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    }
}

static void turn(int milliseconds) {
    static struct epoll_event ready[512];
    int n = epoll_wait(ep, ready, 512, milliseconds);
    for (int i = 0; i < n; i++) {
        int fd = ready[i].data.fd, one = 1;
        if (fd == listener) {
            for (int new; (new = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                setsockopt(new, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                client *c = calloc(1, sizeof *c);
                c->fd = new, c->place = -1, by_fd[new] = c;
                watch(c, EPOLL_CTL_ADD, EPOLLIN);
            }
            continue;
        }
        if (by_fd[fd] && ready[i].events & EPOLLOUT && push(by_fd[fd])) drop(by_fd[fd]);
        if (by_fd[fd] && ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) asked(by_fd[fd]);
    }
}

int main(int argc, char **words) {
    if (argc != 2) return 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < MOST ? files.rlim_max : MOST;
    setrlimit(RLIMIT_NOFILE, &files);
    journal = malloc(LOG);
    ep = epoll_create1(0);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (void *)&at, sizeof at) || listen(listener, 4096)) {
        perror("listen");
        return 1;
    }
    struct epoll_event want = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &want);
    for (;;) {
        double now = seconds(CLOCK_MONOTONIC);
        if (!left) {
            turn(1000);
        } else if (rate <= 0 || now >= due) {
            publish();
            due += rate > 0 ? batch / rate : 0;
            turn(0);
        } else {
            usleep((due - now) * 1e6); /* epoll_wait counts whole milliseconds: below one it would not wait at all */
            turn(0);
        }
    }
}
