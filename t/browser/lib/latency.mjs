import { launch, Viewer } from './browser.mjs';
import { measured } from './measured.mjs';
import { eventDocument, Origin } from './origin.mjs';
import { complaints } from './play.mjs';
import { note, ok, run } from './tap.mjs';

const SECONDS = process.env.LO_SOAK ? 60 : 15;
const SETTLE = 10;
const TARGET = 3.5;

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

        const m = await measured(v, { settle: SETTLE, seconds: SECONDS,
                                      target: TARGET });
        const { before, after, seen, at, late, whole, stalls } = m;

        note(`${v.player}: ${at(0.5).toFixed(2)} s behind, at most `
             + `${at(1).toFixed(2)} s, ${stalls} stalls`);

        // a busy machine makes a picture late now and then; a player that
        // does not take what grows is always later

        ok(at(0.9) < TARGET + whole, `${v.player}: less than ${TARGET} s behind`,
           seen);
        ok(after.mediaTime - before.mediaTime > (SECONDS - late) * 800,
           `${v.player}: plays on`, [before.mediaTime, after.mediaTime]);
        complaints(v, v.player);
    }));

    ok(await metric(origin, 'complete') > SECONDS,
       'both were given segments that grow');
});
