#include "core/cdn.h"


static int
lo_cdn_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}


int
lo_session_ok(lo_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len && lo_cdn_plain(s.data[i]); i++) { /* void */ }

    return s.len != 0 && s.len <= LO_VIEWER_SESSION && i == s.len;
}


/* the next mark, or the end */

static size_t
lo_mark_next(lo_str_t text, size_t i)
{
    unsigned char  c;

    for ( /* void */ ; i < text.len; i++) {
        c = text.data[i];

        if (c < 0x20 && (c == LO_MARK_TOKEN[0] || c == LO_MARK_SESSION[0]
                         || c == LO_MARK_PATHWAY[0]))
        {
            break;
        }
    }

    return i;
}


int
lo_marked(lo_str_t text)
{
    return lo_mark_next(text, 0) < text.len;
}


/* a token is whatever a client has sent: nothing in it may be read as markup */

static void
lo_mark_token(lo_buf_t *b, lo_str_t token)
{
    size_t  i;

    if (token.len == 0) {
        return;
    }

    lo_buf_puts(b, "~");

    for (i = 0; i < token.len; i++) {

        if (lo_cdn_plain(token.data[i]) || token.data[i] == '='
            || token.data[i] == '~')
        {
            lo_buf_put(b, &token.data[i], 1);

        } else {
            lo_buf_printf(b, "%%%02X", token.data[i]);
        }
    }

    lo_buf_puts(b, "/");
}


void
lo_marks_fill(lo_buf_t *b, lo_str_t text, const lo_viewer_t *viewer)
{
    size_t  i, mark;

    for (i = 0; i < text.len; i = mark + 1) {

        mark = lo_mark_next(text, i);
        lo_buf_put(b, text.data + i, mark - i);

        if (mark == text.len) {
            break;
        }

        if (text.data[mark] == LO_MARK_TOKEN[0]) {
            lo_mark_token(b, viewer->token);

        } else if (text.data[mark] == LO_MARK_PATHWAY[0]) {
            lo_buf_put(b, viewer->pathway.data, viewer->pathway.len);

        } else if (viewer->session.len) {
            lo_buf_puts(b, "?session=");
            lo_buf_put(b, viewer->session.data, viewer->session.len);
        }
    }
}
