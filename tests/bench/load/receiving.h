/* What a socket's bytes mean: the answer to the handshake, the opening script, deliveries, acknowledgements, pings. */
#ifndef RECEIVING_H
#define RECEIVING_H

#include "load.h"

/* How many of the bytes were used; the rest is the beginning of something. */
size_t received(struct load *load, struct client *client, const uint8_t *data, size_t length);
/* Say which revisions were read, for one of `shares` of all sockets, where they have something new and not said it yet. */
void say_applied(struct load *load, size_t share, size_t shares);

#endif
