/*
 * Boxes for players' DRM systems: ISO/IEC 23001-7; Widevine's protobuf
 * message; "PlayReady Header Specification".
 */

#include "core/base64.h"
#include "core/box.h"
#include "core/drm.h"


#define LO_PSSH_HEAD      28           /* with system id, without kids */

#define LO_WIDEVINE_KID     0x12       /* field 2, bytes */
#define LO_WIDEVINE_SCHEME  0x48       /* field 9, varint */

#define LO_PRO_HEAD       10
#define LO_PRO_WRMHEADER  1            /* type of a record */


const unsigned char  lo_drm_id_widevine[16] = {
    0xed, 0xef, 0x8b, 0xa9, 0x79, 0xd6, 0x4a, 0xce,
    0xa3, 0xc8, 0x27, 0xdc, 0xd5, 0x1d, 0x21, 0xed
};

const unsigned char  lo_drm_id_playready[16] = {
    0x9a, 0x04, 0xf0, 0x79, 0x98, 0x40, 0x42, 0x86,
    0xab, 0x92, 0xe6, 0x5b, 0xe0, 0x88, 0x5f, 0x95
};


static void
lo_drm_be32(lo_buf_t *b, uint32_t v)
{
    unsigned char  p[4] = { v >> 24, v >> 16, v >> 8, v };

    lo_buf_put(b, p, 4);
}


static void
lo_drm_le16(lo_buf_t *b, uint32_t v)
{
    unsigned char  p[2] = { v, v >> 8 };

    lo_buf_put(b, p, 2);
}


void
lo_drm_box_pssh(lo_buf_t *b, const unsigned char *system,
    const unsigned char *kids, unsigned nkids, const void *data, size_t len)
{
    lo_drm_be32(b, LO_PSSH_HEAD + (nkids ? 4 + 16 * nkids : 0) + 4 + len);
    lo_buf_puts(b, "pssh");
    lo_drm_be32(b, nkids ? 1 << 24 : 0);
    lo_buf_put(b, system, 16);

    if (nkids) {
        lo_drm_be32(b, nkids);
        lo_buf_put(b, kids, 16 * nkids);
    }

    lo_drm_be32(b, len);
    lo_buf_put(b, data, len);
}


void
lo_drm_box_widevine(lo_buf_t *b, uint32_t scheme, const unsigned char *kids,
    unsigned nkids)
{
    unsigned char  c;

    for ( /* void */ ; nkids; nkids--, kids += 16) {
        lo_buf_put(b, (unsigned char []) { LO_WIDEVINE_KID, 16 }, 2);
        lo_buf_put(b, kids, 16);
    }

    c = LO_WIDEVINE_SCHEME;
    lo_buf_put(b, &c, 1);

    for ( /* void */ ; scheme > 0x7f; scheme >>= 7) {
        c = (scheme & 0x7f) | 0x80;
        lo_buf_put(b, &c, 1);
    }

    c = scheme;
    lo_buf_put(b, &c, 1);
}


/* ---- PlayReady: UTF-16, and key ids as a GUID of Windows */

static void
lo_drm_wide(lo_buf_t *b, const char *s)
{
    for ( /* void */ ; *s; s++) {
        lo_drm_le16(b, (unsigned char) *s);
    }
}


static void
lo_drm_wide_kid(lo_buf_t *b, const unsigned char *kid)
{
    char            text[25];
    unsigned        i;
    lo_buf_t        t;
    unsigned char   guid[16];

    static const unsigned char  order[16] = {
        3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15
    };

    for (i = 0; i < 16; i++) {
        guid[i] = kid[order[i]];
    }

    lo_buf_init(&t, text, 24);
    lo_base64_put(&t, guid, 16);
    text[24] = '\0';
    lo_drm_wide(b, text);
}


/* the document's reader lets only ASCII by */

static void
lo_drm_wide_url(lo_buf_t *b, lo_str_t url)
{
    size_t  i;

    lo_drm_wide(b, "<LA_URL>");

    for (i = 0; i < url.len; i++) {
        if (url.data[i] == '&') {
            lo_drm_wide(b, "&amp;");

        } else {
            lo_drm_le16(b, url.data[i]);
        }
    }

    lo_drm_wide(b, "</LA_URL>");
}


static void
lo_drm_wrmheader(lo_buf_t *b, uint32_t scheme, const unsigned char *kids,
    unsigned nkids, lo_str_t url)
{
    lo_drm_wide(b, "<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/"
                "03/PlayReadyHeader\" version=\"4.3.0.0\"><DATA>"
                "<PROTECTINFO><KIDS>");

    for ( /* void */ ; nkids; nkids--, kids += 16) {
        lo_drm_wide(b, scheme == lo_fourcc('c', 'b', 'c', 's')
                       || scheme == lo_fourcc('c', 'b', 'c', '1')
                       ? "<KID ALGID=\"AESCBC\" VALUE=\""
                       : "<KID ALGID=\"AESCTR\" VALUE=\"");
        lo_drm_wide_kid(b, kids);
        lo_drm_wide(b, "\"></KID>");
    }

    lo_drm_wide(b, "</KIDS></PROTECTINFO>");

    if (url.len) {
        lo_drm_wide_url(b, url);
    }

    lo_drm_wide(b, "</DATA></WRMHEADER>");
}


void
lo_drm_box_pro(lo_buf_t *b, uint32_t scheme, const unsigned char *kids,
    unsigned nkids, lo_str_t url)
{
    size_t    len;
    lo_buf_t  size;

    lo_buf_init(&size, NULL, 0);
    lo_drm_wrmheader(&size, scheme, kids, nkids, url);
    len = size.need;

    lo_drm_le16(b, LO_PRO_HEAD + len);
    lo_drm_le16(b, (LO_PRO_HEAD + len) >> 16);
    lo_drm_le16(b, 1);                     /* records */
    lo_drm_le16(b, LO_PRO_WRMHEADER);
    lo_drm_le16(b, len);
    lo_drm_wrmheader(b, scheme, kids, nkids, url);
}


/* ---- what an operator gives */

int
lo_drm_pssh_check(lo_str_t box, const unsigned char *system, lo_err_t *err)
{
    size_t                left;
    uint64_t              kids;
    const unsigned char  *p;

    p = box.data;

    if (box.len < LO_PSSH_HEAD + 4 || memcmp(p + 4, "pssh", 4) != 0) {
        return lo_err(err, "not a pssh box");
    }

    if (lo_be32(p) != box.len) {
        return lo_err(err, "a pssh box of %u bytes, but %zu are given",
                      lo_be32(p), box.len);
    }

    if (memcmp(p + 12, system, 16) != 0) {
        return lo_err(err, "a pssh box of another DRM system");
    }

    left = box.len - LO_PSSH_HEAD;
    p += LO_PSSH_HEAD;

    if (box.data[8] > 0) {
        kids = 4 + (uint64_t) lo_be32(p) * 16;

        if (kids + 4 > left) {
            return lo_err(err, "a pssh box that is too short for its key "
                          "ids");
        }

        p += kids;
        left -= kids;
    }

    if ((uint64_t) lo_be32(p) + 4 != left) {
        return lo_err(err, "a pssh box whose data has another size than it "
                      "says");
    }

    return LO_OK;
}


int
lo_drm_pro_check(lo_str_t pro, lo_err_t *err)
{
    size_t                len;
    const unsigned char  *p;

    p = pro.data;

    if (pro.len < LO_PRO_HEAD) {
        return lo_err(err, "not a PlayReady object");
    }

    len = (size_t) p[3] << 24 | p[2] << 16 | p[1] << 8 | p[0];

    if (len != pro.len) {
        return lo_err(err, "a PlayReady object says at its beginning how "
                      "long it is, which this does not");
    }

    return LO_OK;
}
