#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[PLACES] = {"", "{client}", "{body}", "{room}", "{variable}", "{revision}"};

void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

char *copy_of(const char *text)
{
    return checked(strdup(text));
}

void bytes_reserve(struct bytes *bytes, size_t more)
{
    size_t needed = bytes->length + more;
    if (needed <= bytes->capacity)
        return;
    bytes->capacity = needed < 2 * bytes->capacity ? 2 * bytes->capacity : needed;
    bytes->data = checked(realloc(bytes->data, bytes->capacity));
}

void bytes_append(struct bytes *bytes, const void *data, size_t length)
{
    if (length == 0)
        return;
    bytes_reserve(bytes, length);
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
}

void bytes_text(struct bytes *bytes, const char *text)
{
    bytes_append(bytes, text, strlen(text));
}

struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static enum place place_at(const char *text)
{
    for (int place = CLIENT; place < PLACES; place++)
        if (strncmp(text, NAMES[place], strlen(NAMES[place])) == 0)
            return place;
    return PLAIN;
}

static void add_piece(struct template *template, enum place place, const char *text, size_t length)
{
    if (place == PLAIN && length == 0)
        return;
    template->pieces = checked(realloc(template->pieces, (template->count + 1) * sizeof *template->pieces));
    template->pieces[template->count++] = (struct piece){place, {text, length}};
}

/* Other braces stay as they are: JSON is full of them. The text must outlive the template. */
struct template template_of(const char *text)
{
    struct template template = {0};
    const char *plain = text, *at = text;
    while ((at = strchr(at, '{')) != NULL) {
        enum place place = place_at(at);
        if (place == PLAIN) {
            at++;
            continue;
        }
        add_piece(&template, PLAIN, plain, at - plain);
        add_piece(&template, place, NULL, 0);
        plain = at += strlen(NAMES[place]);
    }
    add_piece(&template, PLAIN, plain, strlen(plain));
    return template;
}

void template_fill(const struct template *template, const struct slice values[PLACES], struct bytes *into)
{
    for (size_t number = 0; number < template->count; number++) {
        const struct piece *piece = &template->pieces[number];
        const struct slice *text = piece->place == PLAIN ? &piece->text : &values[piece->place];
        bytes_append(into, text->text, text->length);
    }
}

void unescape(char *text)
{
    char *to = text;
    for (; *text; text++) {
        if (*text != '\\' || text[1] == '\0') {
            *to++ = *text;
            continue;
        }
        text++;
        *to++ = *text == 't' ? '\t' : *text == 'n' ? '\n' : *text == 'r' ? '\r' : *text;
    }
    *to = '\0';
}

void append_json_string(struct bytes *into, const char *text)
{
    bytes_text(into, "\"");
    for (; *text; text++) {
        unsigned char byte = *text;
        if (byte == '"' || byte == '\\')
            bytes_append(into, "\\", 1);
        bytes_append(into, byte < 0x20 || byte > 0x7e ? "?" : (const char *)text, 1);
    }
    bytes_text(into, "\"");
}
