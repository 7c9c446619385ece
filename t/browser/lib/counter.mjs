// The camera's burned-in frame counter (docs/live-transcode.md), read from
// every frame that the browser presents.

// Runs in the page: collects [counter or null, media time, wall time ms].

export function installCounter() {
    const canvas = document.createElement('canvas');
    const bits = new Array(32);
    let samples = [];

    const value = (from, n) =>
        bits.slice(from, from + n).reduce((a, b) => a * 2 + b, 0);

    function read(video) {
        const w = video.videoWidth;
        const h = Math.floor(video.videoHeight / 18);

        if (canvas.width !== w || canvas.height !== h) {
            canvas.width = w;
            canvas.height = h;
        }

        const g = canvas.getContext('2d', { willReadFrequently: true });

        g.drawImage(video, 0, 0, w, h, 0, 0, w, h);

        const y = Math.floor(h / 2);
        const rows = g.getImageData(0, y - 1, w, 3).data;

        for (let k = 0; k < 32; k++) {
            const x = Math.floor((k + 0.5) * w / 32);
            let sum = 0;

            for (let j = 0; j < 3; j++) {
                for (let i = -1; i <= 1; i++) {
                    sum += rows[4 * (j * w + x + i) + 1];
                }
            }

            bits[k] = sum / 9 > 127 ? 1 : 0;
        }

        const n = value(2, 24);
        let check = 5;

        for (let m = n; m > 0; m = Math.floor(m / 16)) {
            check += m % 16;
        }

        return bits[0] && !bits[1] && !bits[30] && bits[31]
            && value(26, 4) === check % 16 ? n : null;
    }

    function frame(video) {
        video.requestVideoFrameCallback((now, meta) => {
            samples.push([read(video), meta.mediaTime, now]);
            frame(video);
        });
    }

    window.__counter = {
        take() {
            const out = samples;

            samples = [];

            return out;
        },
    };

    document.addEventListener('DOMContentLoaded',
        () => frame(document.querySelector('video')));
}

// Judges samples of continuous playing at `fps`.  Counter and media time go on
// alike, so their distance is one constant.  The canvas may already show
// frames behind the one announced, the more the busier the machine is, so
// samples may lie above it; but in every whole second some must lie on it,
// since a jump of the media, by one frame even, moves all that follow.  Media
// time goes on as the clock on the wall does.

export function judge(samples, fps) {
    const good = samples.filter(([n]) => n !== null);
    const [n0, t0] = good[0] ?? [0, 0];
    const seconds = new Map();
    const breaks = [];
    let low = Infinity;
    let high = -Infinity;
    let longest = 0;
    let last = t0;

    for (const [n, media, wall] of good) {
        const step = (n - n0 + 1.5 * 2 ** 24) % 2 ** 24 - 2 ** 23;
        const off = Math.round(step - (media - t0) * fps);
        const key = Math.floor(media - t0);
        const s = seconds.get(key) ?? { low: off, n };

        s.low = Math.min(s.low, off);
        seconds.set(key, s);
        low = Math.min(low, media - wall / 1000);
        high = Math.max(high, media - wall / 1000);
        longest = Math.max(longest, media - last);
        last = media;
    }

    const base = Math.min(...[...seconds.values()].map((s) => s.low));

    // the last second is not whole: its few frames may all be drawn late

    const end = Math.max(...seconds.keys());

    for (const [second, s] of seconds) {
        if (second !== end && s.low !== base) {
            breaks.push({ second, ...s, base });
        }
    }

    return {
        frames: samples.length,
        unread: samples.length - good.length,
        breaks,
        longest,
        drift: good.length ? high - low : 0,
        seconds: good.length ? last - t0 : 0,
    };
}
