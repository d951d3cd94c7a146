/* Client ids: UUIDs (version 4) that look random, and from which sender and sequence are found without a table. */
#ifndef IDS_H
#define IDS_H

#include <stdbool.h>
#include <stdint.h>

#define CLIENT_ID_LENGTH 36

/* Which ids this process makes: no two processes with different `run` make the same. */
void client_ids_of_run(uint64_t run);
void client_id_write(uint32_t sender, uint32_t sequence, char text[CLIENT_ID_LENGTH + 1]);
/* False when `text` is not an id of this run. */
bool client_id_read(const char *text, uint32_t *sender, uint32_t *sequence);

#endif
