#include "body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_MARKS 80

static struct {
    size_t size;
    char run[16]; /* "x1234abcd~ ": what follows the sequence */
    size_t run_length;
    char *filler; /* repeated up to `size` */
} shape;

void body_shape(size_t size, const char *run, const char *filler)
{
    size_t length = strlen(filler);
    if (size < LONGEST_MARKS || length == 0 || strlen(run) != 8) {
        fprintf(stderr, "a body has at least %d bytes and a filler, a run eight hexadecimal digits\n", LONGEST_MARKS);
        exit(1);
    }
    shape.size = size;
    shape.run_length = snprintf(shape.run, sizeof shape.run, "x%s~ ", run);
    shape.filler = checked(malloc(size));
    for (size_t at = 0; at < size; at++)
        shape.filler[at] = filler[at % length];
}

void body_write(uint32_t sender, uint32_t sequence, struct bytes *into)
{
    char begin[LONGEST_MARKS], end[LONGEST_MARKS];
    size_t begins = snprintf(begin, sizeof begin, "~m%ux%u%s", sender, sequence, shape.run);
    size_t ends = snprintf(end, sizeof end, "~e%ux%u~", sender, sequence);
    bytes_append(into, begin, begins);
    bytes_append(into, shape.filler, shape.size - begins - ends);
    bytes_append(into, end, ends);
}

static const uint8_t *number_at(const uint8_t *at, const uint8_t *end, uint32_t *number)
{
    const uint8_t *first = at;
    uint64_t value = 0;
    while (at < end && *at >= '0' && *at <= '9' && at - first < 10)
        value = value * 10 + (*at++ - '0');
    *number = value;
    return at == first || value > UINT32_MAX ? NULL : at;
}

/* "<sender>x<sequence>"; where it ends, or NULL. */
static const uint8_t *pair_at(const uint8_t *at, const uint8_t *end, uint32_t *sender, uint32_t *sequence)
{
    at = number_at(at, end, sender);
    if (at == NULL || at == end || *at != 'x')
        return NULL;
    return number_at(at + 1, end, sequence);
}

/* Whether filler and end follow; then `after` moves behind them. `begin` is where the marker began. */
static bool whole(struct marker *marker, const uint8_t *begin, const uint8_t *end)
{
    size_t begins = marker->after - begin;
    size_t ends = begins - shape.run_length + 1; /* "~e5x17~" is "~m5x17" and a tilde */
    size_t fills = shape.size - begins - ends;
    const uint8_t *closing = marker->after + fills;
    uint32_t sender, sequence;
    if ((size_t)(end - marker->after) < fills + ends || memcmp(marker->after, shape.filler, fills) != 0)
        return false;
    if (closing[0] != '~' || closing[1] != 'e' || closing[ends - 1] != '~')
        return false;
    const uint8_t *closed = pair_at(closing + 2, closing + ends, &sender, &sequence);
    if (closed != closing + ends - 1 || sender != marker->sender || sequence != marker->sequence)
        return false;
    marker->after = closing + ends;
    return true;
}

bool marker_find(const uint8_t *at, const uint8_t *end, struct marker *found)
{
    while (at < end && (at = memchr(at, '~', end - at)) != NULL) {
        const uint8_t *begin = at++;
        if (at == end || *at != 'm')
            continue;
        const uint8_t *numbers = pair_at(at + 1, end, &found->sender, &found->sequence);
        if (numbers == NULL)
            continue;
        found->ours = (size_t)(end - numbers) >= shape.run_length && memcmp(numbers, shape.run, shape.run_length) == 0;
        found->after = found->ours ? numbers + shape.run_length : numbers;
        found->intact = found->ours && whole(found, begin, end);
        return true;
    }
    return false;
}
