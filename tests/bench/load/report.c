#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rooms.h"

/* Seconds for which it had work and another process had its core: proc(5), schedstat. 0 where nobody counts them. */
static double kept_waiting(void)
{
    unsigned long nanoseconds = 0;
    FILE *file = fopen("/proc/self/schedstat", "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*lu %lu", &nanoseconds) != 1)
        nanoseconds = 0;
    fclose(file);
    return nanoseconds / 1e9;
}

double worked_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec / 1e9 + kept_waiting();
}

void note_error(struct load *load, const char *format, ...)
{
    va_list arguments;
    if (load->counts.first_error[0])
        return;
    va_start(arguments, format);
    vsnprintf(load->counts.first_error, sizeof load->counts.first_error, format, arguments);
    va_end(arguments);
}

static void whole(struct bytes *into, const char *name, uint64_t value)
{
    char text[80];
    snprintf(text, sizeof text, "\"%s\": %lu, ", name, (unsigned long)value);
    bytes_text(into, text);
}

static void real(struct bytes *into, const char *name, double value)
{
    char text[80];
    snprintf(text, sizeof text, "\"%s\": %.6f, ", name, value);
    bytes_text(into, text);
}

static void times(struct bytes *into, const char *name, const struct histogram *histogram)
{
    char text[160];
    snprintf(text, sizeof text, "\"%s\": {\"p50\": %.6f, \"p99\": %.6f, \"longest\": %.6f}, ", name,
             histogram_percentile(histogram, 0.5), histogram_percentile(histogram, 0.99),
             histogram_longest(histogram));
    bytes_text(into, text);
}

static void finish(struct load *load, struct bytes *line)
{
    bytes_text(line, "\"first_error\": ");
    append_json_string(line, load->counts.first_error);
    bytes_text(line, "}\n");
    fwrite(line->data, 1, line->length, stdout);
    fflush(stdout);
    memset(&load->counts, 0, sizeof load->counts);
}

void report_ready(struct load *load, uint64_t began, double busy)
{
    static struct bytes line;
    uint64_t most = 0, least = UINT64_MAX;
    for (size_t index = 0; index < load->socket_count; index++) {
        uint64_t replayed = load->sockets[index].replayed;
        most = replayed > most ? replayed : most;
        least = replayed < least ? replayed : least;
    }
    line.length = 0;
    bytes_text(&line, "ready {");
    whole(&line, "ready", load->ready);
    whole(&line, "errors", load->counts.errors);
    whole(&line, "replayed_least", least == UINT64_MAX ? 0 : least);
    whole(&line, "replayed_most", most);
    real(&line, "elapsed", (clock_now() - began) / 1e9);
    real(&line, "busy", busy);
    times(&line, "opening_ms", &load->opened);
    finish(load, &line);
}

void report_done(struct load *load, double busy)
{
    static struct bytes line;
    const struct counts *counts = &load->counts;
    line.length = 0;
    bytes_text(&line, "done {");
    whole(&line, "sent", counts->sent);
    whole(&line, "acknowledged", counts->acknowledged);
    whole(&line, "expected", counts->expected);
    whole(&line, "delivered", counts->delivered);
    whole(&line, "frames", counts->frames);
    whole(&line, "missing", rooms_missing(load));
    whole(&line, "duplicates", counts->duplicates);
    whole(&line, "out_of_order", counts->out_of_order);
    whole(&line, "altered", counts->altered);
    whole(&line, "strays", counts->strays);
    whole(&line, "foreign", counts->foreign);
    whole(&line, "errors", counts->errors);
    whole(&line, "closed", counts->closed);
    whole(&line, "slow_closed", counts->slow_closed);
    real(&line, "elapsed", (load->run.last_event - load->run.began) / 1e9);
    real(&line, "busy", busy);
    times(&line, "acknowledgement_ms", &counts->acknowledgement);
    times(&line, "last_reader_ms", &counts->last_reader);
    finish(load, &line);
}
