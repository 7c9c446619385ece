import { launch, Viewer } from './browser.mjs';
import { eventDocument, Origin } from './origin.mjs';
import { complaints } from './play.mjs';
import { note, ok, run, sleep } from './tap.mjs';

const SECONDS = 60;
const SETTLE = 25;            // a late start is caught up by a tenth
const TARGET = 3;

const LATE = 500;             // ms that the machine may stand still in a minute
const TRIES = 3;

// Seconds behind the encoder, four times a second; and for how many ms the
// machine had no time for this process or the page.

async function latencies(v, seconds) {
    const end = Date.now() + seconds * 1000;
    const seen = [];
    let late = 0;
    let ticked = performance.now();

    await v.counter();

    const timer = setInterval(() => {
        late += Math.max(0, performance.now() - ticked - 200);
        ticked = performance.now();
    }, 100);

    while (Date.now() < end) {
        await sleep(250);
        seen.push((await v.state()).latency ?? Infinity);
    }

    clearInterval(timer);
    late = Math.max(late, (await v.counter()).late);

    return { seen: seen.sort((a, b) => a - b), late };
}

// What a machine that stood still shows says nothing of the origin, and a player
// that has stalled may settle anew: then again.

async function measured(v) {
    for (let i = 1; ; i++) {
        const before = await v.state();
        const { seen, late } = await latencies(v, SECONDS);

        const stalls = (await v.state()).stalls - before.stalls;

        if ((late < LATE && !stalls) || i === TRIES) {
            return { before, seen, late };
        }

        note(`${stalls} stalls, the machine stood still for `
             + `${Math.round(late)} ms: again`);
        note(JSON.stringify((await v.state()).journal));
    }
}

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
    await sleep(SETTLE * 1000);

    const { before, seen, late } = await measured(v);
    const s = await v.state();
    const at = (share) => seen[Math.floor((seen.length - 1) * share)];

    note(`${at(0.5).toFixed(2)} s behind, at most ${at(1).toFixed(2)} s, `
         + `${s.stalls - before.stalls} stalls; ${JSON.stringify(asked)}`);

    // a busy machine makes a picture late now and then

    ok(at(0.9) < TARGET, `less than ${TARGET} s behind`, seen);
    ok(s.stalls === before.stalls, 'no stall after the start',
       { journal: s.journal, late, behind: [at(0.5), at(1)] });
    ok(s.mediaTime - before.mediaTime > SECONDS * 900, 'plays on',
       [before.mediaTime, s.mediaTime]);

    // two tracks, two parts a second

    ok(asked.parts > SECONDS * 2, 'takes parts', asked);
    ok(asked.reloads > SECONDS * 2, 'waits for each', asked);
    complaints(v, 'hls.js');
});
