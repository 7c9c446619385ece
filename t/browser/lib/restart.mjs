import { join } from 'node:path';
import { launch, Viewer } from './browser.mjs';
import { Origin } from './origin.mjs';
import { Child } from './proc.mjs';
import { note, ok, run, sleep, until } from './tap.mjs';

const SEGMENT = 2;

// The command that anyone would type; only the picture's colour differs.

function pusher(origin, colour) {
    return new Child(`ffmpeg ${colour}`, ['ffmpeg', '-hide_banner', '-nostdin',
        '-loglevel', 'warning', '-re',
        '-f', 'lavfi', '-i', `color=c=${colour}:s=320x180:r=25`,
        '-f', 'lavfi', '-i', 'sine=440:r=48000',
        '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50',
        '-keyint_min', '50', '-sc_threshold', '0', '-pix_fmt', 'yuv420p',
        '-c:a', 'aac', '-b:a', '64k',
        '-f', 'dash', '-method', 'PUT', '-seg_duration', String(SEGMENT),
        '-use_template', '1', '-use_timeline', '0', '-window_size', '5',
        `${origin.base}/live/plain/a/manifest.mpd`,
    ], { log: join(origin.dir, `ffmpeg-${colour}.log`) });
}

// Which of red and blue is on screen.

const colour = (v) => v.page.evaluate(() => {
    const canvas = document.createElement('canvas');
    const g = canvas.getContext('2d');

    canvas.width = canvas.height = 1;
    g.drawImage(document.querySelector('video'), 0, 0, 1, 1);

    const [r, , b] = g.getImageData(0, 0, 1, 1).data;

    return r > b ? 'red' : 'blue';
});

// For how many seconds the machine had no time for the page, since the last time
// it was asked.

const late = async (v) => (await v.counter()).late / 1000;

async function goesOn(v, latency, published) {
    const limit = latency + 3 * SEGMENT;
    const seen = await until(async () => await colour(v) === 'blue',
                             limit + 20, 100);
    const took = (Date.now() - published) / 1000;
    const stood = await late(v);

    note(`${v.player}: the new run is on screen ${took.toFixed(1)} s after its `
         + `first segment, latency before was ${latency.toFixed(1)} s, the `
         + `machine stood still for ${stood.toFixed(1)} s`);
    ok(seen && took < limit + stood,
       `${v.player}: goes on within three segments`,
       (await v.state()).journal);

    await sleep(1000);      // a seek shows its frame before playing goes on

    await late(v);

    const before = await v.state();

    await sleep(8000);

    const after = await v.state();
    const paused = await late(v);

    ok(after.presentedFrames - before.presentedFrames > 100 - 25 * paused
       && after.currentTime - before.currentTime > 7 - paused,
       `${v.player}: and plays on`,
       [before.presentedFrames, after.presentedFrames, after.journal]);
    note(`${v.player}: stood still for ${after.stallMs} ms between the runs`);
    ok(after.stallMs - before.stallMs < 500 + 1000 * paused,
       `${v.player}: without a stall`, after.journal);
    ok(!after.errors.some((e) => e.fatal) && after.session === before.session,
       `${v.player}: nothing fatal`, after.errors);
}

export const main = () => run(async () => {
    const origin = await Origin.start({ auto: true });
    const browser = await launch();
    const first = pusher(origin, 'red');

    await origin.ready('plain');

    const viewers = await Promise.all(['hls', 'shaka', 'dash'].map((p) =>
        Viewer.open(browser, origin.base, 'plain', p)));

    for (const v of viewers) {
        ok(await v.started(), `${v.player}: starts`);
    }

    await sleep(10000);

    const states = await Promise.all(viewers.map((v) => v.state()));
    const { head } = await origin.playlist('plain');

    await Promise.all(viewers.map(late));
    await first.kill();
    await sleep(1000);
    pusher(origin, 'blue');

    ok(await until(async () => (await origin.playlist('plain')).head > head,
                   20, 100),
       'numbers go on at the head');

    const published = Date.now();

    await Promise.all(viewers.map((v, i) =>
        goesOn(v, states[i].latency ?? 10, published)));
});
