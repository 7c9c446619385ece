import { note, sleep } from './tap.mjs';

const LATE = 500;             // ms that the machine may stand still meanwhile
const TRIES = 3;

// For how many ms the machine had no time for this process or the page, since
// the last time it was asked.

function watchLate(v) {
    let late = 0;
    let ticked = performance.now();

    const timer = setInterval(() => {
        const now = performance.now();

        late += Math.max(0, now - ticked - 200);
        ticked = now;
    }, 100);

    return {
        async take() {
            const here = late;

            late = 0;

            return Math.max(here, (await v.counter()).late);
        },

        end: () => clearInterval(timer),
    };
}

// Seconds behind the encoder, four times a second, in order of size.

async function latencies(v, seconds) {
    const end = Date.now() + seconds * 1000;
    const seen = [];

    while (Date.now() < end) {
        await sleep(250);
        seen.push((await v.state()).latency ?? Infinity);
    }

    return seen.sort((a, b) => a - b);
}

// How far behind a player is that has had so many seconds to settle: the state
// before and after so many others, and `at(share)`.  What a machine that stood
// still shows says nothing of the origin, and a player that has stalled may
// settle anew: then again.  So it is with one that settled on such a machine,
// and is still behind.  `late` are the seconds that the machine stood still for in
// the end, `whole` those from the start: what is left to be judged is judged less
// them.

export async function measured(v, { settle, seconds, target }) {
    const watch = watchLate(v);
    let whole = 0;

    await watch.take();
    await sleep(settle * 1000);

    for (let i = 1; ; i++) {
        whole += await watch.take();

        const before = await v.state();
        const seen = await latencies(v, seconds);
        const late = await watch.take();
        const after = await v.state();

        const at = (share) => seen[Math.floor((seen.length - 1) * share)];
        const stalls = after.stalls - before.stalls;

        whole += late;

        const quiet = late < LATE && !stalls
                      && (whole < LATE || at(0.9) < target);

        if (quiet || i === TRIES) {
            const stood = (ms) => (ms < LATE ? 0 : ms / 1000);

            watch.end();

            return { before, after, seen, at, stalls,
                     late: stood(late), whole: stood(whole) };
        }

        note(`${v.player}: ${stalls} stalls, ${at(0.9).toFixed(2)} s behind, `
             + `the machine stood still for ${Math.round(late)} ms, `
             + `${Math.round(whole)} ms from the start: again`);
        note(JSON.stringify(after.journal));
    }
}
