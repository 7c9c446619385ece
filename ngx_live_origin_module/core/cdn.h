/*
 * The CDNs that an event is fetched through ("cdns" and "steering" of its
 * document), and what of a manifest that names them is each viewer's own.
 */

#ifndef LO_CDN_H
#define LO_CDN_H

#include "core/base.h"
#include "core/where.h"

#define LO_CDNS            8
#define LO_CDN_URL         512
#define LO_CDN_WEIGHT      1000
#define LO_VIEWER_SESSION     64


typedef struct {
    lo_str_t            id;
    lo_str_t            url;          /* stands for PREFIX, without the slash
                                         at its end */
    uint32_t            weight;       /* 0: nobody begins here */
    lo_where_t          where;        /* empty: for everybody alike */
} lo_cdn_t;

typedef struct {
    uint32_t            enabled;
    uint32_t            ttl_s;
    lo_str_t            url;          /* likewise, where the steering endpoint
                                         is asked; empty: it is named by a
                                         relative URL */
} lo_steering_t;

typedef struct {
    unsigned            n;            /* in the order of the document */
    lo_cdn_t            cdn[LO_CDNS];
    lo_steering_t       steering;
} lo_cdns_t;


/*
 * A manifest is written once for many viewers.  Where it names what is one
 * viewer's, a writer leaves one of these bytes, which no text of a document
 * contains; who answers puts the viewer's own there.
 */

#define LO_MARK_TOKEN      "\x1a"     /* "~TOKEN/", or nothing */
#define LO_MARK_SESSION    "\x1c"     /* "?session=ID", or nothing */
#define LO_MARK_PATHWAY    "\x1d"     /* id of the CDN to begin with */

typedef struct {
    lo_str_t            token;        /* as in a path, without the tilde */
    lo_str_t            session;      /* lo_session_ok, or empty */
    lo_str_t            pathway;
} lo_viewer_t;

int lo_marked(lo_str_t text);
void lo_marks_fill(lo_buf_t *b, lo_str_t text, const lo_viewer_t *viewer);

/* an id of a viewer's session: 1 to 64 letters, digits, ".", "-" and "_" */
int lo_session_ok(lo_str_t session);

#endif /* LO_CDN_H */
