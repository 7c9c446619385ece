// hls.js on the multivariant playlist.
//
// Every engine answers the same calls; times are milliseconds of UTC, buffers
// and durations are seconds.  `on` takes segment(), rendition() and error();
// an engine that starts the element itself says so with `starts`.

import { loadScript } from './load.js';

export const manifest = 'master.m3u8';

// hls.js gives up on any 4xx; at the live edge a 404 says "ask again".
function patient(retries) {
    return {
        maxTimeToFirstByteMs: 10000,
        maxLoadTimeMs: 20000,
        timeoutRetry: { maxNumRetry: 3, retryDelayMs: 0, maxRetryDelayMs: 0 },
        errorRetry: {
            maxNumRetry: retries,
            retryDelayMs: 500,
            maxRetryDelayMs: 2000,
            shouldRetry: (config, count, timeout, response, retry) =>
                retry || (response?.code === 404
                          && count < config.maxNumRetry),
        },
    };
}

// No worker: hls.js 1.7 takes a segment that a worker has parsed for empty where
// steering moves to another pathway between the worker's two messages of it.
const config = {
    enableWorker: false,
    lowLatencyMode: false,
    liveSyncDurationCount: 3,
    liveMaxLatencyDurationCount: 10,
    maxLiveSyncPlaybackRate: 1,
    backBufferLength: 30,
    fragLoadPolicy: { default: patient(8) },
    playlistLoadPolicy: { default: patient(8) },
    manifestLoadPolicy: { default: patient(20) },
};

// How far behind, at low latency: a part more than the playlist's PART-HOLD-BACK,
// as one that is late by its own length would leave nothing to play.
const low = {
    ...config,
    lowLatencyMode: true,
    maxLiveSyncPlaybackRate: 1.1,
};

delete low.liveSyncDurationCount;
delete low.liveMaxLatencyDurationCount;

export async function create(video, url, on, clock) {
    await loadScript('lib/hls.js');

    const { Hls } = window;

    if (!Hls.isSupported()) {
        throw new Error('this browser has no Media Source Extensions');
    }

    const hls = new Hls(clock.low ? low : config);

    hls.on(Hls.Events.FRAG_LOADED, (name, { frag, part, networkDetails }) => {
        const { stats, url: from, duration } = part ?? frag;
        const t = stats.loading;

        on.segment({
            type: frag.type === 'main' ? 'video' : frag.type,
            url: from,
            start: frag.programDateTime ?? null,
            duration,
            bytes: stats.total,
            ttfb: t.first - t.start,
            took: t.end - t.start,
            header: networkDetails?.getResponseHeader?.('live-origin') ?? '',
        });
    });

    if (clock.low) {
        hls.once(Hls.Events.LEVEL_UPDATED, (name, { details }) => {
            if (details.partHoldBack) {
                hls.targetLatency = details.partHoldBack + details.partTarget;
            }
        });
    }

    hls.on(Hls.Events.LEVEL_SWITCHED, (name, { level }) => {
        const l = hls.levels[level];

        on.rendition({
            width: l.width, height: l.height, bitrate: l.bitrate,
            codecs: [l.videoCodec, l.audioCodec].filter(Boolean).join(', '),
            fps: l.frameRate || null,
        });
    });

    let recoveries = 0;

    hls.on(Hls.Events.ERROR, (name, data) => {
        const code = data.response?.code;

        // Its own word for a stall, which is counted at the element.
        if (data.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) {
            return;
        }

        on.error({
            fatal: data.fatal,
            text: [data.details, code, data.error?.message]
                .filter(Boolean).join(' · '),
        });

        if (data.fatal && data.type === Hls.ErrorTypes.MEDIA_ERROR
            && recoveries++ < 3)
        {
            hls.recoverMediaError();
        }
    });

    hls.loadSource(url);
    hls.attachMedia(video);

    return {
        mediaTime: () => hls.playingDate?.getTime() ?? null,
        seekLive() {
            if (hls.liveSyncPosition) {
                video.currentTime = hls.liveSyncPosition;
            }
        },
        destroy: async () => hls.destroy(),
    };
}
