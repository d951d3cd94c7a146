/* The plan's lines: a word, a tab, its fields with tabs between; \t, \n, \r and \\ are escaped within a field. */
#ifndef PLAN_H
#define PLAN_H

#include "load.h"

/* Take one line of the plan or end the process with what is wrong about it. `line` is changed. */
void plan_line(struct load *load, char *line);
/* After the last line: rooms, senders, and who reads. */
void plan_finish(struct load *load);

#endif
