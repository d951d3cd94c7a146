/* The first reader to get its n-th message writes the room's log; for all others a delivery is one comparison with the
 * entry at their cursor. Only when that fails is anything searched: then the run is wrong anyway, and what follows
 * finds out how (a hole in a reader's list is a message skipped; filled later, it came out of order). */
#include "rooms.h"

#include <stdlib.h>

#include "posting.h"

#define NOWHERE SIZE_MAX
#define SEARCHED 65536 /* entries in each direction */

void rooms_begin(struct load *load)
{
    for (size_t index = 0; index < load->room_count; index++)
        load->rooms[index].length = 0;
    for (size_t index = 0; index < load->socket_count; index++) {
        load->sockets[index].cursor = 0;
        load->sockets[index].holes.length = 0;
        load->sockets[index].logged = load->sockets[index].sequence;
    }
}

static void count_delivery(struct load *load, struct client *reader, struct room *room, struct entry *entry)
{
    load->counts.delivered++;
    load->run.last_event = load->now;
    bool last = ++entry->readers == room->readers;
    if (last)
        histogram_add(&load->counts.last_reader, load->now - entry->at);
    if (last || entry->sender == reader->index)
        posting_delivered(load, &load->sockets[entry->sender], entry->sequence, last, entry->sender == reader->index);
}

static bool is(const struct entry *entry, const struct marker *marker)
{
    return entry->sender == marker->sender && entry->sequence == marker->sequence;
}

static void add_hole(struct client *reader, uint32_t place)
{
    bytes_append(&reader->holes, &place, sizeof place);
}

/* True when `place` was a hole, which is filled now. */
static bool fill_hole(struct client *reader, uint32_t place)
{
    uint32_t *holes = (uint32_t *)reader->holes.data;
    size_t count = reader->holes.length / sizeof *holes;
    for (size_t index = 0; index < count; index++) {
        if (holes[index] != place)
            continue;
        holes[index] = holes[count - 1];
        reader->holes.length -= sizeof *holes;
        return true;
    }
    return false;
}

static void skip_to(struct client *reader, size_t place)
{
    while (reader->cursor < place)
        add_hole(reader, reader->cursor++);
}

static void add_entry(struct room *room, struct client *sender, uint32_t sequence)
{
    if (room->length == room->capacity) {
        room->capacity = room->capacity ? 2 * room->capacity : 1024;
        room->log = checked(realloc(room->log, room->capacity * sizeof *room->log));
    }
    uint64_t at = sender->messages[sequence - sender->first].at;
    room->log[room->length++] = (struct entry){sender->index, sequence, 0, at};
}

/* The first to see it. What the sender had sent before and nobody has seen yet is a hole for this reader. */
static void append(struct load *load, struct client *reader, struct room *room, const struct marker *marker)
{
    struct client *sender = &load->sockets[marker->sender];
    skip_to(reader, room->length);
    for (uint32_t sequence = sender->logged + 1; sequence <= marker->sequence; sequence++)
        add_entry(room, sender, sequence);
    sender->logged = marker->sequence;
    skip_to(reader, room->length - 1);
    count_delivery(load, reader, room, &room->log[reader->cursor++]);
}

static size_t ahead(const struct client *reader, const struct room *room, const struct marker *marker)
{
    size_t end = room->length - reader->cursor > SEARCHED ? reader->cursor + SEARCHED : room->length;
    for (size_t place = reader->cursor; place < end; place++)
        if (is(&room->log[place], marker))
            return place;
    return NOWHERE;
}

static size_t behind(const struct client *reader, const struct room *room, const struct marker *marker)
{
    size_t end = reader->cursor > SEARCHED ? reader->cursor - SEARCHED : 0;
    for (size_t place = reader->cursor; place-- > end;)
        if (is(&room->log[place], marker))
            return place;
    return NOWHERE;
}

/* Not what stands at the reader's cursor. */
static void find_out(struct load *load, struct client *reader, struct room *room, const struct marker *marker)
{
    size_t place = ahead(reader, room, marker);
    if (place != NOWHERE) {
        skip_to(reader, place);
        count_delivery(load, reader, room, &room->log[reader->cursor++]);
        return;
    }
    place = behind(reader, room, marker);
    if (place == NOWHERE || !fill_hole(reader, place)) {
        load->counts.duplicates++;
        return;
    }
    load->counts.out_of_order++;
    count_delivery(load, reader, room, &room->log[place]);
}

/* Whether this room's member has sent it. */
static bool belongs(const struct load *load, const struct client *reader, const struct marker *marker)
{
    if (marker->sender >= load->socket_count)
        return false;
    const struct client *sender = &load->sockets[marker->sender];
    return sender->room == reader->room && marker->sequence >= 1 && marker->sequence <= sender->sequence;
}

void rooms_deliver(struct load *load, struct client *reader, const struct marker *marker)
{
    struct room *room = &load->rooms[reader->room];
    if (!marker->intact)
        load->counts.altered++;
    if (reader->cursor < room->length && is(&room->log[reader->cursor], marker))
        count_delivery(load, reader, room, &room->log[reader->cursor++]);
    else if (!belongs(load, reader, marker))
        load->counts.strays++;
    else if (marker->sequence > load->sockets[marker->sender].logged)
        append(load, reader, room, marker);
    else
        find_out(load, reader, room, marker);
}

uint64_t rooms_missing(const struct load *load)
{
    const struct counts *counts = &load->counts;
    return counts->expected > counts->delivered ? counts->expected - counts->delivered : 0;
}
