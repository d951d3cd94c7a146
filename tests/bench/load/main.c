/* The load client: many WebSockets on one core, told by lines on its standard input what to do.
 *
 * The plan's lines (plan.c) come first, then commands: `open`, `go` and `reconnect`, each of which
 * answers with one line, `ready {…}` or `done {…}`; `drop` says nothing. `Load` in __init__.py drives it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"
#include "posting.h"
#include "receiving.h"
#include "report.h"
#include "sockets.h"

#define EVENTS 512
#define SHARES 50 /* of the sockets */
#define SETTLING (50 * MILLISECOND) /* after a run, for what comes twice */

uint64_t clock_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

/* A bell that rings too early does no harm: then it is set anew. So a deadline that moves on costs no system call. */
static void arm(struct load *load, uint64_t when)
{
    if (load->armed <= when)
        return;
    load->armed = when;
    struct itimerspec at = {.it_value = {when / SECOND, when % SECOND}};
    timerfd_settime(load->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void ring(struct load *load)
{
    uint64_t times;
    load->armed = NEVER;
    if (read(load->timer, &times, sizeof times) < 0)
        return;
}

/* When the next share of the sockets says what it has read: each has a moment of its own, as pages have. */
static uint64_t applied_next(const struct load *load)
{
    return load->plan.applied_every ? load->applied_at + load->plan.applied_every / SHARES : NEVER;
}

static void applied_by_time(struct load *load)
{
    if (load->now < applied_next(load))
        return;
    load->applied_at = load->now;
    say_applied(load, load->share++ % SHARES, SHARES);
}

/* Asks and asks while a run `polls`: who sleeps has to be woken, and the one who sends pays for that (some microseconds
 * for each delivery where an idle core of a virtual machine is asleep), which no reader on a machine of his own costs. */
static int events_of(struct load *load, struct epoll_event *events)
{
    int count;
    if (!load->run.polls)
        return epoll_wait(load->epoll, events, EVENTS, -1);
    uint64_t began = clock_now(), last = began;
    while ((count = epoll_wait(load->epoll, events, EVENTS, 0)) == 0)
        last = clock_now();
    load->run.polled += last - began;
    return count;
}

/* Wait for events, at most until `deadline`, and deal with them. True when there is a command to read. */
static bool turn(struct load *load, uint64_t deadline)
{
    struct epoll_event events[EVENTS];
    bool command = false;
    uint64_t applied = applied_next(load);
    sockets_flush(load);
    arm(load, applied < deadline ? applied : deadline);
    int count = events_of(load, events);
    load->now = clock_now();
    for (int index = 0; index < count; index++) {
        if (events[index].data.ptr == &load->timer)
            ring(load);
        else if (events[index].data.ptr == NULL)
            command = true;
        else {
            socket_event(load, events[index].data.ptr, events[index].events);
            sockets_flush(load);
        }
    }
    applied_by_time(load);
    return command;
}

/* The share of the time since `began` for which there was work; `worked` is what worked_now() said then. A run that polls
 * takes all of its core, so there it is the time that was not spent asking in vain. */
static double busy_since(const struct load *load, uint64_t began, double worked)
{
    double elapsed = (clock_now() - began) / 1e9;
    return load->run.polls ? 1 - load->run.polled / 1e9 / elapsed : (worked_now() - worked) / elapsed;
}

static void open_all(struct load *load)
{
    uint64_t began = clock_now(), deadline = began + load->plan.patience;
    double worked = worked_now();
    load->to_open = load->opening = 0;
    histogram_clear(&load->opened);
    sockets_open_more(load);
    while ((load->opening || load->to_open < load->socket_count) && clock_now() < deadline) {
        turn(load, deadline);
        sockets_open_more(load);
    }
    if (load->opening)
        count_error(load, "%zu sockets were not ready in time", load->opening);
    report_ready(load, began, busy_since(load, began, worked));
}

static void drop_all(struct load *load)
{
    for (size_t index = 0; index < load->socket_count; index++)
        socket_drop(load, &load->sockets[index]);
}

static void settle(struct load *load)
{
    uint64_t end = clock_now() + SETTLING;
    while (clock_now() < end)
        turn(load, end);
}

/* `list` is the file for the acknowledged messages, or empty. */
static void go(struct load *load, const char *list)
{
    struct run *run = &load->run;
    double worked = worked_now();
    posting_begin(load);
    for (;;) {
        uint64_t next = posting_turn(load), patience = run->last_event + load->plan.patience;
        if (posting_finished(load) || (next == NEVER && load->now >= patience))
            break;
        turn(load, next < patience ? next : patience);
    }
    double busy = busy_since(load, run->began, worked);
    load->run.polls = false;
    settle(load);
    if (*list && !posting_list(load, list))
        count_error(load, "the list of acknowledged messages could not be written");
    report_done(load, busy);
}

/* "in_flight senders messages release random polls seconds rate list", with tabs between; the last may be empty. */
static void run_command(struct load *load, const char *line)
{
    unsigned release, random, polls;
    double seconds;
    struct run run = {0};
    int read = 0;
    if (sscanf(line, "%lu\t%lu\t%lu\t%u\t%u\t%u\t%lf\t%lf\t%n", &run.in_flight, &run.senders, &run.messages, &release,
               &random, &polls, &seconds, &run.rate, &read) < 8) {
        fprintf(stderr, "no run: %s\n", line);
        exit(1);
    }
    run.release = release;
    run.random = random;
    run.polls = polls;
    run.random_state = UINT64_C(0x2545F4914F6CDD1D);
    run.began = run.last_event = load->now = clock_now();
    run.ends = seconds > 0 ? run.began + seconds * SECOND : NEVER;
    load->run = run;
    go(load, read ? line + read : "");
}

static void command(struct load *load, char *line)
{
    if (strncmp(line, "go\t", 3) == 0)
        run_command(load, line + 3);
    else if (strcmp(line, "open") == 0) {
        plan_finish(load);
        open_all(load);
    } else if (strcmp(line, "drop") == 0)
        drop_all(load);
    else if (strcmp(line, "reconnect") == 0) {
        drop_all(load);
        open_all(load);
    } else if (strcmp(line, "quit") == 0) {
        drop_all(load);
        exit(0);
    } else
        plan_line(load, line);
}

/* Complete lines of standard input; the end of it ends the process. */
static void read_commands(struct load *load)
{
    static struct bytes input;
    char *end;
    bytes_reserve(&input, 65536);
    ssize_t got = read(STDIN_FILENO, input.data + input.length, 65536);
    if (got <= 0)
        exit(0);
    input.length += got;
    size_t used = 0;
    while ((end = memchr(input.data + used, '\n', input.length - used)) != NULL) {
        *end = '\0';
        char *line = (char *)input.data + used;
        used = end + 1 - (char *)input.data;
        command(load, line);
    }
    memmove(input.data, input.data + used, input.length - used);
    input.length -= used;
}

static void serve(struct load *load)
{
    struct epoll_event commands = {.events = EPOLLIN, .data.ptr = NULL};
    for (;;) {
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &commands);
        while (!turn(load, NEVER))
            ;
        epoll_ctl(load->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        read_commands(load);
    }
}

int main(void)
{
    static struct load load = {.armed = NEVER, .plan.parallel = 64, .plan.patience = 30 * SECOND};
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event timer = {.events = EPOLLIN, .data.ptr = &load.timer};
    epoll_ctl(load.epoll, EPOLL_CTL_ADD, load.timer, &timer);
    serve(&load);
}
