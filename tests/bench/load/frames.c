#include "frames.h"

static size_t big_endian(const uint8_t *data, size_t length)
{
    size_t value = 0;
    while (length--)
        value = value << 8 | *data++;
    return value;
}

size_t frame_read(const uint8_t *data, size_t length, struct frame *frame)
{
    if (length < 2)
        return 0;
    size_t head = 2, size = data[1] & 127;
    size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (more) {
        if (length < head + more)
            return 0;
        size = big_endian(data + head, more);
        head += more;
    }
    if (length - head < size)
        return 0;
    frame->last = data[0] >> 7;
    frame->opcode = data[0] & 15;
    frame->payload = data + head;
    frame->length = size;
    return head + size;
}

void frame_write(enum opcode opcode, const void *payload, size_t length, struct bytes *into)
{
    uint8_t head[14] = {0x80 | opcode, 0x80};
    size_t heads = 2;
    if (length < 126)
        head[1] |= length;
    else {
        size_t more = length < 65536 ? 2 : 8;
        head[1] |= more == 2 ? 126 : 127;
        for (size_t byte = 0; byte < more; byte++)
            head[heads++] = length >> (8 * (more - 1 - byte));
    }
    heads += 4; /* the mask */
    bytes_append(into, head, heads);
    bytes_append(into, payload, length);
}
