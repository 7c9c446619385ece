/*
 * Representations: one track each.
 */

#include "core/dash_int.h"
#include "core/box.h"

#include <stdio.h>


static void
lo_dash_channels(lo_buf_t *b, const lo_cmaf_init_t *info)
{
    const char  *dolby;

    if (info->channels == 0) {
        return;
    }

    dolby = NULL;

    if (info->fourcc == lo_fourcc('a', 'c', '-', '3')
        || info->fourcc == lo_fourcc('e', 'c', '-', '3'))
    {
        dolby = info->channels == 1 ? "4000" : info->channels == 2 ? "A000"
                : info->channels == 6 ? "F801" : NULL;
    }

    if (dolby != NULL) {
        lo_buf_printf(b, "        <AudioChannelConfiguration schemeIdUri=\""
                      "tag:dolby.com,2014:dash:"
                      "audio_channel_configuration:2011\" value=\"%s\"/>\n",
                      dolby);
        return;
    }

    lo_buf_printf(b, "        <AudioChannelConfiguration schemeIdUri=\""
                  "urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" "
                  "value=\"%u\"/>\n", info->channels);
}


void
lo_dash_colour(lo_buf_t *b, const char *indent, const lo_cmaf_init_t *info)
{
    unsigned     i;
    char         value[4];
    const char  *element;

    const struct {
        const char  *scheme;
        unsigned     value;
    } props[] = {
        { "urn:mpeg:mpegB:cicp:ColourPrimaries", info->primaries },
        { "urn:mpeg:mpegB:cicp:TransferCharacteristics", info->transfer },
        { "urn:mpeg:mpegB:cicp:MatrixCoefficients", info->matrix }
    };

    /* BT.709 is what a player takes it for */

    if (info->primaries == 0 || (info->primaries == 1 && info->transfer == 1
                                 && info->matrix == 1
                                 && !(info->picture & LO_PICTURE_FULL_RANGE)))
    {
        return;
    }

    element = lo_dash_wide(info) ? "EssentialProperty"
                                 : "SupplementalProperty";

    for (i = 0; i < sizeof(props) / sizeof(props[0]); i++) {
        snprintf(value, sizeof(value), "%u", props[i].value & 0xff);
        lo_dash_descriptor(b, indent, element, props[i].scheme,
                           lo_cstr(value));
    }

    if (info->picture & LO_PICTURE_FULL_RANGE) {
        lo_dash_descriptor(b, indent, element,
                           "urn:mpeg:mpegB:cicp:VideoFullRangeFlag",
                           lo_cstr("1"));
    }
}


static void
lo_dash_picture(lo_dash_t *x, const lo_manifest_track_t *t)
{
    uint32_t               num, den;
    lo_buf_t              *b;
    const lo_cmaf_init_t  *info;

    b = x->b;
    info = t->info;

    lo_buf_printf(b, " width=\"%u\" height=\"%u\" sar=\"%u:%u\"",
                  info->width, info->height, info->par_h, info->par_v);

    lo_dash_fps(t, &num, &den);

    if (num && den == 1) {
        lo_buf_printf(b, " frameRate=\"%u\"", num);

    } else if (num) {
        lo_buf_printf(b, " frameRate=\"%u/%u\"", num, den);
    }

    if (info->picture & LO_PICTURE_PROGRESSIVE) {
        lo_buf_puts(b, " scanType=\"progressive\"");

    } else if (info->picture & LO_PICTURE_INTERLACED) {
        lo_buf_puts(b, " scanType=\"interlaced\"");
    }
}


/* what is not said by the AdaptationSet, as its tracks differ in it */

static void
lo_dash_own(lo_dash_t *x, unsigned track)
{
    unsigned                    set;
    const lo_manifest_track_t  *t;

    static const char          *indent = "        ";

    set = x->set[track];
    t = &x->p->tracks[track];

    if (!lo_dash_agrees(x, set, lo_dash_colour_same)) {
        lo_dash_colour(x->b, indent, t->info);
    }

    if (!lo_dash_agrees(x, set, lo_dash_inband_same)) {
        lo_dash_inband(x, t, indent);
    }

    if (!lo_dash_agrees(x, set, lo_dash_clock_same)) {
        lo_dash_reference(x, t, indent);
    }
}


void
lo_dash_representation(lo_dash_t *x, unsigned track)
{
    unsigned                    rank;
    lo_buf_t                   *b;
    const lo_cmaf_init_t       *info;
    const lo_manifest_track_t  *t;

    b = x->b;
    t = &x->p->tracks[track];
    info = t->info;

    lo_buf_puts(b, "      <Representation");
    lo_dash_attr(b, "id", t->id);
    lo_buf_printf(b, " bandwidth=\"%u\"", lo_manifest_bandwidth(t));
    rank = lo_dash_ranking(x, track);

    if (rank) {
        lo_buf_printf(b, " qualityRanking=\"%u\"", rank);
    }

    lo_dash_attr(b, "codecs", lo_cstr(info->codec));

    if (info->type == LO_MEDIA_VIDEO) {
        lo_dash_picture(x, t);
    }

    if (info->type == LO_MEDIA_AUDIO && info->sample_rate) {
        lo_buf_printf(b, " audioSamplingRate=\"%u\"", info->sample_rate);
    }

    lo_buf_puts(b, ">\n");

    if (info->type == LO_MEDIA_AUDIO) {
        lo_dash_channels(b, info);
    }

    lo_dash_own(x, track);
    lo_dash_template(x, t);
    lo_buf_puts(b, "      </Representation>\n");
}
