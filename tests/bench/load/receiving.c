#include "receiving.h"

#include <stdio.h>
#include <string.h>

#include "body.h"
#include "posting.h"
#include "rooms.h"
#include "sockets.h"

#define OWN 32 /* different limits of what a socket owes */

static bool contains(const uint8_t *payload, size_t length, const struct slice *text)
{
    return memmem(payload, length, text->text, text->length) != NULL;
}

static void say(struct load *load, struct client *client, const struct template *says)
{
    char revision[24];
    int length = snprintf(revision, sizeof revision, "%lu", (unsigned long)client->revision);
    struct slice values[PLACES] = {
        [CLIENT] = {"", 0},
        [BODY] = {"", 0},
        [ROOM] = client->room_text,
        [VARIABLE] = slice_of(client->variable),
        [REVISION] = {revision, length},
    };
    socket_say(load, client, says, values);
}

static void now_ready(struct load *load, struct client *client)
{
    client->state = READY;
    load->opening--;
    load->ready++;
    histogram_add(&load->opened, load->now - client->began);
    if (client->roles & SLOW)
        socket_stop_reading(load, client);
}

/* Send up to the next `wait`; at the end of the script the socket is ready. */
static void follow_script(struct load *load, struct client *client)
{
    const struct script *script = &load->plan.scripts[client->script];
    while (client->step < script->count && script->steps[client->step].sends)
        say(load, client, &script->steps[client->step++].says);
    if (client->step == script->count)
        now_ready(load, client);
}

/* A `wait` has no places: its template is one plain piece. */
static void opening_frame(struct load *load, struct client *client, const uint8_t *payload, size_t length)
{
    const struct step *step = &load->plan.scripts[client->script].steps[client->step];
    struct marker marker;
    for (const uint8_t *at = payload; marker_find(at, payload + length, &marker); at = marker.after)
        client->replayed++;
    if (step->says.count && !contains(payload, length, &step->says.pieces[0].text))
        return;
    client->step++;
    follow_script(load, client);
}

/* How many messages the frame brings. */
static size_t deliveries(struct load *load, struct client *client, const uint8_t *payload, size_t length)
{
    struct marker marker;
    size_t found = 0;
    for (const uint8_t *at = payload; marker_find(at, payload + length, &marker); at = marker.after) {
        found++;
        if (!marker.ours)
            load->counts.foreign++;
        else if (client->roles & READER)
            rooms_deliver(load, client, &marker);
    }
    return found;
}

static void other_frame(struct load *load, struct client *client, const uint8_t *payload, size_t length)
{
    const struct plan *plan = &load->plan;
    if (posting_frame(load, client, payload, length))
        return;
    for (size_t index = 0; index < plan->answer_count; index++) {
        const struct answer *answer = &plan->answers[index];
        if (length >= answer->begins.length && memcmp(payload, answer->begins.text, answer->begins.length) == 0)
            socket_queue(load, client, TEXT, answer->reply.text, answer->reply.length);
    }
    for (size_t index = 0; index < plan->error_count; index++)
        if (contains(payload, length, &plan->errors[index]))
            count_error(load, "socket %u: %.*s", client->index, (int)length, (const char *)payload);
}

/* True for a frame with messages. Those are never taken for an acknowledgement or an error. */
static bool message_frame(struct load *load, struct client *client, const uint8_t *payload, size_t length)
{
    if (client->state == OPENING) {
        other_frame(load, client, payload, length); /* answers leave before the script goes on */
        opening_frame(load, client, payload, length);
        return false;
    }
    if (deliveries(load, client, payload, length) == 0) {
        other_frame(load, client, payload, length);
        return false;
    }
    load->counts.frames++;
    client->frames_unapplied++;
    client->bytes_unapplied += length;
    return true;
}

static bool take_frame(struct load *load, struct client *client, const struct frame *frame)
{
    if (frame->opcode == PING)
        socket_queue(load, client, PONG, frame->payload, frame->length);
    else if (frame->opcode == CLOSE) {
        char why[200];
        int code = frame->length < 2 ? 1005 : frame->payload[0] << 8 | frame->payload[1];
        int said = frame->length < 2 ? 0 : frame->length - 2;
        snprintf(why, sizeof why, "code %d %.*s", code, said, (const char *)frame->payload + 2);
        socket_lost(load, client, why);
    } else if (!frame->last || frame->opcode == CONTINUATION)
        socket_lost(load, client, "a message came in pieces, which the load client does not put together");
    else if (frame->opcode != PONG)
        return message_frame(load, client, frame->payload, frame->length);
    return false;
}

static void read_revision(struct load *load, struct client *client, const struct frame *frame)
{
    const struct slice *key = &load->plan.revision_key;
    const uint8_t *end = frame->payload + frame->length;
    const uint8_t *at = memmem(frame->payload, frame->length, key->text, key->length);
    if (at == NULL)
        return;
    uint64_t revision = 0;
    for (at += key->length; at < end && *at == ' '; at++)
        ;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        revision = revision * 10 + (*at - '0');
    client->revision = revision;
}

/* Each socket at three quarters of the most or more, its own: all readers of a message would answer at once. */
static uint64_t own(uint64_t most, const struct client *client)
{
    return most - most / 4 * (client->index % OWN) / OWN;
}

static bool owes(const struct plan *plan, const struct client *client)
{
    return (plan->applied_frames && client->frames_unapplied >= own(plan->applied_frames, client)) ||
           (plan->applied_bytes && client->bytes_unapplied >= own(plan->applied_bytes, client));
}

static void applied(struct load *load, struct client *client)
{
    client->frames_unapplied = client->bytes_unapplied = 0;
    say(load, client, &load->plan.applied);
}

static size_t frames(struct load *load, struct client *client, const uint8_t *data, size_t length)
{
    struct frame frame, newest = {.length = 0};
    size_t used = 0, size;
    while (client->state != CLOSED && (size = frame_read(data + used, length - used, &frame)) != 0) {
        if (take_frame(load, client, &frame))
            newest = frame;
        used += size;
    }
    if (newest.length && load->plan.applied.count && client->state == READY) {
        read_revision(load, client, &newest);
        if (owes(&load->plan, client))
            applied(load, client);
    }
    return used;
}

void say_applied(struct load *load, size_t share, size_t shares)
{
    for (size_t index = share; index < load->socket_count; index += shares) {
        struct client *client = &load->sockets[index];
        if (client->state == READY && client->frames_unapplied)
            applied(load, client);
    }
}

/* Bytes of the answer, 0 when it isn't all there. */
static size_t handshake(struct load *load, struct client *client, const uint8_t *data, size_t length)
{
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    if (length < 12 || memcmp(data + 9, "101", 3) != 0) {
        char line[100];
        snprintf(line, sizeof line, "%.*s", (int)strcspn((const char *)data, "\r"), (const char *)data);
        socket_lost(load, client, line);
        return length;
    }
    client->state = OPENING;
    follow_script(load, client);
    return (const uint8_t *)end + 4 - data;
}

size_t received(struct load *load, struct client *client, const uint8_t *data, size_t length)
{
    size_t used = 0;
    if (client->state == SHAKING && (used = handshake(load, client, data, length)) == 0)
        return 0;
    return used + frames(load, client, data + used, length - used);
}
