#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "receiving.h"

#define RECEIVE ((size_t)256 * 1024) /* asked for at once; all sockets share the buffer */
#define SLOW_BUFFER 16384            /* what the kernel holds for a reader that does not read */

static void watch(struct load *load, struct client *client, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(load->epoll, operation, client->fd, &event);
}

static void forget(struct client *client)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(client->fd);
    client->fd = -1;
    client->state = CLOSED;
    client->out.length = client->flushed = client->rest.length = 0;
    client->watches_writable = false;
}

void socket_drop(struct load *load, struct client *client)
{
    if (client->state == READY)
        load->ready--;
    if (client->state != CLOSED)
        forget(client);
}

void socket_lost(struct load *load, struct client *client, const char *why)
{
    if (client->state == CLOSED)
        return;
    if (client->state == READY) {
        load->ready--;
        *(client->roles & SLOW ? &load->counts.slow_closed : &load->counts.closed) += 1;
        note_error(load, "socket %u was closed: %s", client->index, why);
    } else {
        load->opening--;
        count_error(load, "socket %u could not be opened: %s", client->index, why);
    }
    forget(client);
}

static void connect_one(struct load *load, struct client *client)
{
    int yes = 1, small = SLOW_BUFFER;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->plan.port)};
    inet_pton(AF_INET, load->plan.host, &address.sin_addr);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    client->state = CONNECTING;
    client->step = client->replayed = client->frames_unapplied = client->revision = 0;
    client->bytes_unapplied = 0;
    client->began = clock_now();
    load->opening++;
    if (client->fd < 0) {
        socket_lost(load, client, strerror(errno));
        return;
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (client->roles & SLOW)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        socket_lost(load, client, strerror(errno));
    else
        watch(load, client, EPOLL_CTL_ADD, EPOLLOUT);
}

void sockets_open_more(struct load *load)
{
    while (load->to_open < load->socket_count && load->opening < load->plan.parallel)
        connect_one(load, &load->sockets[load->to_open++]);
}

static void shake_hands(struct load *load, struct client *client)
{
    struct bytes *out = &client->out;
    bytes_text(out, "GET ");
    bytes_text(out, client->path);
    bytes_text(out, " HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    bytes_text(out, client->headers);
    bytes_text(out, "\r\n");
    client->state = SHAKING;
    socket_dirty(load, client);
    watch(load, client, EPOLL_CTL_MOD, EPOLLIN);
}

void socket_stop_reading(struct load *load, struct client *client)
{
    watch(load, client, EPOLL_CTL_MOD, EPOLLRDHUP);
}

void socket_dirty(struct load *load, struct client *client)
{
    if (client->dirty)
        return;
    client->dirty = true;
    load->dirty[load->dirty_count++] = client;
}

void socket_queue(struct load *load, struct client *client, enum opcode opcode, const void *payload, size_t length)
{
    frame_write(opcode, payload, length, &client->out);
    socket_dirty(load, client);
}

void socket_say(struct load *load, struct client *client, const struct template *says, const struct slice *values)
{
    load->scratch.length = 0;
    template_fill(says, values, &load->scratch);
    socket_queue(load, client, TEXT, load->scratch.data, load->scratch.length);
}

static void watch_writable(struct load *load, struct client *client, bool wanted)
{
    if (client->watches_writable == wanted)
        return;
    client->watches_writable = wanted;
    uint32_t reading = client->state == READY && client->roles & SLOW ? EPOLLRDHUP : EPOLLIN;
    watch(load, client, EPOLL_CTL_MOD, reading | (wanted ? EPOLLOUT : 0));
}

static void flush(struct load *load, struct client *client)
{
    while (client->flushed < client->out.length) {
        ssize_t sent = send(client->fd, client->out.data + client->flushed, client->out.length - client->flushed,
                            MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            watch_writable(load, client, true);
            return;
        }
        if (sent < 0) {
            socket_lost(load, client, strerror(errno));
            return;
        }
        client->flushed += sent;
    }
    client->out.length = client->flushed = 0;
    watch_writable(load, client, false);
}

void sockets_flush(struct load *load)
{
    for (size_t index = 0; index < load->dirty_count; index++) {
        struct client *client = load->dirty[index];
        client->dirty = false;
        if (client->state != CLOSED)
            flush(load, client);
    }
    load->dirty_count = 0;
}

/* Read once, behind what was left of the last frame; level-triggered epoll comes back for more. */
static void receive(struct load *load, struct client *client)
{
    struct bytes *rest = &client->rest, *buffer = &load->buffer;
    buffer->length = 0;
    bytes_append(buffer, rest->data, rest->length);
    rest->length = 0;
    bytes_reserve(buffer, RECEIVE);
    ssize_t got = recv(client->fd, buffer->data + buffer->length, RECEIVE, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        socket_lost(load, client, got ? strerror(errno) : "end of stream");
        return;
    }
    buffer->length += got;
    size_t used = received(load, client, buffer->data, buffer->length);
    if (client->state != CLOSED)
        bytes_append(rest, buffer->data + used, buffer->length - used);
}

static void connected(struct load *load, struct client *client)
{
    int failure = 0;
    socklen_t length = sizeof failure;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &failure, &length);
    if (failure)
        socket_lost(load, client, strerror(failure));
    else
        shake_hands(load, client);
}

void socket_event(struct load *load, struct client *client, uint32_t events)
{
    if (client->state == CONNECTING)
        connected(load, client);
    else if (client->state != CLOSED && events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP) && !(events & EPOLLIN))
        socket_lost(load, client, "reset or ended");
    else if (client->state != CLOSED && events & EPOLLIN)
        receive(load, client);
    if (client->state != CLOSED && events & EPOLLOUT && client->flushed < client->out.length)
        flush(load, client);
}
