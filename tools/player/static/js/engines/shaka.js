// Shaka Player on the MPD.

import { loadScript } from './load.js';
import { utcOf } from './dashclock.js';
import { emptyBox, GONE } from './gone.js';

export const manifest = 'manifest.mpd';

const retry = {
    maxAttempts: 8, baseDelay: 500, backoffFactor: 1.4, fuzzFactor: 0.3,
    timeout: 20000, stallTimeout: 10000, connectionTimeout: 10000,
};

// Three segments behind the edge, as the others play; a manifest may suggest
// less than holds when an encoder dies.

const config = (segment) => ({
    manifest: {
        retryParameters: retry,
        defaultPresentationDelay: 3 * segment,
        dash: { ignoreSuggestedPresentationDelay: true },
    },
    streaming: {
        lowLatencyMode: false,
        liveSync: { enabled: false },
        retryParameters: retry,
        bufferingGoal: 12,
        rebufferingGoal: 2,
        bufferBehind: 30,
    },
});

// A second behind the first chunk of the newest segment, and kept there by
// speed: Shaka counts the latency of liveSync from that second on.

const low = (segment) => {
    const usual = config(segment);

    return {
        manifest: { ...usual.manifest, defaultPresentationDelay: 1 },
        streaming: {
            ...usual.streaming,
            lowLatencyMode: true,
            liveSync: { enabled: true, targetLatency: 0.3,
                        targetLatencyTolerance: 0.2 },
            rebufferingGoal: 0.1,
        },
    };
};

function skipGone({ NetworkingEngine, HttpFetchPlugin }, { Code }) {
    const { PluginPriority, RequestType } = NetworkingEngine;

    const fetchOrSkip = (uri, request, type, ...rest) =>
        HttpFetchPlugin.parse(uri, request, type, ...rest).chain(
            (response) => response,
            (error) => {
                if (type === RequestType.SEGMENT && error.data?.[1] === GONE
                    && error.code === Code.BAD_HTTP_STATUS)
                {
                    return { uri, originalUri: uri, data: emptyBox(),
                             headers: {}, status: 200, fromCache: false };
                }

                throw error;
            });

    for (const scheme of ['http', 'https']) {
        NetworkingEngine.registerScheme(scheme, fetchOrSkip,
                                        PluginPriority.APPLICATION, true);
    }
}

export async function create(video, url, on, clock) {
    await loadScript('lib/shaka.js');

    const { shaka } = window;
    const { RequestType } = shaka.net.NetworkingEngine;

    shaka.polyfill.installAll();

    if (!shaka.Player.isBrowserSupported()) {
        throw new Error('this browser has no Media Source Extensions');
    }

    skipGone(shaka.net, shaka.util.Error);

    const player = new shaka.Player();

    await player.attach(video);
    player.configure(clock.low ? low(clock.segment) : config(clock.segment));

    player.getNetworkingEngine().registerResponseFilter(
        (type, response, context) => {
            const ref = context?.segment;

            if (type !== RequestType.SEGMENT || !ref || !context.stream
                || context.type === shaka.net.NetworkingEngine
                    .AdvancedRequestType.INIT_SEGMENT)
            {
                return;
            }

            on.segment({
                type: context.stream.type,
                url: response.uri,
                start: utcOf(ref.startTime, clock),
                duration: ref.endTime - ref.startTime,
                bytes: response.data.byteLength,
                ttfb: null,
                took: response.timeMs ?? null,
                header: response.headers['live-origin'] ?? '',
            });
        });

    player.addEventListener('manifestparsed', () => {
        clock.start = player.getPresentationStartTimeAsDate()?.getTime()
            ?? null;
    });

    const rendition = () => {
        const v = player.getVariantTracks().find((t) => t.active);

        if (v) {
            on.rendition({
                width: v.width, height: v.height, bitrate: v.bandwidth,
                codecs: v.codecs, fps: v.frameRate,
            });
        }
    };

    player.addEventListener('adaptation', rendition);
    player.addEventListener('variantchanged', rendition);
    player.addEventListener('loaded', rendition);

    const report = (error) => on.error({
        fatal: error.severity === shaka.util.Error.Severity.CRITICAL,
        text: `Shaka ${error.code} · ${error.data?.slice(0, 2).join(' · ')}`,
    });

    player.addEventListener('error', (event) => report(event.detail));

    try {
        // patches of the MPD are found from an absolute URL alone

        await player.load(new URL(url, location.href).href);

    } catch (error) {
        if (error.code !== shaka.util.Error.Code.LOAD_INTERRUPTED) {
            report(error);
        }
    }

    return {
        mediaTime: () => utcOf(video.currentTime, clock),
        seekLive: () => player.goToLive(),
        destroy: () => player.destroy(),
    };
}
