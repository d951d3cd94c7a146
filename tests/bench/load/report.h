/* What was counted, as one line: a word and JSON. */
#ifndef REPORT_H
#define REPORT_H

#include "load.h"

double cpu_now(void); /* seconds that this process has used */
/* After opening or reconnecting; `began` and `cpu` are those of its beginning. Clears the counts. */
void report_ready(struct load *load, uint64_t began, double cpu);
/* After a run. Clears the counts. */
void report_done(struct load *load, double cpu);

#endif
