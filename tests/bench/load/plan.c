#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "ids.h"

#define FIELDS 8

struct line {
    char *fields[FIELDS];
    size_t count;
};

static struct line split(char *text)
{
    struct line line = {0};
    while (text && line.count < FIELDS) {
        char *tab = strchr(text, '\t');
        if (tab)
            *tab++ = '\0';
        unescape(text);
        line.fields[line.count++] = text;
        text = tab;
    }
    return line;
}

static size_t number(const char *text)
{
    return strtoull(text, NULL, 10);
}

static void take_address(struct load *load, char **fields)
{
    load->plan.host = copy_of(fields[0]);
    load->plan.port = number(fields[1]);
}

static void take_opening(struct load *load, char **fields)
{
    load->plan.parallel = number(fields[0]);
    load->plan.patience = number(fields[1]) * MILLISECOND;
}

static void take_run(struct load *load, char **fields)
{
    (void)load;
    client_ids_of_run(strtoull(fields[0], NULL, 16));
    body_shape(number(fields[1]), fields[0], fields[2]);
}

/* The next script begins. */
static void take_script(struct load *load, char **fields)
{
    struct plan *plan = &load->plan;
    (void)fields;
    plan->scripts = checked(realloc(plan->scripts, (plan->script_count + 1) * sizeof *plan->scripts));
    plan->scripts[plan->script_count++] = (struct script){0};
}

/* Of the script that began last. */
static void take_step(struct load *load, char **fields)
{
    struct script *into = &load->plan.scripts[load->plan.script_count - 1];
    into->steps = checked(realloc(into->steps, (into->count + 1) * sizeof *into->steps));
    into->steps[into->count++] =
        (struct step){strcmp(fields[0], "send") == 0, template_of(copy_of(fields[1]))};
}

static void take_answer(struct load *load, char **fields)
{
    struct plan *plan = &load->plan;
    plan->answers = checked(realloc(plan->answers, (plan->answer_count + 1) * sizeof *plan->answers));
    plan->answers[plan->answer_count++] =
        (struct answer){slice_of(copy_of(fields[0])), slice_of(copy_of(fields[1]))};
}

static void take_error(struct load *load, char **fields)
{
    struct plan *plan = &load->plan;
    plan->errors = checked(realloc(plan->errors, (plan->error_count + 1) * sizeof *plan->errors));
    plan->errors[plan->error_count++] = slice_of(copy_of(fields[0]));
}

static void take_post(struct load *load, char **fields)
{
    load->plan.post = template_of(copy_of(fields[0]));
}

static void take_acknowledged(struct load *load, char **fields)
{
    load->plan.acknowledged_before = slice_of(copy_of(fields[0]));
    load->plan.acknowledged_after = slice_of(copy_of(fields[1]));
}

static void take_applied(struct load *load, char **fields)
{
    load->plan.applied = template_of(copy_of(fields[0]));
    load->plan.revision_key = slice_of(copy_of(fields[1]));
    load->plan.applied_frames = number(fields[2]);
    load->plan.applied_bytes = number(fields[3]);
    load->plan.applied_every = number(fields[4]) * MILLISECOND;
}

static unsigned roles_of(const char *letters)
{
    return (strchr(letters, 'r') ? READER : 0) | (strchr(letters, 's') ? SENDER : 0) |
           (strchr(letters, 'l') ? SLOW : 0);
}

static void take_socket(struct load *load, char **fields)
{
    if (load->socket_count == load->socket_capacity) {
        load->socket_capacity = load->socket_capacity ? 2 * load->socket_capacity : 64;
        load->sockets = checked(realloc(load->sockets, load->socket_capacity * sizeof *load->sockets));
    }
    load->sockets[load->socket_count] = (struct client){
        .fd = -1,
        .index = load->socket_count,
        .room = number(fields[0]),
        .room_text = slice_of(copy_of(fields[1])),
        .script = number(fields[2]),
        .roles = roles_of(fields[3]),
        .path = copy_of(fields[4]),
        .headers = copy_of(fields[5]),
        .variable = copy_of(fields[6]),
    };
    load->socket_count++;
}

static void take_variable(struct load *load, char **fields)
{
    size_t index = number(fields[0]);
    if (index >= load->socket_count)
        return;
    free(load->sockets[index].variable);
    load->sockets[index].variable = copy_of(fields[1]);
}

static const struct word {
    const char *word;
    size_t fields;
    void (*take)(struct load *, char **);
} WORDS[] = {
    {"address", 2, take_address}, {"opening", 2, take_opening},           {"run", 3, take_run},
    {"script", 0, take_script},   {"step", 2, take_step},                 {"answer", 2, take_answer},             {"error", 1, take_error},
    {"post", 1, take_post},       {"acknowledged", 2, take_acknowledged}, {"applied", 5, take_applied},
    {"socket", 7, take_socket},   {"variable", 2, take_variable},
};

void plan_line(struct load *load, char *text)
{
    struct line line = split(text);
    for (size_t index = 0; index < sizeof WORDS / sizeof *WORDS; index++) {
        const struct word *word = &WORDS[index];
        if (strcmp(word->word, line.fields[0]) == 0 && line.count == word->fields + 1) {
            word->take(load, line.fields + 1);
            return;
        }
    }
    fprintf(stderr, "no line of a plan: %s, with %zu fields\n", line.fields[0], line.count - 1);
    exit(1);
}

void plan_finish(struct load *load)
{
    load->senders = checked(calloc(load->socket_count + 1, sizeof *load->senders));
    load->dirty = checked(calloc(load->socket_count + 1, sizeof *load->dirty));
    for (size_t index = 0; index < load->socket_count; index++)
        if (load->sockets[index].room >= load->room_count)
            load->room_count = load->sockets[index].room + 1;
    load->rooms = checked(calloc(load->room_count + 1, sizeof *load->rooms));
    for (size_t index = 0; index < load->socket_count; index++) {
        struct client *client = &load->sockets[index];
        if (client->script >= load->plan.script_count) {
            fprintf(stderr, "socket %zu follows script %zu, which is not there\n", index, client->script);
            exit(1);
        }
        if (client->roles & SENDER)
            load->senders[load->sender_count++] = client;
        if (client->roles & READER)
            load->rooms[client->room].readers++;
    }
}
