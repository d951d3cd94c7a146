/* Bytes that grow, texts with places to fill in, and the escapes of the plan's lines. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t length, capacity;
};

void bytes_reserve(struct bytes *bytes, size_t more);
void bytes_append(struct bytes *bytes, const void *data, size_t length);
void bytes_text(struct bytes *bytes, const char *text);

/* What a template can be filled with; the names in the texts are {client}, {body}, {room}, {variable}, {revision}. */
enum place { PLAIN, CLIENT, BODY, ROOM, VARIABLE, REVISION, PLACES };

struct slice {
    const char *text;
    size_t length;
};

struct template {
    struct piece {
        enum place place;
        struct slice text; /* of PLAIN */
    } *pieces;
    size_t count;
};

struct slice slice_of(const char *text);
struct template template_of(const char *text);
void template_fill(const struct template *template, const struct slice values[PLACES], struct bytes *into);

/* Undo \t, \n, \r and \\ in place. */
void unescape(char *text);
/* Append `text` as a JSON string, quotes included; bytes outside ASCII become "?". */
void append_json_string(struct bytes *into, const char *text);

void *checked(void *memory); /* ends the process when memory is NULL */
char *copy_of(const char *text);

#endif
