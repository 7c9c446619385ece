import { launch, Viewer } from './browser.mjs';
import { eventDocument, Origin } from './origin.mjs';
import { complaints } from './play.mjs';
import { note, ok, run, sleep, until } from './tap.mjs';

const SECONDS = process.env.LO_SOAK ? 60 : 15;
const SETTLE = 10;
const TARGET = 3.5;

// Seconds behind the encoder, four times a second.

async function latencies(v, seconds) {
    const end = Date.now() + seconds * 1000;
    const seen = [];

    while (Date.now() < end) {
        await sleep(250);
        seen.push((await v.state()).latency ?? Infinity);
    }

    return seen.sort((a, b) => a - b);
}

async function metric(origin, result) {
    const text = await (await fetch(`${origin.base}/metrics`)).text();
    const found = new RegExp(`live_origin_early_total\\{reason="${result}"\\} `
                             + '(\\d+)').exec(text);

    return Number(found?.[1]);
}

export const main = () => run(async () => {
    const origin = await Origin.start({
        early: true,
        events: [eventDocument('cam', 25, 48000, { delay_ms: 1000 })],
    });
    const browser = await launch();

    origin.pipeline('cam', 'a', origin.port, '--chunk-ms 500');
    await origin.ready('cam');

    const mpd = await (await fetch(`${origin.base}/live/cam/manifest.mpd`))
        .text();

    ok(/availabilityTimeOffset="1\.[45]\d*"/.test(mpd)
       && /availabilityTimeComplete="false"/.test(mpd)
       && /<Latency referenceId="1" target="15\d\d"/.test(mpd), 'the MPD says so', mpd);

    const viewers = await Promise.all(['shaka', 'dash'].map((p) =>
        Viewer.open(browser, origin.base, 'cam', p, '&latency=low')));

    await Promise.all(viewers.map(async (v) => {
        ok(await v.started(), `${v.player}: starts`);
        await sleep(SETTLE * 1000);

        const before = await v.state();
        const seen = await latencies(v, SECONDS);
        const s = await v.state();
        const at = (share) => seen[Math.floor((seen.length - 1) * share)];

        note(`${v.player}: ${at(0.5).toFixed(2)} s behind, at most `
             + `${at(1).toFixed(2)} s, ${s.stalls - before.stalls} stalls`);

        // a busy machine makes a picture late now and then; a player that
        // does not take what grows is always later

        ok(at(0.9) < TARGET, `${v.player}: less than ${TARGET} s behind`,
           seen);
        ok(s.mediaTime - before.mediaTime > SECONDS * 800,
           `${v.player}: plays on`, [before.mediaTime, s.mediaTime]);
        complaints(v, v.player);
    }));

    ok(await metric(origin, 'complete') > SECONDS,
       'both were given segments that grow');
});
