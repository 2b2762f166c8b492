/* client - opens N event streams, asks for events once all are open, and counts what arrives. One thread, epoll.
 *
 *   client -P PORT -u PATH -n STREAMS [-e EVENTS] [-T PATH] [-p PID] [-d SECONDS] [-w SECONDS] [-i]
 *          [-r FIRST:COUNT] [-E] [-c FILE]
 *
 *   -e  a stream is done after so many events; 0: none are expected, hold the streams for -d seconds
 *   -T  POSTed when all streams are open: it makes the server send
 *   -p  the server's process: its CPU time and memory are reported
 *   -d  give up after so many seconds         -w  wait so long between "all open" and the trigger
 *   -i  frames of an output: each must begin at the offset at which the one before it ended
 *   -r  FIRST:COUNT: a %ld in the path is the number of a run, one of these in turn
 *   -E  a stream is done when the server ends it
 *   -c  a file with a Cookie header's value on each line: each stream sends one of them, in turn
 *
 * Prints one line of JSON. Ids of a stream must rise by one: what does not is counted in "gaps". Events that carry
 * `t=<nanoseconds since the epoch>` in their data are timed.
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

enum { CONNECTING, HEAD, BODY, GONE };
enum { LINE = 1024, HEX = 20, SAMPLES = 1 << 20 };

typedef struct {
    int fd, state, kept, hexed, done;
    size_t left;       /* bytes of the present chunk that are still to come */
    long last, next, events; /* the last id, that of the present frame, and how many events came */
    char hex[HEX];     /* a chunk's size, not complete yet */
    char line[LINE];   /* the beginning of a line that is not complete yet */
} stream;

static int port, streams = 1, offsets, to_end, pid, ep, opened, finished, failed;
static long first_run, runs = 1, wanted, total, gaps, bytes, timed;
static double patience = 30, settle = 0.3, last_event;
static const char *path = "/", *trigger;
static stream *all;
static char **cookies;
static long signed_in; /* how many cookies there are */
static float samples[SAMPLES]; /* milliseconds */

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double server_cpu(void) {
    char name[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    FILE *file = pid ? fopen(name, "r") : NULL;
    if (!file) return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = 0;
    char *rest = strrchr(text, ')');
    if (rest) sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long server_memory(void) { /* kB */
    char name[64], text[256];
    long kb = 0;
    snprintf(name, sizeof name, "/proc/%d/status", pid);
    FILE *file = pid ? fopen(name, "r") : NULL;
    if (!file) return 0;
    while (fgets(text, sizeof text, file)) sscanf(text, "VmRSS: %ld", &kb);
    fclose(file);
    return kb;
}

static int dial(int flags) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (void *)&to, sizeof to) && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

static void begin(stream *s) {
    s->fd = dial(SOCK_NONBLOCK);
    s->last = -1;
    struct epoll_event want = {.events = EPOLLOUT, .data.ptr = s};
    if (s->fd < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &want)) failed++, s->state = GONE;
}

static void end(stream *s) {
    if (s->state != BODY || !s->done) failed++;
    close(s->fd);
    s->state = GONE;
}

static void line(stream *s, const char *text) {
    if (!strncmp(text, "id: ", 4)) {
        long id = atol(text + 4);
        if (offsets) {
            s->next = id;
        } else {
            if (s->last >= 0 && id != s->last + 1) gaps++;
            s->last = id;
        }
    } else if (!strncmp(text, "data: ", 6)) {
        const char *mark = strstr(text, "\"offset\":");
        if (offsets && mark) {
            if (atol(mark + 9) != (s->last < 0 ? 0 : s->last)) gaps++;
            s->last = s->next;
        }
        for (mark = strstr(text, "t="); mark && timed < SAMPLES; mark = strstr(mark + 2, "t="))
            samples[timed++] = seconds(CLOCK_REALTIME) * 1e3 - strtoull(mark + 2, NULL, 10) / 1e6;
        total++;
        last_event = seconds(CLOCK_MONOTONIC);
        if (++s->events >= wanted && wanted && !s->done) s->done = 1, finished++;
    }
}

static void text(stream *s, const char *data, size_t size) {
    while (size) {
        const char *stop = memchr(data, '\n', size);
        size_t part = stop ? (size_t)(stop - data) : size, room = LINE - 1 - s->kept;
        size_t take = part < room ? part : room;
        memcpy(s->line + s->kept, data, take);
        s->kept += take;
        if (!stop) return;
        s->line[s->kept] = 0;
        line(s, s->line);
        s->kept = 0;
        data += part + 1, size -= part + 1;
    }
}

static void chunks(stream *s, const char *data, size_t size) {
    while (size) {
        if (s->left) {
            size_t part = size < s->left ? size : s->left;
            text(s, data, part);
            s->left -= part, data += part, size -= part;
        } else {
            char c = *data++;
            size--;
            if (c != '\n') {
                if (s->hexed < HEX - 1) s->hex[s->hexed++] = c;
            } else {
                s->hex[s->hexed] = 0;
                if (s->hexed > 1) s->left = strtoul(s->hex, NULL, 16); /* 1: the "\r" behind a chunk */
                if (s->hexed > 1 && !s->left && to_end && !s->done) s->done = 1, finished++;
                s->hexed = 0;
            }
        }
    }
}

static void readable(stream *s) {
    static char data[1 << 18];
    ssize_t n = recv(s->fd, data, sizeof data - 1, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) end(s);
        return;
    }
    bytes += n;
    data[n] = 0;
    char *rest = data;
    if (s->state == HEAD) { /* a head comes in one piece over loopback */
        rest = strstr(data, "\r\n\r\n");
        if (!rest || strncmp(data + 9, "200", 3)) {
            fprintf(stderr, "%.60s\n", data);
            end(s);
            return;
        }
        rest += 4, s->state = BODY, opened++;
    }
    chunks(s, rest, data + n - rest);
}

static void turn(int milliseconds) {
    static struct epoll_event ready[1024];
    int n = epoll_wait(ep, ready, 1024, milliseconds);
    for (int i = 0; i < n; i++) {
        stream *s = ready[i].data.ptr;
        if (s->state == CONNECTING) {
            char ask[1024], where[256], cookie[300] = "";
            if (signed_in) snprintf(cookie, sizeof cookie, "Cookie: %s\r\n", cookies[(s - all) % signed_in]);
            snprintf(where, sizeof where, path, first_run + (s - all) % runs);
            int size = snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n%s\r\n", where, cookie);
            struct epoll_event want = {.events = EPOLLIN, .data.ptr = s};
            s->state = HEAD;
            if (send(s->fd, ask, size, MSG_NOSIGNAL) != size || epoll_ctl(ep, EPOLL_CTL_MOD, s->fd, &want)) end(s);
        } else if (s->state != GONE) {
            readable(s);
        }
    }
}

static int post(void) {
    char ask[512];
    int fd = dial(0), size = snprintf(ask, sizeof ask, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", trigger);
    if (fd < 0 || write(fd, ask, size) != size) return -1;
    return fd; /* its answer is of no interest; closing it early would be a disconnect */
}

static void read_cookies(const char *name) {
    FILE *file = fopen(name, "r");
    char text[256];
    while (file && fgets(text, sizeof text, file)) {
        text[strcspn(text, "\n")] = 0;
        cookies = realloc(cookies, (signed_in + 1) * sizeof *cookies);
        cookies[signed_in++] = strdup(text);
    }
    if (file) fclose(file);
}

static int smaller(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int count, char **words) {
    for (int o; (o = getopt(count, words, "P:u:n:e:T:p:d:w:r:c:iE")) != -1;) switch (o) {
        case 'P': port = atoi(optarg); break;
        case 'u': path = optarg; break;
        case 'n': streams = atoi(optarg); break;
        case 'e': wanted = atol(optarg); break;
        case 'T': trigger = optarg; break;
        case 'p': pid = atoi(optarg); break;
        case 'd': patience = atof(optarg); break;
        case 'w': settle = atof(optarg); break;
        case 'i': offsets = 1; break;
        case 'E': to_end = 1; break;
        case 'c': read_cookies(optarg); break;
        case 'r': sscanf(optarg, "%ld:%ld", &first_run, &runs); break;
        default: return 2;
        }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < (rlim_t)streams + 50) {
        fprintf(stderr, "only %ld files may be open here (ulimit -n)\n", (long)files.rlim_cur);
        return 2;
    }
    ep = epoll_create1(0);
    all = calloc(streams, sizeof *all);
    long empty = server_memory();
    double start = seconds(CLOCK_MONOTONIC);
    for (int next = 0; opened + failed < streams && seconds(CLOCK_MONOTONIC) - start < 60; turn(20))
        while (next < streams && next - opened - failed < 200) begin(&all[next++]);
    double open_time = seconds(CLOCK_MONOTONIC) - start;
    for (double until = seconds(CLOCK_MONOTONIC) + settle; seconds(CLOCK_MONOTONIC) < until;) turn(10);
    long open_memory = server_memory(), before = total;
    double cpu = server_cpu(), own = seconds(CLOCK_PROCESS_CPUTIME_ID);
    start = last_event = seconds(CLOCK_MONOTONIC);
    int asked = trigger ? post() : -1;
    while (seconds(CLOCK_MONOTONIC) - start < patience && ((!wanted && !to_end) || finished + failed < streams)) turn(20);
    double took = last_event - start;
    own = seconds(CLOCK_PROCESS_CPUTIME_ID) - own, cpu = server_cpu() - cpu;
    if (asked >= 0) close(asked);
    qsort(samples, timed, sizeof *samples, smaller);
    printf("{\"opened\":%d,\"failed\":%d,\"finished\":%d,\"open_s\":%.3f,\"events\":%ld,\"gaps\":%ld,\"bytes\":%ld,\"seconds\":%.4f,"
           "\"cpu_s\":%.3f,\"client_cpu_s\":%.3f,\"empty_kb\":%ld,\"open_kb\":%ld,\"end_kb\":%ld,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           opened, failed, finished, open_time, total - before, gaps, bytes, took, cpu, own, empty, open_memory, server_memory(),
           timed ? samples[timed / 2] : 0, timed ? samples[timed * 99 / 100] : 0, timed ? samples[timed - 1] : 0);
    return failed || ((wanted || to_end) && finished < streams);
}
