#include "core/base64.h"
#include "core/box.h"
#include "core/drm.h"


const lo_drm_key_t *
lo_drm_key(const lo_drm_t *drm, lo_str_t track)
{
    unsigned             i;
    const lo_drm_key_t  *all;

    all = NULL;

    for (i = 0; i < drm->nkeys; i++) {
        if (drm->keys[i].track.len == 0) {
            all = &drm->keys[i];

        } else if (lo_str_eq(drm->keys[i].track, track)) {
            return &drm->keys[i];
        }
    }

    return all;
}


static const char *
lo_drm_kid_text(char *text, const unsigned char *kid)
{
    lo_buf_t  b;

    lo_buf_init(&b, text, LO_DRM_UUID);
    lo_drm_uuid(&b, kid);
    text[LO_DRM_UUID] = '\0';

    return text;
}


static const char *
lo_drm_scheme_text(char *text, uint32_t scheme)
{
    text[0] = scheme >> 24;
    text[1] = scheme >> 16;
    text[2] = scheme >> 8;
    text[3] = scheme;
    text[4] = '\0';

    return text;
}


int
lo_drm_check(const lo_drm_t *drm, lo_str_t track, const lo_cmaf_init_t *info,
    lo_err_t *err)
{
    char                 a[LO_DRM_UUID + 1], b[LO_DRM_UUID + 1];
    const lo_drm_key_t  *key;

    key = lo_drm_key(drm, track);

    if (info->scheme == 0) {

        /* text, or a language that is free, beside what is encrypted */

        if (key == NULL || key->track.len == 0) {
            return LO_OK;
        }

        (void) lo_err(err, "the document has key id %s, its init is not "
                      "encrypted", lo_drm_kid_text(a, key->kid));
        return LO_NONE;
    }

    if (drm->scheme && drm->scheme != info->scheme) {
        (void) lo_err(err, "the document has scheme %s, its init %s",
                      lo_drm_scheme_text(a, drm->scheme),
                      lo_drm_scheme_text(b, info->scheme));
        return LO_NONE;
    }

    if (key != NULL && memcmp(key->kid, info->kid, 16) != 0) {
        (void) lo_err(err, "the document has key id %s, its init %s",
                      lo_drm_kid_text(a, key->kid),
                      lo_drm_kid_text(b, info->kid));
        return LO_NONE;
    }

    return LO_OK;
}


unsigned
lo_drm_shown(const lo_drm_t *drm, unsigned mask, const lo_cmaf_init_t *info)
{
    mask &= drm->systems;

    if (info->scheme != lo_fourcc('c', 'b', 'c', 's')) {
        mask &= ~LO_DRM_FAIRPLAY;
    }

    return info->scheme ? mask : 0;
}


void
lo_drm_clearkey_url(lo_buf_t *b, const lo_drm_t *drm, lo_str_t up)
{
    if (drm->clearkey_url.len) {
        lo_buf_put(b, drm->clearkey_url.data, drm->clearkey_url.len);
        return;
    }

    lo_buf_put(b, up.data, up.len);
    lo_buf_puts(b, "clearkey");
}


int
lo_drm_kid(unsigned char *kid, lo_str_t text)
{
    size_t         i, n;
    unsigned char  digits[32];

    if (text.len != 32 && text.len != LO_DRM_UUID) {
        return LO_ERROR;
    }

    for (i = 0, n = 0; i < text.len; i++) {
        if (text.len == LO_DRM_UUID
            && (i == 8 || i == 13 || i == 18 || i == 23))
        {
            if (text.data[i] != '-') {
                return LO_ERROR;
            }

            continue;
        }

        digits[n++] = text.data[i];
    }

    text.data = digits;
    text.len = n;

    return lo_hex_read(kid, 16, text) == 16 ? LO_OK : LO_ERROR;
}


void
lo_drm_uuid(lo_buf_t *b, const unsigned char *kid)
{
    unsigned  i;

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            lo_buf_put(b, "-", 1);
        }

        lo_hex_put(b, &kid[i], 1);
    }
}


/* ---- given, or made; what is given was read once, so that it is base64 */

static void
lo_drm_put(lo_buf_t *b, const lo_buf_t *box)
{
    lo_base64_put(b, box->start, box->pos - box->start);
}


static void
lo_drm_widevine(lo_buf_t *b, const lo_drm_t *drm, const lo_cmaf_init_t *info)
{
    int            n;
    lo_buf_t       box, data;
    unsigned char  mem[LO_DRM_BOX + 64], inner[LO_DRM_BOX];

    if (drm->pssh.len) {
        lo_buf_put(b, drm->pssh.data, drm->pssh.len);
        return;
    }

    if (drm->pssh_data.len) {
        n = lo_base64_read(inner, sizeof(inner), drm->pssh_data);
        n = n > 0 ? n : 0;

    } else {
        lo_buf_init(&data, inner, sizeof(inner));
        lo_drm_box_widevine(&data, info->scheme, info->kid, 1);
        n = (int) (data.pos - data.start);
    }

    lo_buf_init(&box, mem, sizeof(mem));
    lo_drm_box_pssh(&box, lo_drm_id_widevine, NULL, 0, inner, n);
    lo_drm_put(b, &box);
}


/* of LO_DRM_BOX bytes at most */

static size_t
lo_drm_pro_bytes(unsigned char *mem, const lo_drm_t *drm,
    const lo_cmaf_init_t *info)
{
    int       n;
    lo_buf_t  pro;

    if (drm->pro.len) {
        n = lo_base64_read(mem, LO_DRM_BOX, drm->pro);

        return n > 0 ? n : 0;
    }

    lo_buf_init(&pro, mem, LO_DRM_BOX);
    lo_drm_box_pro(&pro, info->scheme, info->kid, 1, drm->playready_url);

    return pro.pos - pro.start;
}


void
lo_drm_pro(lo_buf_t *b, const lo_drm_t *drm, const lo_cmaf_init_t *info)
{
    unsigned char  mem[LO_DRM_BOX];

    lo_base64_put(b, mem, lo_drm_pro_bytes(mem, drm, info));
}


void
lo_drm_pssh(lo_buf_t *b, const lo_drm_t *drm, unsigned system,
    const lo_cmaf_init_t *info)
{
    size_t         len;
    lo_buf_t       box;
    unsigned char  mem[LO_DRM_BOX + 64], inner[LO_DRM_BOX];

    lo_buf_init(&box, mem, sizeof(mem));

    switch (system) {

    case LO_DRM_WIDEVINE:
        lo_drm_widevine(b, drm, info);
        return;

    case LO_DRM_PLAYREADY:
        len = lo_drm_pro_bytes(inner, drm, info);
        lo_drm_box_pssh(&box, lo_drm_id_playready, NULL, 0, inner, len);
        break;
    }

    lo_drm_put(b, &box);
}
