/* What was counted, as one line: a word and JSON. */
#ifndef REPORT_H
#define REPORT_H

#include "load.h"

/* Seconds for which this process had work: its CPU, and its waiting for a core that another process had. */
double worked_now(void);
/* After opening or reconnecting, which began at `began`. `busy` is the share of the time for which there was work.
 * Clears the counts. */
void report_ready(struct load *load, uint64_t began, double busy);
/* After a run. Clears the counts. */
void report_done(struct load *load, double busy);

#endif
