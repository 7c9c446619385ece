#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "load.h"


#define NAME_IS(p, n, s)  (n == sizeof(s) - 1 && strncasecmp(p, s, n) == 0)


void
response_reset(response_t *r)
{
    memset(r, 0, sizeof(response_t));
}


static uint64_t
response_number(const char *p, const char *end)
{
    uint64_t  v;

    for (v = 0; p < end && *p >= '0' && *p <= '9'; p++) {
        v = v * 10 + (uint64_t) (*p - '0');
    }

    return v;
}


static int
response_has(const char *p, const char *end, const char *word)
{
    size_t  n;

    n = strlen(word);

    for ( /* void */ ; p + n <= end; p++) {
        if (strncasecmp(p, word, n) == 0) {
            return 1;
        }
    }

    return 0;
}


static void
response_header(response_t *r, const char *p, const char *end)
{
    size_t       n;
    const char  *colon, *v;

    colon = memchr(p, ':', (size_t) (end - p));

    if (colon == NULL) {
        return;
    }

    n = (size_t) (colon - p);

    for (v = colon + 1; v < end && *v == ' '; v++) { /* void */ }

    if (NAME_IS(p, n, "Content-Length")) {
        r->left = response_number(v, end);
        r->until_close = 0;

    } else if (NAME_IS(p, n, "Transfer-Encoding")) {
        if (response_has(v, end, "chunked")) {
            r->state = RESPONSE_CHUNK_SIZE;
        }

    } else if (NAME_IS(p, n, "Connection")) {
        if (response_has(v, end, "close")) {
            r->close = 1;
        }

    } else if (NAME_IS(p, n, "Live-Origin-Due")) {
        r->due = response_number(v, end);
    }
}


ssize_t
response_head(response_t *r, const unsigned char *buf, size_t len)
{
    const char  *p, *end, *eol;

    p = (const char *) buf;
    end = memmem(buf, len, "\r\n\r\n", 4);

    if (end == NULL) {
        return 0;
    }

    if (end - p < 12 || memcmp(p, "HTTP/1.", 7) != 0) {
        return -1;
    }

    end += 2;
    r->status = (int) response_number(p + 9, p + 12);

    if (r->status < 100 || r->status > 599) {
        return -1;
    }

    r->state = RESPONSE_BODY;
    r->until_close = 1;
    r->left = 0;

    p = memchr(p, '\n', (size_t) (end - p)) + 1;

    while (p < end) {
        eol = memchr(p, '\r', (size_t) (end - p));
        response_header(r, p, eol);
        p = eol + 2;
    }

    if (r->status < 200) {
        /* 100 Continue: the response proper follows */
        response_reset(r);

    } else if (r->status == 204 || r->status == 304) {
        r->state = RESPONSE_DONE;

    } else if (r->state == RESPONSE_CHUNK_SIZE) {
        r->until_close = 0;
        r->left = 0;

    } else if (r->until_close) {
        r->left = UINT64_MAX;
        r->close = 1;

    } else if (r->left == 0) {
        r->state = RESPONSE_DONE;
    }

    return end + 2 - (const char *) buf;
}


static int
response_hex(unsigned char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}


static ssize_t
response_chunk_size(response_t *r, const unsigned char *buf, size_t len)
{
    int     digit;
    size_t  i;

    for (i = 0; i < len; i++) {
        if (buf[i] == '\n') {
            r->state = r->left ? RESPONSE_CHUNK_DATA : RESPONSE_TRAILER;
            r->line = 0;
            return (ssize_t) i + 1;
        }

        if (buf[i] == '\r' || buf[i] == ';' || r->line) {
            r->line = 1;
            continue;
        }

        digit = response_hex(buf[i]);

        if (digit < 0 || r->left >> 56) {
            return -1;
        }

        r->left = r->left << 4 | (uint64_t) digit;
    }

    return (ssize_t) len;
}


static ssize_t
response_line(response_t *r, const unsigned char *buf, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (buf[i] != '\n') {
            r->line += buf[i] != '\r';
            continue;
        }

        if (r->state == RESPONSE_CHUNK_END) {
            r->state = RESPONSE_CHUNK_SIZE;

        } else if (r->line == 0) {
            r->state = RESPONSE_DONE;
        }

        r->line = 0;
        return (ssize_t) i + 1;
    }

    return (ssize_t) len;
}


ssize_t
response_body(response_t *r, const unsigned char *buf, size_t len,
    const unsigned char **data, size_t *n)
{
    *n = 0;

    switch (r->state) {

    case RESPONSE_BODY:
    case RESPONSE_CHUNK_DATA:
        *data = buf;
        *n = len < r->left ? len : (size_t) r->left;
        r->left -= *n;

        if (r->left == 0) {
            r->state = r->state == RESPONSE_BODY ? RESPONSE_DONE
                                                 : RESPONSE_CHUNK_END;
            r->line = 0;
        }

        return (ssize_t) *n;

    case RESPONSE_CHUNK_SIZE:
        return response_chunk_size(r, buf, len);

    case RESPONSE_CHUNK_END:
    case RESPONSE_TRAILER:
        return response_line(r, buf, len);

    default:
        return -1;
    }
}
