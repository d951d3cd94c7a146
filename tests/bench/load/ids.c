/* Random to Postgres, whose index then takes inserts everywhere as with a browser's ids, and yet no table of ids is
 * needed here: 60 bits are (sender, sequence) sent through a reversible mixing, the other 62 are a hash of those. */
#include "ids.h"

#include <stdio.h>
#include <string.h>

#define MASK ((UINT64_C(1) << 60) - 1)
#define FACTOR UINT64_C(0x9E3779B97F4A7C15)
#define SEQUENCE_BITS 36

static uint64_t secret, inverse;

static uint64_t scramble(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

void client_ids_of_run(uint64_t run)
{
    secret = scramble(run + FACTOR);
    inverse = FACTOR; /* Newton: each step doubles the bits of FACTOR's inverse that are right */
    for (int step = 0; step < 6; step++)
        inverse *= 2 - FACTOR * inverse;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ secret) & MASK;
    for (int round = 0; round < 2; round++) {
        value = (value * FACTOR) & MASK;
        value ^= value >> 30;
    }
    return value;
}

static uint64_t unmix(uint64_t value)
{
    for (int round = 0; round < 2; round++) {
        value ^= value >> 30; /* its own inverse: 30 is half of 60 */
        value = (value * inverse) & MASK;
    }
    return (value ^ secret) & MASK;
}

void client_id_write(uint32_t sender, uint32_t sequence, char text[CLIENT_ID_LENGTH + 1])
{
    static const char HEX[] = "0123456789abcdef";
    uint64_t mixed = mix((uint64_t)sender << SEQUENCE_BITS | sequence);
    uint64_t high = (mixed >> 12) << 16 | 0x4000 | (mixed & 0xfff);
    uint64_t low = scramble(mixed ^ secret) >> 2 | UINT64_C(1) << 63;
    char *to = text;
    for (int nibble = 0; nibble < 32; nibble++) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20)
            *to++ = '-';
        uint64_t half = nibble < 16 ? high : low;
        *to++ = HEX[half >> (60 - 4 * (nibble % 16)) & 15];
    }
    *to = '\0';
}

bool client_id_read(const char *text, uint32_t *sender, uint32_t *sequence)
{
    uint64_t high = 0;
    char again[CLIENT_ID_LENGTH + 1];
    for (const char *at = text; at < text + 18; at++) {
        if (*at == '-')
            continue;
        int digit = *at <= '9' ? *at - '0' : *at - 'a' + 10;
        high = high << 4 | (digit & 15);
    }
    uint64_t plain = unmix((high >> 16) << 12 | (high & 0xfff));
    *sender = plain >> SEQUENCE_BITS;
    *sequence = plain & UINT32_MAX;
    client_id_write(*sender, *sequence, again);
    return memcmp(again, text, CLIENT_ID_LENGTH) == 0;
}
