/* What this process knows: the plan, its sockets and rooms, the run under way and what was counted. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"
#include "text.h"

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)
#define NEVER UINT64_MAX

enum state { CLOSED, CONNECTING, SHAKING, OPENING, READY };
enum role { READER = 1, SENDER = 2, SLOW = 4 };
enum release { ACKNOWLEDGED, OWN_DELIVERY, LAST_READER };

struct step {
    bool sends; /* else waits */
    struct template says;
};

struct script {
    struct step *steps;
    size_t count;
};

struct answer {
    struct slice begins, reply;
};

struct plan {
    char *host;
    int port;
    size_t parallel;          /* sockets that open at the same time */
    uint64_t patience;        /* nanoseconds for opening all, and without any progress at the end of a run */
    struct script *scripts;
    size_t script_count;
    struct answer *answers;   /* text frames that begin so are answered so */
    size_t answer_count;
    struct slice *errors;     /* frames with this are errors */
    size_t error_count;
    struct template post;
    struct slice acknowledged_before, acknowledged_after; /* around the client id; none: the own delivery counts */
    struct template applied;  /* says which revision was read */
    struct slice revision_key;
    uint64_t applied_frames, applied_bytes, applied_every; /* 0: not by frames, bytes, time (nanoseconds) */
};

/* A message of the run under way. */
struct sent {
    uint64_t at;
    bool acknowledged;
};

struct client {
    int fd;
    enum state state;
    unsigned roles;
    uint32_t index, room;
    size_t script, step;
    char *path, *headers, *variable;
    struct slice room_text;
    struct bytes rest; /* the beginning of a frame whose end has not come */
    struct bytes out;
    size_t flushed;
    bool dirty, watches_writable;
    uint64_t began, replayed; /* since the last opening */

    uint64_t cursor; /* in the room's log */
    struct bytes holes; /* of uint32_t: places before the cursor that were skipped */
    uint64_t frames_unapplied, bytes_unapplied, revision;

    uint32_t sequence, first, logged; /* last sent, first of this run, last that stands in the room's log */
    struct sent *messages; /* from `first` on */
    size_t message_capacity;
};

/* The order that the first reader saw; everybody else has to see the same. */
struct entry {
    uint32_t sender, sequence, readers;
    uint64_t at;
};

struct room {
    struct entry *log;
    size_t length, capacity;
    uint32_t readers;
};

struct counts {
    uint64_t sent, acknowledged, expected, delivered, frames, duplicates, out_of_order, altered, strays, foreign, errors,
        closed, slow_closed;
    struct histogram acknowledgement, last_reader;
    char first_error[400];
};

struct run {
    bool posting;
    enum release release;
    bool random, polls;
    uint64_t in_flight, senders, messages; /* messages 0: until the time is over */
    double rate; /* 0: closed loop */
    uint64_t began, ends, last_event;
    uint64_t scheduled; /* how many the open loop has posted */
    uint64_t random_state;
    uint64_t polled; /* nanoseconds of asking in vain */
};

struct load {
    struct plan plan;
    struct client *sockets;
    size_t socket_count, socket_capacity;
    struct room *rooms;
    size_t room_count;
    struct client **senders, **dirty;
    size_t sender_count, dirty_count;
    size_t to_open, opening, ready; /* the next to connect; on their way; there */
    struct histogram opened;
    struct counts counts;
    struct run run;
    uint64_t now; /* when the events at hand were fetched */
    uint64_t applied_at; /* the last time revisions were said by time, by a share of the sockets */
    size_t share; /* the next one */
    int epoll, timer;
    uint64_t armed;
    struct bytes buffer, scratch;
};

uint64_t clock_now(void);
/* Keep what went wrong; the first text since the last report is reported. `count_error` counts it too. */
__attribute__((format(printf, 2, 3))) void note_error(struct load *load, const char *format, ...);
#define count_error(load, ...) ((load)->counts.errors++, note_error(load, __VA_ARGS__))

#endif
