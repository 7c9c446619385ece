#include <string.h>

#include "boxes.h"
#include "media.h"


#define AUDIO_FRAME      1024
#define SAMPLE_SYNC      0x02000000
#define SAMPLE_NOT_SYNC  0x01010000


static unsigned char  media_pool[MEDIA_POOL];


static uint64_t
media_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;

    return x ^ (x >> 31);
}


void
media_pool_init(uint64_t seed)
{
    size_t    i;
    uint64_t  x;

    for (i = 0; i < MEDIA_POOL; i += sizeof(x)) {
        x = media_mix(seed + i);
        memcpy(media_pool + i, &x,
               MEDIA_POOL - i < sizeof(x) ? MEDIA_POOL - i : sizeof(x));
    }
}


uint64_t
media_key(const char *event, const char *track, uint64_t seed)
{
    uint64_t     x;
    const char  *p;

    x = media_mix(seed);

    for (p = event; *p; p++) {
        x = media_mix(x ^ (unsigned char) *p);
    }

    x = media_mix(x ^ '/');

    for (p = track; *p; p++) {
        x = media_mix(x ^ (unsigned char) *p);
    }

    return x;
}


static uint64_t
media_frames(const media_t *m, uint64_t number)
{
    return (uint64_t) (((unsigned __int128) number * m->duration
                        + AUDIO_FRAME / 2) / AUDIO_FRAME);
}


const char *
media_check(media_t *m)
{
    uint64_t  need;

    if (m->duration == 0 || m->timescale == 0) {
        return "a segment needs a duration";
    }

    if (m->kind == MEDIA_AUDIO) {
        m->samples = (uint32_t) (m->duration / AUDIO_FRAME + 2);

    } else {
        while (m->samples > 1 && m->duration % m->samples) {
            m->samples--;
        }
    }

    if (m->samples == 0 || m->samples > MEDIA_MAX_SAMPLES) {
        return "a segment has 1 to 256 samples: shorten it or lower the fps";
    }

    need = BOXES_HEAD_FIXED + 5 * (uint64_t) m->samples;

    if (m->size_min < need) {
        if (m->kind == MEDIA_AUDIO) {
            return "too small a size for that many audio frames";
        }

        if (m->size_min < BOXES_HEAD_FIXED + 5) {
            return "a segment is at least 160 bytes";
        }

        m->samples = 1;
    }

    if (m->size_max < m->size_min || m->size_max > UINT32_MAX) {
        return "a size is MIN-MAX, up to 4 GB";
    }

    return NULL;
}


void
media_segment(media_segment_t *s, const media_t *m, uint64_t key,
    uint64_t number)
{
    uint64_t  first;

    s->media = m;
    s->number = number;
    s->size = m->size_min;

    if (m->size_max > m->size_min) {
        s->size += media_mix(key ^ number) % (m->size_max - m->size_min + 1);
    }

    if (m->kind == MEDIA_AUDIO) {
        first = media_frames(m, number);
        s->tfdt = first * AUDIO_FRAME;
        s->samples = (uint32_t) (media_frames(m, number + 1) - first);
        s->sample_duration = AUDIO_FRAME;

    } else {
        s->tfdt = number * m->duration;
        s->samples = m->samples;
        s->sample_duration = (uint32_t) (m->duration / m->samples);
    }

    s->head = BOXES_HEAD_FIXED + 4 * s->samples;

    /* an odd step: neighbours of one track never begin at one place */
    s->place = (uint32_t) ((key + number * 40503) % MEDIA_POOL);
}


void
media_head(const media_segment_t *s, unsigned char *buf)
{
    boxes_segment_t  b;

    b.number = s->number;
    b.tfdt = s->tfdt;
    b.samples = s->samples;
    b.sample_duration = s->sample_duration;
    b.payload = s->size - s->head;

    if (s->media->kind == MEDIA_AUDIO) {
        b.first_flags = SAMPLE_SYNC;
        b.default_flags = SAMPLE_SYNC;

    } else {
        b.first_flags = SAMPLE_SYNC;
        b.default_flags = SAMPLE_NOT_SYNC;
    }

    boxes_segment_head(&b, buf);
}


unsigned
media_payload(const media_segment_t *s, uint64_t off, uint64_t len,
    struct iovec *iov, unsigned max)
{
    size_t    from, part;
    unsigned  n;

    from = (size_t) ((s->place + off) % MEDIA_POOL);

    for (n = 0; n < max && len; n++) {
        part = MEDIA_POOL - from;

        if (part > len) {
            part = (size_t) len;
        }

        iov[n].iov_base = media_pool + from;
        iov[n].iov_len = part;

        len -= part;
        from = 0;
    }

    return n;
}


static int
media_same_payload(const media_segment_t *s, uint64_t off,
    const unsigned char *data, size_t len)
{
    struct iovec  iov;

    while (len) {
        media_payload(s, off, len, &iov, 1);

        if (memcmp(data, iov.iov_base, iov.iov_len) != 0) {
            return 0;
        }

        data += iov.iov_len;
        off += iov.iov_len;
        len -= iov.iov_len;
    }

    return 1;
}


int
media_same(const media_segment_t *s, uint64_t off, const unsigned char *data,
    size_t len)
{
    size_t         part;
    unsigned char  head[MEDIA_MAX_HEAD];

    if (off + len > s->size) {
        return 0;
    }

    if (off < s->head) {
        part = s->head - (size_t) off;

        if (part > len) {
            part = len;
        }

        media_head(s, head);

        if (memcmp(data, head + off, part) != 0) {
            return 0;
        }

        data += part;
        off += part;
        len -= part;
    }

    return media_same_payload(s, off - s->head, data, len);
}


size_t
media_init(const media_t *m, unsigned char *buf)
{
    return boxes_init(m->kind == MEDIA_AUDIO, m->timescale, buf);
}
