/*
 * Sample entries: what a track is coded with, from its configuration boxes,
 * and its name by RFC 6381.
 */

#ifndef LO_CODEC_H
#define LO_CODEC_H

#include "core/cmaf.h"
#include "core/box.h"


/*
 * One sample entry.  init->type has to be known; fills what a sample entry
 * knows, and folds what must agree between pipelines into init->config.
 * LO_ERROR: malformed.  LO_NONE: not served.
 */
int lo_codec_entry(lo_cmaf_init_t *init, const lo_box_t *entry,
    lo_err_t *err);

/* codec_lang.c: "eng" to "en", where ISO 639-1 has a code; lang is LO_LANG_MAX long */
void lo_codec_lang(char *lang, const char *code);


/* of codec_config.c: one configuration box each, its body */

int lo_codec_video(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err);
int lo_codec_audio(lo_cmaf_init_t *init, const lo_box_t *box, lo_err_t *err);

/* of codec_protection.c: the sinf among an entry's children, for the original
   format and what of an init tells of its encryption.  LO_NONE: a scheme that
   is not served */

int lo_codec_protection(lo_cmaf_init_t *init, const lo_span_t *children,
    lo_err_t *err);

/* of codec_aac.c: an esds */

int lo_codec_esds(lo_cmaf_init_t *init, const lo_span_t *body,
    lo_err_t *err);

/* of codec_sps.c: what an SPS tells of the picture, or nothing */

void lo_codec_avc_sps(lo_cmaf_init_t *init, const unsigned char *sps,
    size_t len);

#define LO_SPS_MAX  512

uint32_t lo_sps_ue(lo_bits_t *b);
/* without emulation prevention, LO_SPS_MAX bytes at most */
size_t lo_sps_unescape(unsigned char *dst, const unsigned char *src,
    size_t len);

/* of codec_hevc.c: colour, from the parameter sets of an hvcC */

void lo_codec_hevc_sets(lo_cmaf_init_t *init, const unsigned char *p,
    size_t left);

/* num / den reduced, unless it is no frame rate */
void lo_codec_fps(lo_cmaf_init_t *init, uint32_t num, uint32_t den);

/* code points of ISO/IEC 23091-2, unless known; 2 is "unspecified" */
void lo_codec_colour(lo_cmaf_init_t *init, uint32_t primaries,
    uint32_t transfer, uint32_t matrix, int full);

/* XXH3 with init->config as its seed, into init->config */
void lo_codec_fold(lo_cmaf_init_t *init, const void *data, size_t len);

#endif /* LO_CODEC_H */
