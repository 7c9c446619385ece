#include <stdlib.h>

#include "core/limits.h"
#include "core/box.h"


lo_family_e
lo_family(uint32_t fourcc)
{
    static const struct {
        uint32_t     fourcc;
        lo_family_e  family;
    } entries[] = {
        { lo_fourcc('a', 'v', 'c', '1'), LO_FAMILY_H264 },
        { lo_fourcc('a', 'v', 'c', '3'), LO_FAMILY_H264 },
        { lo_fourcc('h', 'v', 'c', '1'), LO_FAMILY_HEVC },
        { lo_fourcc('h', 'e', 'v', '1'), LO_FAMILY_HEVC },
        { lo_fourcc('a', 'v', '0', '1'), LO_FAMILY_AV1 },
        { lo_fourcc('v', 'p', '0', '9'), LO_FAMILY_VP9 },
        { lo_fourcc('m', 'p', '4', 'a'), LO_FAMILY_AAC },
        { lo_fourcc('a', 'c', '-', '3'), LO_FAMILY_AC3 },
        { lo_fourcc('e', 'c', '-', '3'), LO_FAMILY_EAC3 },
        { lo_fourcc('O', 'p', 'u', 's'), LO_FAMILY_OPUS },
        { lo_fourcc('f', 'L', 'a', 'C'), LO_FAMILY_FLAC },
        { lo_fourcc('w', 'v', 't', 't'), LO_FAMILY_WVTT },
        { lo_fourcc('s', 't', 'p', 'p'), LO_FAMILY_STPP },
        { 0, LO_FAMILY_OTHER }
    };
    unsigned  i;

    for (i = 0; entries[i].fourcc && entries[i].fourcc != fourcc; i++) {
        /* void */
    }

    return entries[i].family;
}


/* the number behind the n-th dot; -1: there is none */

static long
lo_codec_field(const char *codec, unsigned n, unsigned skip, int base)
{
    long   v;
    char  *end;

    while (n > 0 && *codec) {
        if (*codec++ == '.') {
            n--;
        }
    }

    while (skip > 0 && *codec) {
        codec++;
        skip--;
    }

    v = strtol(codec, &end, base);

    return end == codec || n > 0 ? -1 : v;
}


/*
 * avc1.PPCCLL (hexadecimal, 10 times the level), hvc1.P.C.TLLL (30 times),
 * av01.P.LLT (8 is 4.0: two bits each behind 2), vp09.PP.LL
 */

uint32_t
lo_codec_level(lo_family_e family, const char *codec)
{
    long  v;

    switch (family) {

    case LO_FAMILY_H264:
        v = lo_codec_field(codec, 1, 4, 16);
        return v > 0 && v < 256 ? v : 0;

    case LO_FAMILY_HEVC:
        v = lo_codec_field(codec, 3, 1, 10);
        return v > 0 && v < 256 ? v / 3 : 0;

    case LO_FAMILY_AV1:
        v = lo_codec_field(codec, 2, 0, 10);
        return v >= 0 && v < 24 ? 20 + v / 4 * 10 + v % 4 : 0;

    case LO_FAMILY_VP9:
        v = lo_codec_field(codec, 2, 0, 10);
        return v > 0 && v < 100 ? v : 0;

    default:
        return 0;
    }
}


/* ---- two of them */

static uint32_t
lo_limits_least(uint32_t a, uint32_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}


static void
lo_limits_families(lo_limits_t *l, const lo_limits_t *with, uint32_t all,
    int had, int gives)
{
    if (!gives) {
        return;
    }

    if (had) {
        l->families &= ~all | with->families;

    } else {
        l->families |= all & with->families;
    }
}


static void
lo_limits_set(uint32_t *l, uint32_t with, int had, int gives)
{
    if (gives) {
        *l = had ? *l & with : with;
    }
}


void
lo_limits_both(lo_limits_t *l, const lo_limits_t *with)
{
    unsigned  i;

    lo_limits_families(l, with, LO_FAMILIES_VIDEO, l->has_video,
                       with->has_video);
    lo_limits_families(l, with, LO_FAMILIES_AUDIO, l->has_audio,
                       with->has_audio);
    lo_limits_families(l, with, LO_FAMILIES_TEXT, l->has_text,
                       with->has_text);

    l->has_video |= with->has_video;
    l->has_audio |= with->has_audio;
    l->has_text |= with->has_text;

    for (i = 0; i < LO_FAMILY_N; i++) {
        l->level[i] = lo_limits_least(l->level[i], with->level[i]);
    }

    l->width = lo_limits_least(l->width, with->width);
    l->height = lo_limits_least(l->height, with->height);
    l->fps = lo_limits_least(l->fps, with->fps);
    l->bitrate = lo_limits_least(l->bitrate, with->bitrate);
    l->channels = lo_limits_least(l->channels, with->channels);
    l->audio_bitrate = lo_limits_least(l->audio_bitrate, with->audio_bitrate);

    lo_limits_set(&l->ranges, with->ranges, l->has_ranges, with->has_ranges);
    lo_limits_set(&l->systems, with->systems, l->has_systems,
                  with->has_systems);
    lo_limits_set(&l->schemes, with->schemes, l->has_schemes,
                  with->has_schemes);

    l->has_ranges |= with->has_ranges;
    l->has_systems |= with->has_systems;
    l->has_schemes |= with->has_schemes;
}


/* a most that can is 0 is none at all */

static int
lo_limits_reaches(uint32_t can, uint32_t l)
{
    return can == 0 || (l != 0 && l <= can);
}


static int
lo_limits_levels(const lo_limits_t *l, const lo_limits_t *can)
{
    unsigned  i;
    uint32_t  both;

    both = l->families & can->families;

    for (i = 0; i < LO_FAMILY_N; i++) {
        if ((both & lo_family_bit(i))
            && !lo_limits_reaches(can->level[i], l->level[i]))
        {
            return 0;
        }
    }

    return 1;
}


static int
lo_limits_has_all(const lo_limits_t *l, const lo_limits_t *can, uint32_t all,
    int has, int knows)
{
    return !knows || (has && (l->families & all & ~can->families) == 0);
}


int
lo_limits_within(const lo_limits_t *l, const lo_limits_t *can)
{
    return lo_limits_has_all(l, can, LO_FAMILIES_VIDEO, l->has_video,
                             can->has_video)
           && lo_limits_has_all(l, can, LO_FAMILIES_AUDIO, l->has_audio,
                                can->has_audio)
           && lo_limits_has_all(l, can, LO_FAMILIES_TEXT, l->has_text,
                                can->has_text)
           && lo_limits_levels(l, can)
           && lo_limits_reaches(can->width, l->width)
           && lo_limits_reaches(can->height, l->height)
           && lo_limits_reaches(can->fps, l->fps)
           && lo_limits_reaches(can->bitrate, l->bitrate)
           && lo_limits_reaches(can->channels, l->channels)
           && lo_limits_reaches(can->audio_bitrate, l->audio_bitrate)
           && (!can->has_ranges
               || (l->has_ranges && (l->ranges & ~can->ranges) == 0))
           && (!can->has_systems || !l->has_systems
               || (l->systems & can->systems) != 0)
           && (!can->has_schemes || !l->has_schemes
               || (l->schemes & can->schemes) != 0);
}
