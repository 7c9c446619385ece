#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "load.h"


typedef struct {
    unsigned char  *p;
    unsigned char  *end;
} out_t;


static void
out(out_t *o, const void *data, size_t len)
{
    if (len > (size_t) (o->end - o->p)) {
        len = (size_t) (o->end - o->p);
    }

    memcpy(o->p, data, len);
    o->p += len;
}


static void
out_str(out_t *o, const char *s)
{
    out(o, s, strlen(s));
}


static void
out_number(out_t *o, uint64_t v)
{
    char      digits[20];
    unsigned  i;

    i = sizeof(digits);

    do {
        digits[--i] = (char) ('0' + v % 10);
        v /= 10;
    } while (v);

    out(o, digits + i, sizeof(digits) - i);
}


static out_t
request_line(conn_t *c, target_t *t, int put)
{
    out_t          o;
    const path_t  *path;

    o.p = c->head;
    o.end = c->head + LOAD_HEAD;

    c->target = t;
    c->is_init = 0;
    c->is_segment = 1;
    c->is_put = put != 0;

    path = put ? &t->put : &t->get;
    out(&o, put ? "PUT " : "GET ", 4);
    out(&o, path->prefix, path->len);

    return o;
}


static void
request_number(conn_t *c, out_t *o, uint64_t number)
{
    target_t  *t;

    t = c->target;
    out_number(o, number);
    out(o, ".m4s", 4);
    out_str(o, c->is_put ? t->put.suffix : t->get.suffix);
    out(o, c->group->tail, c->group->tail_len);
}


void
request_get(conn_t *c, target_t *t, uint64_t number)
{
    out_t  o;

    o = request_line(c, t, 0);
    request_number(c, &o, number);
    out(&o, "\r\n", 2);
    c->head_len = (size_t) (o.p - c->head);

    media_segment(&c->seg, &c->group->o.media, t->track->key, number);
    conn_request(c);
}


void
request_path(conn_t *c, const char *path)
{
    out_t  o;

    o.p = c->head;
    o.end = c->head + LOAD_HEAD;

    c->is_init = 0;
    c->is_segment = 0;
    c->is_put = 0;

    out(&o, "GET ", 4);
    out_str(&o, path);
    out(&o, c->group->tail, c->group->tail_len);
    out(&o, "\r\n", 2);
    c->head_len = (size_t) (o.p - c->head);

    conn_request(c);
}


static void
request_digest(conn_t *c, out_t *o, const unsigned char *head)
{
    unsigned              i, n;
    unsigned char         md[EVP_MAX_MD_SIZE], text[64];
    struct iovec          iov[64];
    static EVP_MD_CTX    *ctx;
    static const EVP_MD  *sha256;

    if (ctx == NULL) {
        ctx = EVP_MD_CTX_new();
        sha256 = EVP_sha256();
    }

    EVP_DigestInit_ex(ctx, sha256, NULL);
    EVP_DigestUpdate(ctx, head, c->seg.head);

    n = media_payload(&c->seg, 0, c->payload_len, iov, 64);

    for (i = 0; i < n; i++) {
        EVP_DigestUpdate(ctx, iov[i].iov_base, iov[i].iov_len);
    }

    EVP_DigestFinal_ex(ctx, md, &n);
    EVP_EncodeBlock(text, md, (int) n);

    out_str(o, "Content-Digest: sha-256=:");
    out_str(o, (char *) text);
    out(o, ":\r\n", 3);
}


void
request_put(conn_t *c, target_t *t, uint64_t number)
{
    out_t          o;
    char           size[24];
    unsigned char  head[MEDIA_MAX_HEAD];

    media_segment(&c->seg, &c->group->o.media, t->track->key, number);
    media_head(&c->seg, head);
    c->payload_len = c->seg.size - c->seg.head;

    if (c->group->o.cycle) {
        number = c->group->o.start + number % c->group->o.cycle;
    }

    o = request_line(c, t, 1);
    request_number(c, &o, number);

    if (c->group->o.digest) {
        request_digest(c, &o, head);
    }

    if (c->group->o.chunk) {
        out_str(&o, "Transfer-Encoding: chunked\r\n\r\n");
        snprintf(size, sizeof(size), "%x\r\n", c->seg.head);
        out_str(&o, size);

    } else {
        out_str(&o, "Content-Length: ");
        out_number(&o, c->seg.size);
        out(&o, "\r\n\r\n", 4);
    }

    out(&o, head, c->seg.head);
    c->head_len = (size_t) (o.p - c->head);

    conn_request(c);
}


void
request_put_init(conn_t *c, target_t *t)
{
    out_t          o;
    size_t         len;
    unsigned char  init[MEDIA_MAX_INIT];

    len = media_init(&c->group->o.media, init);

    o = request_line(c, t, 1);
    c->is_init = 1;
    c->is_segment = 0;

    out_str(&o, "init.mp4");
    out_str(&o, t->put.suffix);
    out(&o, c->group->tail, c->group->tail_len);
    out_str(&o, "Content-Length: ");
    out_number(&o, len);
    out(&o, "\r\n\r\n", 4);
    out(&o, init, len);
    c->head_len = (size_t) (o.p - c->head);

    conn_request(c);
}
