/*
 * DRM signalling: what an event document says of it (docs/drm.md), and the
 * data that players want, made from key ids.  What a track is encrypted with
 * is said by its init; the document adds where licenses are.
 */

#ifndef LO_DRM_H
#define LO_DRM_H

#include "core/cmaf.h"


#define LO_DRM_WIDEVINE   1
#define LO_DRM_PLAYREADY  2
#define LO_DRM_FAIRPLAY   4
#define LO_DRM_CLEARKEY   8
#define LO_DRM_ALL        15

#define LO_DRM_KEYS       128          /* pairs of a key id and a track */
#define LO_DRM_URL        512
#define LO_DRM_BOX        8192         /* bytes of a pssh or PlayReady object,
                                          given or made */
#define LO_DRM_UUID       36           /* characters of a key id in an MPD */


typedef struct {
    unsigned char       kid[16];
    lo_str_t            track;         /* empty: of all that no other entry
                                          names */
} lo_drm_key_t;


typedef struct {
    uint32_t            scheme;        /* 'cenc', 'cbcs'; 0: not said */
    unsigned            systems;       /* bits LO_DRM_*: those it has */
    unsigned            nkeys;
    lo_drm_key_t        keys[LO_DRM_KEYS];

    /* base64, or empty: made from the key id */

    lo_str_t            pssh;          /* Widevine's box, or */
    lo_str_t            pssh_data;     /* what lies in it */
    lo_str_t            pro;           /* PlayReady's object */

    lo_str_t            key_uri;       /* FairPlay's skd://, maybe with {kid} */
    lo_str_t            certificate_url;

    /* of licenses; empty: not said, of ClearKey: the origin's own */

    lo_str_t            widevine_url;
    lo_str_t            playready_url;
    lo_str_t            fairplay_url;
    lo_str_t            clearkey_url;
} lo_drm_t;


/* the one that the document has for a track, or NULL */
const lo_drm_key_t *lo_drm_key(const lo_drm_t *drm, lo_str_t track);

/*
 * Whether a track's init is what the document says.  LO_OK: it is, or the
 * document says nothing of it; LO_NONE: it is not, and why is in err.
 */
int lo_drm_check(const lo_drm_t *drm, lo_str_t track,
    const lo_cmaf_init_t *info, lo_err_t *err);

/* what of mask is shown of a track with this init; FairPlay knows no cenc */
unsigned lo_drm_shown(const lo_drm_t *drm, unsigned mask,
    const lo_cmaf_init_t *info);

/* the document's, or that of the origin: up leads from the playlist to the
   event */
void lo_drm_clearkey_url(lo_buf_t *b, const lo_drm_t *drm, lo_str_t up);

/* 32 hexadecimal digits, or a UUID: LO_OK or LO_ERROR */
int lo_drm_kid(unsigned char *kid, lo_str_t text);
void lo_drm_uuid(lo_buf_t *b, const unsigned char *kid);

/* in base64, the pssh for a track's key: given, or made; nothing of FairPlay
   and ClearKey */
void lo_drm_pssh(lo_buf_t *b, const lo_drm_t *drm, unsigned system,
    const lo_cmaf_init_t *info);

/* in base64, the PlayReady object: given, or made */
void lo_drm_pro(lo_buf_t *b, const lo_drm_t *drm, const lo_cmaf_init_t *info);


/* drm_pssh.c: bytes of what is made */

extern const unsigned char  lo_drm_id_widevine[16];
extern const unsigned char  lo_drm_id_playready[16];

/* ISO/IEC 23001-7, 8.1: version 0 where nkids is 0, else 1 */
void lo_drm_box_pssh(lo_buf_t *b, const unsigned char *system,
    const unsigned char *kids, unsigned nkids, const void *data, size_t len);

/* WidevinePsshData: the key ids and the scheme */
void lo_drm_box_widevine(lo_buf_t *b, uint32_t scheme,
    const unsigned char *kids, unsigned nkids);

/* a PlayReady object with a WRMHEADER 4.3; url may be empty */
void lo_drm_box_pro(lo_buf_t *b, uint32_t scheme, const unsigned char *kids,
    unsigned nkids, lo_str_t url);

/* whether these are what a player can read: LO_OK or LO_ERROR */
int lo_drm_pssh_check(lo_str_t box, const unsigned char *system,
    lo_err_t *err);
int lo_drm_pro_check(lo_str_t pro, lo_err_t *err);

#endif /* LO_DRM_H */
