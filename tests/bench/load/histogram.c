#include "histogram.h"

#include <string.h>

static unsigned bucket_of(uint64_t value)
{
    if (value < 1 << SUB_BITS)
        return value;
    unsigned shift = 63 - __builtin_clzll(value) - SUB_BITS;
    return (shift << SUB_BITS) + (value >> shift);
}

static uint64_t upper_edge(unsigned bucket)
{
    if (bucket < 2 << SUB_BITS)
        return bucket;
    unsigned shift = (bucket >> SUB_BITS) - 1;
    return (((uint64_t)(bucket - (shift << SUB_BITS)) + 1) << shift) - 1;
}

void histogram_clear(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds)
{
    histogram->counts[bucket_of(nanoseconds)]++;
    histogram->count++;
    if (nanoseconds > histogram->longest)
        histogram->longest = nanoseconds;
}

double histogram_percentile(const struct histogram *histogram, double share)
{
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < BUCKETS && histogram->count; bucket++) {
        seen += histogram->counts[bucket];
        if (seen && seen >= share * histogram->count)
            return (upper_edge(bucket) < histogram->longest ? upper_edge(bucket) : histogram->longest) / 1e6;
    }
    return 0;
}

double histogram_longest(const struct histogram *histogram)
{
    return histogram->longest / 1e6;
}
