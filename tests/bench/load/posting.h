/* Sending messages: so many in flight, or so many a second. */
#ifndef POSTING_H
#define POSTING_H

#include "load.h"

/* Post what the run begins with. The fields of `load->run` that ask for something are set. */
void posting_begin(struct load *load);
/* Post what is due by now in an open loop; when the next is due, or the posting ends. */
uint64_t posting_turn(struct load *load);
/* A frame for the sender that is no delivery. True if it was an acknowledgement. */
bool posting_frame(struct load *load, struct client *sender, const uint8_t *payload, size_t length);
/* A message has been read by its sender (`own`) or by its last reader. */
void posting_delivered(struct load *load, struct client *sender, uint32_t sequence, bool last, bool own);
/* Nothing more will be posted, and everything posted is acknowledged and delivered. */
bool posting_finished(const struct load *load);
/* One line for each acknowledged message: client id, index of the sender, sequence. False: `path` can't be written. */
bool posting_list(const struct load *load, const char *path);

#endif
