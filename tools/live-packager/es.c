#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "es.h"
#include "log.h"
#include "record.h"


lp_codec_e
lp_es_codec(const AVCodecParameters *par)
{
    switch (par->codec_id) {

    case AV_CODEC_ID_H264:
        return LP_CODEC_H264;

    case AV_CODEC_ID_HEVC:
        return LP_CODEC_HEVC;

    case AV_CODEC_ID_AAC:
        return LP_CODEC_AAC;

    case AV_CODEC_ID_OPUS:
        return LP_CODEC_OPUS;

    default:
        return LP_CODEC_NONE;
    }
}


/* parameter sets from extradata: a configuration record, or Annex B */

static void
lp_es_extradata(lp_es_t *es, const unsigned char *p, size_t len)
{
    size_t                n;
    lp_nal_iter_t         it;
    lp_bytes_t            sets;
    const unsigned char  *nal;

    memset(&sets, 0, sizeof(lp_bytes_t));

    if (len > 6 && p[0] == 1) {
        if (lp_record_parse(es->header.codec, p, len, &sets, &es->length_size)
            == -1)
        {
            lp_log(LP_WARN, "stream's configuration record is broken");
        }

    } else {
        lp_nal_iter(&it, 0, p, len);

        while (lp_nal_next(&it, &nal, &n) == 1) {
            if (lp_nal_is_set(es->header.codec,
                              lp_nal_type(es->header.codec, nal)))
            {
                lp_sets_add(&sets, nal, n);
            }
        }
    }

    if (sets.len == 0 || (sets.len == es->header.sets.len
        && memcmp(sets.data, es->header.sets.data, sets.len) == 0))
    {
        lp_bytes_free(&sets);
        return;
    }

    lp_bytes_free(&es->header.sets);
    es->header.sets = sets;
    es->changed = 1;
}


static void
lp_es_config(lp_es_t *es, const unsigned char *p, size_t len)
{
    if (len == 0 || (len == es->header.config.len
        && memcmp(p, es->header.config.data, len) == 0))
    {
        return;
    }

    es->header.config.len = 0;
    lp_bytes_add(&es->header.config, p, len);
    es->changed = 1;
}


static void
lp_es_ready(lp_es_t *es)
{
    lp_bytes_t  probe;

    memset(&probe, 0, sizeof(lp_bytes_t));
    es->ready = lp_header_write(&probe, &es->header) == 0;
    lp_bytes_free(&probe);
}


static int
lp_es_open_adts(lp_es_t *es)
{
    const AVBitStreamFilter  *filter;

    filter = av_bsf_get_by_name("aac_adtstoasc");

    if (filter == NULL || av_bsf_alloc(filter, &es->adts) < 0) {
        return -1;
    }

    if (avcodec_parameters_copy(es->adts->par_in, es->par) < 0) {
        return -1;
    }

    es->adts->time_base_in = es->time_base;

    return av_bsf_init(es->adts) < 0 ? -1 : 0;
}


static void
lp_es_open_video(lp_es_t *es, const AVStream *st, const lo_event_track_t *doc)
{
    lp_header_t              *h;
    const AVCodecParameters  *par;

    h = &es->header;
    par = es->par;

    h->width = par->width;
    h->height = par->height;
    h->par_h = par->sample_aspect_ratio.num;
    h->par_v = par->sample_aspect_ratio.den;
    h->primaries = par->color_primaries;
    h->transfer = par->color_trc;
    h->matrix = par->color_space;
    h->full_range = par->color_range == AVCOL_RANGE_JPEG;

    if (h->par_h == 0 || h->par_v == 0) {
        h->par_h = 0;
        h->par_v = 0;
    }

    if (doc != NULL && doc->fps_num != 0) {
        es->fps = (AVRational) { doc->fps_num, doc->fps_den };

    } else if (st->r_frame_rate.num > 0 && st->r_frame_rate.den > 0) {
        es->fps = st->r_frame_rate;
    }

    lp_es_extradata(es, par->extradata, par->extradata_size);
}


static int
lp_es_open_audio(lp_es_t *es)
{
    lp_header_t              *h;
    const AVCodecParameters  *par;

    h = &es->header;
    par = es->par;

    h->sample_rate = par->sample_rate;
    h->channels = par->ch_layout.nb_channels;

    if (h->codec == LP_CODEC_OPUS) {
        h->sample_rate = 48000;
    }

    if (h->sample_rate == 0 || h->channels == 0) {
        return -1;
    }

    h->timescale = h->sample_rate;
    es->frame = par->frame_size > 0 ? par->frame_size
                                    : h->codec == LP_CODEC_AAC ? 1024 : 960;

    if (par->extradata_size > 0) {
        lp_es_config(es, par->extradata, par->extradata_size);
        return 0;
    }

    return h->codec == LP_CODEC_AAC ? lp_es_open_adts(es) : -1;
}


int
lp_es_open(lp_es_t *es, const AVStream *st, const lo_event_track_t *doc)
{
    int  rc;

    memset(es, 0, sizeof(lp_es_t));

    es->header.codec = lp_es_codec(st->codecpar);
    es->header.video = st->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    es->time_base = st->time_base;
    es->wrap_bits = st->pts_wrap_bits;
    es->fps = (AVRational) { 0, 1 };
    es->par = avcodec_parameters_alloc();

    if (es->par == NULL || avcodec_parameters_copy(es->par, st->codecpar) < 0) {
        return -1;
    }

    if (doc != NULL) {
        es->header.bitrate = doc->bitrate;

        if (doc->lang.len < sizeof(es->header.lang)) {
            memcpy(es->header.lang, doc->lang.data, doc->lang.len);
        }
    }

    if (es->header.lang[0] == '\0') {
        const AVDictionaryEntry  *e;

        e = av_dict_get(st->metadata, "language", NULL, 0);

        if (e != NULL && strlen(e->value) < sizeof(es->header.lang)) {
            strcpy(es->header.lang, e->value);
        }
    }

    rc = 0;

    if (es->header.video) {
        lp_es_open_video(es, st, doc);

    } else {
        rc = lp_es_open_audio(es);
    }

    if (rc == -1) {
        lp_log(LP_ERR, "stream %d: %s without rate, channels or configuration",
               st->index, avcodec_get_name(es->par->codec_id));
        lp_es_close(es);
    }

    return rc;
}


/* what the parser says of a key frame with new parameter sets */

static void
lp_es_measure(lp_es_t *es, const AVPacket *pkt)
{
    int                    size;
    uint8_t               *out;
    AVCodecContext        *ctx;
    AVCodecParserContext  *parser;

    if (es->length_size != 0) {
        return;
    }

    parser = av_parser_init(es->par->codec_id);
    ctx = avcodec_alloc_context3(NULL);

    if (parser != NULL && ctx != NULL) {
        ctx->codec_id = es->par->codec_id;
        ctx->codec_type = AVMEDIA_TYPE_VIDEO;
        parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;

        (void) av_parser_parse2(parser, ctx, &out, &size, pkt->data, pkt->size,
                                0, 0, 0);

        if (parser->width > 0 && parser->height > 0) {
            es->header.width = parser->width;
            es->header.height = parser->height;
        }
    }

    av_parser_close(parser);
    avcodec_free_context(&ctx);
}


static int
lp_es_video(lp_es_t *es, AVPacket *pkt, lp_sample_t *sample)
{
    lp_au_t      au;
    lp_bytes_t   out, sets, *known;

    memset(&out, 0, sizeof(lp_bytes_t));
    memset(&sets, 0, sizeof(lp_bytes_t));
    memset(&au, 0, sizeof(lp_au_t));

    known = &es->header.sets;
    au.key = (pkt->flags & AV_PKT_FLAG_KEY) != 0;

    lp_au_convert(es->header.codec, es->length_size, pkt->data, pkt->size,
                  known, &out, &sets, &au);

    if (au.key && au.has_sps && !au.broken
        && (sets.len != known->len
            || memcmp(sets.data, known->data, sets.len) != 0))
    {
        lp_bytes_free(known);
        *known = sets;
        es->changed = 1;
        lp_es_measure(es, pkt);

    } else {
        lp_bytes_free(&sets);
    }

    if (au.slices == 0 || au.broken) {
        lp_bytes_free(&out);
        return au.broken ? -1 : 0;
    }

    sample->data = out.data;
    sample->size = out.len;
    sample->key = au.key;
    sample->idr = au.idr;

    return 1;
}


static int
lp_es_audio(lp_es_t *es, AVPacket *pkt, lp_sample_t *sample)
{
    int             rc;
    size_t          size;
    const uint8_t  *extra;

    if (es->adts != NULL) {
        rc = av_bsf_send_packet(es->adts, pkt);

        if (rc < 0) {
            av_bsf_flush(es->adts);
            return -1;
        }

        rc = av_bsf_receive_packet(es->adts, pkt);

        if (rc < 0) {
            return rc == AVERROR(EAGAIN) ? 0 : -1;
        }
    }

    extra = av_packet_get_side_data(pkt, AV_PKT_DATA_NEW_EXTRADATA, &size);

    if (extra != NULL) {
        lp_es_config(es, extra, size);
    }

    if (pkt->size == 0) {
        return 0;
    }

    sample->data = lp_realloc(NULL, pkt->size);
    sample->size = pkt->size;
    memcpy(sample->data, pkt->data, pkt->size);
    sample->key = 1;
    sample->idr = 1;

    return 1;
}


int
lp_es_sample(lp_es_t *es, AVPacket *pkt, lp_sample_t *sample)
{
    int             rc;
    size_t          size;
    const uint8_t  *extra;

    memset(sample, 0, sizeof(lp_sample_t));

    sample->pts = pkt->pts;
    sample->dts = pkt->dts == AV_NOPTS_VALUE ? pkt->pts : pkt->dts;

    if (pkt->pts == AV_NOPTS_VALUE || pkt->size <= 0) {
        return -1;
    }

    if (es->header.video) {
        extra = av_packet_get_side_data(pkt, AV_PKT_DATA_NEW_EXTRADATA, &size);

        if (extra != NULL) {
            lp_es_extradata(es, extra, size);
        }

        rc = lp_es_video(es, pkt, sample);

    } else {
        rc = lp_es_audio(es, pkt, sample);
    }

    if (es->changed || !es->ready) {
        lp_es_ready(es);
    }

    return rc;
}


void
lp_es_close(lp_es_t *es)
{
    av_bsf_free(&es->adts);
    avcodec_parameters_free(&es->par);
    lp_bytes_free(&es->header.sets);
    lp_bytes_free(&es->header.config);
}
