#include <stdio.h>
#include <string.h>

#include "redis/wire.h"


lo_redis_error_e
lo_redis_error(const char *text, size_t len)
{
    size_t  i, n;

    static const struct {
        const char        *word;
        lo_redis_error_e   error;
    } errors[] = {
#define LO_REDIS_X(sym, word)  { word, LO_REDIS_##sym },
        LO_REDIS_ERRORS(LO_REDIS_X)
#undef LO_REDIS_X

        /* a key that a script uses lies on the other side of a slot that is
           being moved */

        { "ERR Script attempted to access a non local key",
          LO_REDIS_TRYAGAIN }
    };

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        n = strlen(errors[i].word);

        if (len >= n && memcmp(text, errors[i].word, n) == 0
            && (len == n || text[n] == ' '))
        {
            return errors[i].error;
        }
    }

    return LO_REDIS_OTHER;
}


const char *
lo_redis_hint(const char *text)
{
    size_t  i;

    static const struct {
        const char  *begin;
        const char  *hint;
    } hints[] = {
        { "NOAUTH", "give auth=FILE" },
        { "WRONGPASS", "user or password in auth=FILE are wrong" },
        { "ERR invalid password", "the password in auth=FILE is wrong" },
        { "ERR AUTH <password> called without", "the server has no password: "
          "leave auth=FILE out" },
        { "ERR Client sent AUTH, but no", "the server has no password: leave "
          "auth=FILE out" },
        { "NOPERM", "give the ACL user this command, key or channel" },
        { "LOADING", "the server is loading its data" },
        { "MASTERDOWN", "it is a replica without its primary" },
        { "READONLY", "it is a replica: name the primary, or use "
          "mode=sentinel" },
        { "MOVED", "the server is part of a cluster: give mode=cluster" },
        { "CLUSTERDOWN", "the cluster has lost slots: see CLUSTER INFO" },
        { "ERR max number of clients", "raise the server's maxclients" },
        { "DENIED", "the server is in protected mode: give it a password and "
          "auth=FILE, or bind it" },
        { "ERR DB index", "the server has fewer databases than db=N" },
        { "ERR This instance has cluster support disabled", "the server is no "
          "node of a cluster: leave mode=cluster out" },
        { "ERR unknown command 'sentinel'", "the server is no sentinel" },
        { "ERR unknown command `sentinel`", "the server is no sentinel" },
        { "ERR unknown command 'SENTINEL'", "the server is no sentinel" },
        { "ERR unknown command `SENTINEL`", "the server is no sentinel" },
        { "ERR unknown command 'ROLE'", "the server is a sentinel: give "
          "mode=sentinel" },
    };

    for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (strncmp(text, hints[i].begin, strlen(hints[i].begin)) == 0) {
            return hints[i].hint;
        }
    }

    return NULL;
}


/* digits up to a character, or the end; the value, or -1 */

static long
lo_redis_digits(const char **p, const char *end, char stop, long max)
{
    long         n;
    const char  *begin;

    for (n = 0, begin = *p; *p < end && **p != stop; (*p)++) {

        if (**p < '0' || **p > '9') {
            return -1;
        }

        n = n * 10 + (**p - '0');

        if (n > max) {
            return -1;
        }
    }

    return *p == begin ? -1 : n;
}


int
lo_redis_redirect(lo_redis_redirect_t *r, const char *text, size_t len)
{
    long         slot, port;
    const char  *p, *end, *host, *colon;

    p = text;
    end = text + len;

    while (p < end && *p != ' ') {
        p++;
    }

    if (p++ == end) {
        return -1;
    }

    slot = lo_redis_digits(&p, end, ' ', LO_REDIS_SLOTS - 1);

    if (slot < 0 || p++ == end) {
        return -1;
    }

    /* Redis 7 may add ",hostname" */

    for (host = p, colon = NULL; p < end && *p != ',' && *p != ' '; p++) {
        if (*p == ':') {
            colon = p;
        }
    }

    if (colon == NULL || (size_t) (colon - host) >= sizeof(r->host)) {
        return -1;
    }

    end = p;
    p = colon + 1;
    port = lo_redis_digits(&p, end, ' ', 65535);

    if (port < 1) {
        return -1;
    }

    memset(r, 0, sizeof(*r));
    memcpy(r->host, host, colon - host);
    r->slot = (unsigned) slot;
    r->port = (unsigned) port;

    return 0;
}


/* CRC-16/XMODEM: polynomial 0x1021, from 0 */

unsigned
lo_redis_slot(const void *key, size_t len)
{
    int                   bit;
    unsigned              crc;
    const unsigned char  *p, *end, *open, *close;

    p = key;
    end = p + len;

    open = len ? memchr(p, '{', len) : NULL;
    close = open ? memchr(open + 1, '}', end - open - 1) : NULL;

    if (close && close != open + 1) {
        p = open + 1;
        end = close;
    }

    for (crc = 0; p < end; p++) {
        crc ^= (unsigned) *p << 8;

        for (bit = 0; bit < 8; bit++) {
            crc = (crc << 1) ^ ((crc & 0x8000) ? 0x1021 : 0);
        }
    }

    return crc & (LO_REDIS_SLOTS - 1);
}


size_t
lo_redis_array(char *p, int argc)
{
    return (size_t) (p ? sprintf(p, "*%d\r\n", argc)
                       : snprintf(NULL, 0, "*%d\r\n", argc));
}


size_t
lo_redis_length(int argc, const size_t *lens)
{
    int     i;
    size_t  len;

    for (i = 0, len = 0; i < argc; i++) {
        len += (size_t) snprintf(NULL, 0, "$%zu\r\n\r\n", lens[i]) + lens[i];
    }

    return len;
}


char *
lo_redis_write(char *p, int argc, const char *const *argv, const size_t *lens)
{
    int  i;

    for (i = 0; i < argc; i++) {
        p += sprintf(p, "$%zu\r\n", lens[i]);
        memcpy(p, argv[i], lens[i]);
        p += lens[i];
        *p++ = '\r';
        *p++ = '\n';
    }

    return p;
}
