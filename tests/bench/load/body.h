/* The text of a message: `~m<sender>x<sequence>x<run>~ <filler>~e<sender>x<sequence>~`, always of the same size.
 *
 * Every byte follows from sender and sequence, so that a changed, cut or joined body is noticed by comparing. Letters,
 * digits, spaces and tildes alone: JSON, HTML, XML and Markdown leave them as they are. */
#ifndef BODY_H
#define BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct marker {
    const uint8_t *after; /* where to look for the next one */
    uint32_t sender, sequence;
    bool ours;   /* of this run, not of another process or an earlier one */
    bool intact; /* followed by the whole body */
};

void body_shape(size_t size, const char *run, const char *filler);
void body_write(uint32_t sender, uint32_t sequence, struct bytes *into);
/* The first marker from `at` on. */
bool marker_find(const uint8_t *at, const uint8_t *end, struct marker *found);

#endif
