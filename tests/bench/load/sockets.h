/* A socket's life: connecting, handshake, bytes in and out, the end. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "frames.h"
#include "load.h"

/* Connect as many as may open at the same time. */
void sockets_open_more(struct load *load);
/* End it with a reset, as a network does that fails: nothing is left in TIME_WAIT. */
void socket_drop(struct load *load, struct client *client);
/* The other side ended it, or we have to: counted as closed, or as an error while it opened. */
void socket_lost(struct load *load, struct client *client, const char *why);
void socket_stop_reading(struct load *load, struct client *client);
/* Append a frame; it leaves with the next `sockets_flush`, together with others. */
void socket_say(struct load *load, struct client *client, const struct template *says, const struct slice *values);
void socket_queue(struct load *load, struct client *client, enum opcode opcode, const void *payload, size_t length);
void socket_dirty(struct load *load, struct client *client);
void sockets_flush(struct load *load);
/* What epoll found. */
void socket_event(struct load *load, struct client *client, uint32_t events);

#endif
