// dash.js on the MPD.

import { loadScript } from './load.js';
import { utcOf } from './dashclock.js';
import { emptyBox, GONE } from './gone.js';

export const manifest = 'manifest.mpd';

// How far behind, at low latency, is what the MPD's ServiceDescription says.

function settings(dashjs, base, low) {
    return {
        debug: { logLevel: dashjs.Debug.LOG_LEVEL_NONE },
        streaming: {
            delay: {
                liveDelayFragmentCount: low ? null : 3,
                useSuggestedPresentationDelay: false,
            },
            buffer: {
                bufferTimeDefault: 12,
                bufferTimeAtTopQuality: 12,
                bufferToKeep: 30,
            },
            liveCatchup: { enabled: low },
            // The MPD names its own clock; never ask anyone else's.
            utcSynchronization: {
                defaultTimingSource: {
                    scheme: 'urn:mpeg:dash:utc:http-head:2014', value: base,
                },
            },
            retryAttempts: {
                MPD: 8, MediaSegment: 8, InitializationSegment: 8,
            },
            retryIntervals: {
                MPD: 500, MediaSegment: 500, InitializationSegment: 500,
            },
        },
    };
}

export async function create(video, url, on, clock, autoplay) {
    await loadScript('lib/dash.js');

    const { dashjs } = window;
    const events = dashjs.MediaPlayer.events;
    const player = dashjs.MediaPlayer().create();
    const headers = new Map();

    player.updateSettings(settings(dashjs, location.href.split('?')[0],
                                   clock.low));

    player.addResponseInterceptor(async (response) => {
        const value = response.headers?.['live-origin'];

        if (value) {
            headers.set(response.request.url, value);
        }

        if (response.status === GONE
            && response.request.customData?.request?.type === 'MediaSegment')
        {
            response.status = 200;
            response.data = emptyBox();
        }

        return response;
    });

    player.on(events.FRAGMENT_LOADING_COMPLETED, ({ request, error }) => {
        if (error || request.type !== 'MediaSegment') {
            return;
        }

        const ms = (from, to) => (from && to ? to - from : null);

        on.segment({
            type: request.mediaType,
            url: request.url,
            start: utcOf(request.startTime, clock),
            duration: request.duration,
            bytes: request.bytesTotal,
            ttfb: ms(request.startDate, request.firstByteDate),
            took: ms(request.startDate, request.endDate),
            header: headers.get(request.url) ?? '',
        });

        headers.delete(request.url);
    });

    player.on(events.MANIFEST_LOADED, ({ data }) => {
        const start = data?.availabilityStartTime;

        clock.start = start ? new Date(start).getTime() : null;
    });

    const rendition = () => {
        const v = player.getCurrentRepresentationForType('video');

        if (v) {
            on.rendition({
                width: v.width, height: v.height, bitrate: v.bandwidth,
                codecs: v.codecs?.replace(/.*codecs="([^"]*)".*/, '$1'),
                fps: v.frameRate || null,
            });
        }
    };

    player.on(events.QUALITY_CHANGE_RENDERED, rendition);
    player.on(events.STREAM_INITIALIZED, rendition);

    player.on(events.ERROR, ({ error }) => on.error({
        fatal: false,
        text: `dash.js ${error.code} · ${error.message}`,
    }));

    // Started from outside before its streams are there, dash.js takes itself
    // for paused and never asks for the MPD again.
    player.initialize(video, url, autoplay);

    return {
        starts: true,
        mediaTime: () => utcOf(video.currentTime, clock),
        seekLive: () => player.seekToOriginalLive(),
        destroy: async () => player.destroy(),
    };
}
