import { launch, Viewer } from './browser.mjs';
import { measured } from './measured.mjs';
import { eventDocument, Origin } from './origin.mjs';
import { complaints } from './play.mjs';
import { note, ok, run } from './tap.mjs';

const SECONDS = 60;
const SETTLE = 25;            // a late start is caught up by a tenth
const TARGET = 3;

export const main = () => run(async () => {
    const origin = await Origin.start({
        early: true,
        events: [eventDocument('cam', 25, 48000,
                               { delay_ms: 1000, part_ms: 500 })],
    });
    const browser = await launch();

    origin.pipeline('cam', 'a', origin.port, '--chunk-ms 500');
    await origin.ready('cam');

    const { list } = await origin.playlist('cam');

    ok(/PART-TARGET=0\.5\d*/.test(list) && /#EXT-X-PART:/.test(list)
       && /#EXT-X-PRELOAD-HINT:TYPE=PART/.test(list), 'a playlist of parts',
       list);

    const v = await Viewer.open(browser, origin.base, 'cam', 'hls',
                                '&latency=low');
    const asked = { parts: 0, reloads: 0, deltas: 0 };

    v.page.on('request', (r) => {
        asked.parts += /\/\d+\.\d+\.m4s$/.test(r.url());
        asked.reloads += /_HLS_msn=\d+&_HLS_part=\d+/.test(r.url());
        asked.deltas += /_HLS_skip=/.test(r.url());
    });

    ok(await v.started(), 'hls.js starts');

    const m = await measured(v, { settle: SETTLE, seconds: SECONDS,
                                  target: TARGET });
    const { before, after, seen, at, late, whole, stalls } = m;

    note(`${at(0.5).toFixed(2)} s behind, at most ${at(1).toFixed(2)} s, `
         + `${stalls} stalls; ${JSON.stringify(asked)}`);

    // a busy machine makes a picture late now and then

    ok(at(0.9) < TARGET + whole, `less than ${TARGET} s behind`, seen);
    ok(!stalls || late, 'no stall after the start',
       { journal: after.journal, late, behind: [at(0.5), at(1)] });
    ok(after.mediaTime - before.mediaTime > (SECONDS - late) * 900, 'plays on',
       [before.mediaTime, after.mediaTime]);

    // two tracks, two parts a second

    ok(asked.parts > SECONDS * 2, 'takes parts', asked);
    ok(asked.reloads > SECONDS * 2, 'waits for each', asked);
    complaints(v, 'hls.js');
});
