/*
 * What the files of livectl share.  A command is one row of the table in
 * livectl.c, and returns the exit status.
 */

#ifndef LIVECTL_H
#define LIVECTL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#define LIVECTL_OK      0             /* all is well; done */
#define LIVECTL_WRONG   1             /* the thing is wrong, or was refused */
#define LIVECTL_USAGE   2             /* it could not be asked */
#define LIVECTL_NONE    3             /* there is none of what was asked for */

#define LIVECTL_GIVEN   16


typedef struct {
    int                        json;
    const char                *api;   /* URL of the API, as given */
    unsigned                   ngiven;
    struct {
        const char            *name;
        const char            *value; /* "": the option takes none */
    } given[LIVECTL_GIVEN];
} livectl_options_t;


typedef struct {
    const char                *noun;
    const char                *verb;  /* NULL: the noun is the command */
    int                        min;   /* arguments behind the command */
    int                        max;
    const char                *options;  /* its own: "looks= digests" */
    int                      (*run)(const livectl_options_t *o, int argc,
                                    char **argv);
    const char                *args;  /* help: what follows the command */
    const char                *text;  /* and what it does */
} livectl_command_t;


/* livectl.c */
extern const livectl_command_t  livectl_commands[];

/* options.c */

/* argv's arguments are brought to its front, their count is in *argc; what is
   wrong has been said when it is not LIVECTL_OK */
int livectl_options(livectl_options_t *o, int *argc, char **argv);
/* whether a command takes all that was given */
int livectl_options_of(const livectl_options_t *o,
    const livectl_command_t *cmd);
/* its value, "" for one without, or NULL: it was not given */
const char *livectl_option(const livectl_options_t *o, const char *name);
/* of an option, min <= *n <= max; *n stays when it was not given */
int livectl_option_number(const livectl_options_t *o, const char *name,
    long long min, long long max, long long *n);
/* decimal digits alone */
int livectl_number(const char *text, long long min, long long max,
    long long *n);


/* api.c */

typedef struct {
    long                       status;   /* of HTTP */
    json_t                    *json;     /* NULL: the body is none */
} livectl_answer_t;

/*
 * Asks the API.  LIVECTL_OK: it was done (2xx), a->json is the answer.  With
 * anything else the reason has been said, and there is nothing to free.
 * body may be NULL.
 */
int livectl_ask(const livectl_options_t *o, const char *method,
    const char *path, const char *body, size_t len, livectl_answer_t *a);
/* likewise, of an event: events/ID/WHAT, or events/ID for "" */
int livectl_ask_event(const livectl_options_t *o, const char *method,
    const char *id, const char *what, const char *body, size_t len,
    livectl_answer_t *a);
/* likewise, with a JSON body; takes the reference */
int livectl_ask_json(const livectl_options_t *o, const char *id,
    const char *what, json_t *body, livectl_answer_t *a);


/* print.c */

/* one line on stderr, "livectl: " before it; returns LIVECTL_USAGE */
int livectl_complain(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
/* pretty, on stdout; takes the reference; LIVECTL_OK */
int livectl_print(json_t *json);

/* of a member: its string, or "-" */
const char *livectl_text(json_t *json, const char *name);
/* any value, as one word or line of a table; it lives as long as buf.  Its
   name tells milliseconds since 1970 from other numbers; NULL: it has none */
const char *livectl_value(const char *name, json_t *v, char *buf,
    size_t size);
#define LIVECTL_VALUE  256
/* a table of an array of objects: what all of them have, by their own names;
   prefix begins every line */
void livectl_table(json_t *rows, const char *prefix);
/* likewise turned over: a line for each name, a column for each object */
void livectl_sheet(json_t *rows, const char *prefix);
/* seconds since 1970, as UTC to the millisecond */
const char *livectl_time(double t, char *buf, size_t size);


/* event.c */
int livectl_event_list(const livectl_options_t *o, int argc, char **argv);
int livectl_event_show(const livectl_options_t *o, int argc, char **argv);
int livectl_event_put(const livectl_options_t *o, int argc, char **argv);
int livectl_event_start(const livectl_options_t *o, int argc, char **argv);
int livectl_event_end(const livectl_options_t *o, int argc, char **argv);
int livectl_event_delete(const livectl_options_t *o, int argc, char **argv);

/* token.c */
int livectl_token_serve(const livectl_options_t *o, int argc, char **argv);
int livectl_token_sign(const livectl_options_t *o, int argc, char **argv);

/* zone.c */
int livectl_zone_stat(const livectl_options_t *o, int argc, char **argv);
int livectl_zone_check(const livectl_options_t *o, int argc, char **argv);

/* mask.c, notify.c, status.c, steer.c, why.c */
int livectl_mask(const livectl_options_t *o, int argc, char **argv);
int livectl_notify(const livectl_options_t *o, int argc, char **argv);
int livectl_steer(const livectl_options_t *o, int argc, char **argv);
int livectl_status(const livectl_options_t *o, int argc, char **argv);
int livectl_why(const livectl_options_t *o, int argc, char **argv);

/* redis.c */
int livectl_redis(const livectl_options_t *o, int argc, char **argv);
/* redis_advice.c: of the API's "redis"; a new reference */
json_t *livectl_redis_problems(json_t *redis);

#endif /* LIVECTL_H */
