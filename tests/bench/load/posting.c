#include "posting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "ids.h"
#include "rooms.h"
#include "sockets.h"

static void remember(struct load *load, struct client *sender, uint64_t at)
{
    size_t place = sender->sequence - sender->first;
    if (place >= sender->message_capacity) {
        sender->message_capacity = place ? 2 * place : 16;
        sender->messages = checked(realloc(sender->messages, sender->message_capacity * sizeof *sender->messages));
    }
    uint32_t readers = load->rooms[sender->room].readers;
    sender->messages[place] = (struct sent){.at = at};
    load->counts.sent++;
    load->counts.expected += readers;
}

/* `at` is when it should have been sent: a server that makes an open loop wait is not forgiven the waiting. */
static void post(struct load *load, struct client *sender, uint64_t at)
{
    char client[CLIENT_ID_LENGTH + 1];
    static struct bytes body;
    if (sender->state != READY)
        return;
    sender->sequence++;
    remember(load, sender, at);
    client_id_write(sender->index, sender->sequence, client);
    body.length = 0;
    body_write(sender->index, sender->sequence, &body);
    struct slice values[PLACES] = {
        [CLIENT] = {client, CLIENT_ID_LENGTH},
        [BODY] = {(char *)body.data, body.length},
        [ROOM] = sender->room_text,
        [VARIABLE] = slice_of(sender->variable),
    };
    socket_say(load, sender, &load->plan.post, values);
}

static uint64_t random_number(struct run *run)
{
    run->random_state ^= run->random_state << 13; /* xorshift64 */
    run->random_state ^= run->random_state >> 7;
    return run->random_state ^= run->random_state << 17;
}

static bool more_to_post(struct load *load)
{
    struct run *run = &load->run;
    if (run->messages && load->counts.sent >= run->messages)
        run->posting = false;
    if (load->now >= run->ends)
        run->posting = false;
    return run->posting;
}

static struct client *any_sender(struct load *load)
{
    return load->senders[random_number(&load->run) % load->run.senders];
}

static void release(struct load *load, struct client *sender)
{
    if (load->run.rate > 0 || !more_to_post(load))
        return;
    post(load, load->run.random ? any_sender(load) : sender, load->now);
}

void posting_begin(struct load *load)
{
    struct run *run = &load->run;
    rooms_begin(load);
    for (size_t index = 0; index < load->sender_count; index++)
        load->senders[index]->first = load->senders[index]->sequence + 1;
    if (run->senders == 0 || run->senders > load->sender_count)
        run->senders = load->sender_count;
    run->posting = load->sender_count > 0;
    run->scheduled = 0;
    if (run->rate > 0)
        return;
    uint64_t slots = run->random ? run->in_flight : run->in_flight * run->senders;
    for (uint64_t slot = 0; slot < slots && more_to_post(load); slot++)
        post(load, run->random ? any_sender(load) : load->senders[slot % run->senders], load->now);
}

uint64_t posting_turn(struct load *load)
{
    struct run *run = &load->run;
    /* What was due before the end is posted, however late we come: left out, a stall of ours would flatter. */
    while (run->rate > 0 && run->posting && !(run->messages && load->counts.sent >= run->messages)) {
        uint64_t due = run->began + run->scheduled * (SECOND / run->rate);
        if (due >= run->ends)
            break;
        if (due > load->now)
            return due;
        post(load, run->random ? any_sender(load) : load->senders[run->scheduled % run->senders], due);
        run->scheduled++;
    }
    return more_to_post(load) ? run->ends : NEVER;
}

static void acknowledge(struct load *load, struct client *sender, uint32_t sequence)
{
    struct sent *message = &sender->messages[sequence - sender->first];
    if (message->acknowledged) {
        count_error(load, "message %u of socket %u was acknowledged twice", sequence, sender->index);
        return;
    }
    message->acknowledged = true;
    load->counts.acknowledged++;
    load->run.last_event = load->now;
    histogram_add(&load->counts.acknowledgement, load->now - message->at);
    if (load->run.release == ACKNOWLEDGED)
        release(load, sender);
}

bool posting_frame(struct load *load, struct client *sender, const uint8_t *payload, size_t length)
{
    const struct slice *before = &load->plan.acknowledged_before, *after = &load->plan.acknowledged_after;
    uint32_t index, sequence;
    if (before->length == 0 || !(sender->roles & SENDER))
        return false;
    const uint8_t *at = memmem(payload, length, before->text, before->length);
    if (at == NULL)
        return false;
    at += before->length;
    size_t rest = payload + length - at;
    if (rest < CLIENT_ID_LENGTH + after->length || memcmp(at + CLIENT_ID_LENGTH, after->text, after->length) != 0)
        return false;
    if (!client_id_read((const char *)at, &index, &sequence) || index != sender->index ||
        sequence < sender->first || sequence > sender->sequence)
        count_error(load, "socket %u got an acknowledgement that is not its own", sender->index);
    else
        acknowledge(load, sender, sequence);
    return true;
}

void posting_delivered(struct load *load, struct client *sender, uint32_t sequence, bool last, bool own)
{
    if (own && load->plan.acknowledged_before.length == 0)
        acknowledge(load, sender, sequence);
    if ((own && load->run.release == OWN_DELIVERY) || (last && load->run.release == LAST_READER))
        release(load, sender);
}

bool posting_finished(const struct load *load)
{
    const struct counts *counts = &load->counts;
    return !load->run.posting && counts->acknowledged == counts->sent && counts->delivered == counts->expected;
}

bool posting_list(const struct load *load, const char *path)
{
    char client[CLIENT_ID_LENGTH + 1];
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    for (size_t index = 0; index < load->sender_count; index++) {
        const struct client *sender = load->senders[index];
        for (uint32_t sequence = sender->first; sequence <= sender->sequence; sequence++) {
            if (!sender->messages[sequence - sender->first].acknowledged)
                continue;
            client_id_write(sender->index, sequence, client);
            fprintf(file, "%s\t%u\t%u\n", client, sender->index, sequence);
        }
    }
    return fclose(file) == 0;
}
