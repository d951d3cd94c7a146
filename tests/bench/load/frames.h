/* WebSocket framing (RFC 6455), the client's side; no I/O. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum opcode { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct frame {
    enum opcode opcode;
    int last; /* 0: more of this message follows */
    const uint8_t *payload;
    size_t length;
};

/* Bytes of the frame at the beginning of `data`, or 0 when it isn't all there. */
size_t frame_read(const uint8_t *data, size_t length, struct frame *frame);
/* Masked with zeros: valid, the server's work is the same, and no byte is touched here. */
void frame_write(enum opcode opcode, const void *payload, size_t length, struct bytes *into);

#endif
