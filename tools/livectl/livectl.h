#ifndef LIVECTL_H
#define LIVECTL_H

#define LIVECTL_OK     0
#define LIVECTL_WRONG  1
#define LIVECTL_USAGE  2


typedef struct {
    int             json;
    int             digests;
    int             looks;
} livectl_options_t;

typedef struct {
    const char     *noun;
    const char     *verb;
    int           (*run)(const livectl_options_t *o, int argc, char **argv);
} livectl_command_t;


/* zone.c */
int livectl_zone_stat(const livectl_options_t *o, int argc, char **argv);
int livectl_zone_check(const livectl_options_t *o, int argc, char **argv);

#endif /* LIVECTL_H */
