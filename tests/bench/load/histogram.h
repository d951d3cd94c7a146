/* Durations, counted in buckets each under one percent wide. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define SUB_BITS 7
#define BUCKETS ((65 - SUB_BITS) << SUB_BITS)

struct histogram {
    uint64_t counts[BUCKETS];
    uint64_t count, longest; /* nanoseconds */
};

void histogram_clear(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t nanoseconds);
/* Milliseconds, the upper edge of the bucket; `share` from 0 to 1. Zero when nothing was counted. */
double histogram_percentile(const struct histogram *histogram, double share);
double histogram_longest(const struct histogram *histogram);

#endif
