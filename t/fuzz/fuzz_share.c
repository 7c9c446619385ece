/*
 * What nodes write for each other, of any bytes.  A line that is taken is
 * written and taken the same way again; what news name is of the grammar of
 * ids, and lies within the text.  The first byte says what the rest is read as.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/share.h"
#include "fuzz.h"


static void
check_line(lo_str_t text)
{
    char                line[LO_SHARE_LINE];
    lo_buf_t            b;
    lo_share_segment_t  s, again;

    memset(&s, 0, sizeof(s));

    if (lo_share_read(&s, text) != LO_OK) {
        return;
    }

    check(s.meta.timescale > 0 && s.parts == lo_share_parts(s.size));

    lo_buf_init(&b, line, sizeof(line));
    lo_share_write(&b, &s);
    check(lo_buf_ok(&b));

    memset(&again, 0, sizeof(again));
    check(lo_share_read(&again, lo_buf_str(&b)) == LO_OK);
    check(strcmp(s.node, again.node) == 0);

    memset(s.node, 0, sizeof(s.node));
    memset(again.node, 0, sizeof(again.node));
    check(memcmp(&s, &again, sizeof(s)) == 0);
}


static void
check_news(lo_str_t text)
{
    lo_news_t  n;

    if (lo_news_read(&n, text) != LO_OK) {
        return;
    }

    check(lo_id_ok(n.event));
    inside(n.event, text);
    inside(n.node, text);
    inside(n.track, text);
    inside(n.pipeline, text);
    inside(n.chosen, text);

    if (n.kind == LO_NEWS_SEGMENT || n.kind == LO_NEWS_GAP) {
        check(lo_id_ok(n.track) && n.number >= 0);
    }

    if (n.kind == LO_NEWS_SEGMENT) {
        check(lo_id_ok(n.pipeline) && lo_id_ok(n.chosen));
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lo_str_t        text;
    unsigned char  *copy;

    if (size == 0) {
        return 0;
    }

    /* of its own size: a byte too far is seen */

    copy = malloc(size - 1 ? size - 1 : 1);
    check(copy != NULL);
    memcpy(copy, data + 1, size - 1);
    text.data = copy;
    text.len = size - 1;

    if (data[0] & 1) {
        check_line(text);

    } else {
        check_news(text);
    }

    (void) lo_share_number(text);

    free(copy);

    return 0;
}
