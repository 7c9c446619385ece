/*
 * Options stand anywhere: --name, --name VALUE or --name=VALUE.  Which there
 * are is said by the rows of the commands.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "livectl.h"


#define LIVECTL_API  "http://127.0.0.1:8080/api/"


static const char  livectl_general[] = "json help api= token-file=";


/* its place in a list such as "looks= digests", or NULL; what stands behind
   the name there is '=' if it takes a value */

static const char *
livectl_listed(const char *list, const char *name, size_t len)
{
    size_t       n;
    const char  *p;

    for (p = list; *p; p += n + (p[n] != '\0')) {

        n = strcspn(p, " ");

        if (strncmp(p, name, len) == 0
            && (n == len || (n == len + 1 && p[len] == '=')))
        {
            return p;
        }
    }

    return NULL;
}


static const char *
livectl_known(const char *name, size_t len)
{
    const char               *p;
    const livectl_command_t  *cmd;

    p = livectl_listed(livectl_general, name, len);

    for (cmd = livectl_commands; cmd->noun && p == NULL; cmd++) {
        p = livectl_listed(cmd->options, name, len);
    }

    return p;
}


static int
livectl_given(livectl_options_t *o, const char *arg, char ***next,
    char **end)
{
    int          takes;
    size_t       len;
    const char  *name, *value;

    len = strcspn(arg, "=");
    name = len ? livectl_known(arg, len) : NULL;

    if (name == NULL) {
        return livectl_complain("there is no option --%.*s: livectl --help "
                                "lists them", (int) len, arg);
    }

    takes = name[len] == '=';
    value = arg[len] ? arg + len + 1 : NULL;

    if (!takes && value) {
        return livectl_complain("--%.*s takes no value", (int) len, arg);
    }

    if (takes && value == NULL) {

        if (*next == end) {
            return livectl_complain("--%.*s takes a value", (int) len, arg);
        }

        value = *(*next)++;
    }

    if (o->ngiven == LIVECTL_GIVEN) {
        return livectl_complain("too many options");
    }

    o->given[o->ngiven].name = name;
    o->given[o->ngiven++].value = value ? value : "";

    return LIVECTL_OK;
}


int
livectl_options(livectl_options_t *o, int *argc, char **argv)
{
    int    rc, n, only;
    char  *arg, **p, **end;

    memset(o, 0, sizeof(livectl_options_t));

    n = 0;
    only = 0;
    end = argv + *argc;

    for (p = argv; p < end; /* void */) {

        arg = *p++;

        if (only || arg[0] != '-' || arg[1] == '\0') {
            argv[n++] = arg;
            continue;
        }

        if (strcmp(arg, "--") == 0) {
            only = 1;
            continue;
        }

        if (strcmp(arg, "-h") == 0) {
            arg = "--help";
        }

        if (arg[1] != '-') {
            return livectl_complain("there is no option %s: livectl --help "
                                    "lists them", arg);
        }

        rc = livectl_given(o, arg + 2, &p, end);
        if (rc != LIVECTL_OK) {
            return rc;
        }
    }

    *argc = n;

    o->json = livectl_option(o, "json") != NULL;
    o->api = livectl_option(o, "api");

    if (o->api == NULL) {
        o->api = getenv("LIVECTL_API");
    }

    if (o->api == NULL || o->api[0] == '\0') {
        o->api = LIVECTL_API;
    }

    return LIVECTL_OK;
}


int
livectl_options_of(const livectl_options_t *o, const livectl_command_t *cmd)
{
    size_t       len;
    unsigned     i;
    const char  *name;

    for (i = 0; i < o->ngiven; i++) {

        name = o->given[i].name;
        len = strcspn(name, "= ");

        if (!livectl_listed(livectl_general, name, len)
            && !livectl_listed(cmd->options, name, len))
        {
            return livectl_complain("%s%s%s takes no --%.*s", cmd->noun,
                                    cmd->verb ? " " : "",
                                    cmd->verb ? cmd->verb : "",
                                    (int) len, name);
        }
    }

    return LIVECTL_OK;
}


/* the last one counts */

const char *
livectl_option(const livectl_options_t *o, const char *name)
{
    size_t    len;
    unsigned  i;

    len = strlen(name);

    for (i = o->ngiven; i; i--) {
        if (strcspn(o->given[i - 1].name, "= ") == len
            && strncmp(o->given[i - 1].name, name, len) == 0)
        {
            return o->given[i - 1].value;
        }
    }

    return NULL;
}


int
livectl_number(const char *text, long long min, long long max, long long *n)
{
    char       *end;
    long long   v;

    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) {
        return LIVECTL_USAGE;
    }

    errno = 0;
    v = strtoll(text, &end, 10);

    if (errno || v < min || v > max) {
        return LIVECTL_USAGE;
    }

    *n = v;

    return LIVECTL_OK;
}


int
livectl_option_number(const livectl_options_t *o, const char *name,
    long long min, long long max, long long *n)
{
    const char  *value;

    value = livectl_option(o, name);

    if (value == NULL || livectl_number(value, min, max, n) == LIVECTL_OK) {
        return LIVECTL_OK;
    }

    return livectl_complain("--%s is a number, %lld to %lld", name, min, max);
}
