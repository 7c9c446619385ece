// The camera's burned-in frame counter (docs/live-transcode.md), read from
// every frame that the browser presents.

// Runs in the page: collects [counter or null, media time, wall time ms], and
// for how many ms the machine had no time for the page: what its timers are late.

export function installCounter() {
    const canvas = document.createElement('canvas');
    const bits = new Array(32);
    const TICK = 100;
    let samples = [];
    let late = 0;
    let ticked = performance.now();

    setInterval(() => {
        const now = performance.now();

        late += Math.max(0, now - ticked - 2 * TICK);
        ticked = now;
    }, TICK);

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
            const out = { samples, late };

            samples = [];
            late = 0;

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
// since a jump of the media, by one frame even, moves all that follow.  Seconds
// of which the machine showed next to nothing are taken together.  Media
// time goes on as the clock on the wall does, but for what the machine was late.

const ENOUGH = 8;       // frames of a second

export function judge({ samples, late }, fps) {
    const good = samples.filter(([n]) => n !== null);
    const [n0, t0] = good[0] ?? [0, 0];
    const seconds = [];
    let low = Infinity;
    let high = -Infinity;
    let longest = 0;
    let last = t0;

    for (const [n, media, wall] of good) {
        const step = (n - n0 + 1.5 * 2 ** 24) % 2 ** 24 - 2 ** 23;
        const off = Math.round(step - (media - t0) * fps);
        const second = Math.floor(media - t0);

        if (second !== seconds.at(-1)?.second
            && !(seconds.at(-1)?.frames < ENOUGH))
        {
            seconds.push({ n, low: off, frames: 0 });
        }

        const s = seconds.at(-1);

        s.second = second;
        s.low = Math.min(s.low, off);
        s.frames++;
        low = Math.min(low, media - wall / 1000);
        high = Math.max(high, media - wall / 1000);
        longest = Math.max(longest, media - last);
        last = media;
    }

    // the last second is not whole: its few frames may all be drawn late

    const base = Math.min(...seconds.map((s) => s.low));
    const breaks = seconds.slice(0, -1).filter((s) => s.low !== base)
        .map((s) => ({ ...s, base }));

    return {
        frames: samples.length,
        unread: samples.length - good.length,
        breaks,
        longest,
        late: late / 1000,
        drift: good.length ? high - low : 0,
        seconds: good.length ? last - t0 : 0,
    };
}
