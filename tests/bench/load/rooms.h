/* Exactness: each reader has every message of its room once, and all readers of a room have them in one order. */
#ifndef ROOMS_H
#define ROOMS_H

#include "body.h"
#include "load.h"

void rooms_begin(struct load *load);
/* `reader` has got this message. */
void rooms_deliver(struct load *load, struct client *reader, const struct marker *marker);
/* Deliveries that were expected and are not there. */
uint64_t rooms_missing(const struct load *load);

#endif
