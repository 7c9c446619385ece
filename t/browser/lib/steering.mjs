import { launch, Viewer } from './browser.mjs';
import { eventDocument, Origin } from './origin.mjs';
import { DELAY_MS, judged } from './play.mjs';
import { is, note, ok, run, sleep, until } from './tap.mjs';

const TTL = 5;
const SEGMENT = 2;
const rounds = process.env.LO_SOAK ? 20 : 1;
const SECONDS = 15 + 30 * rounds;
const tracks = ['v', 'a'];
const fps = 25;

// What a page asks for, in order: `{cdn, track, number}` of a segment, and
// `{first}` of what steering says.

function asked(v, { cdns, base }) {
    const log = [];

    v.page.on('request', (r) => {
        const [, track, number] = /\/(\w+)\/(\d+)\.m4s$/.exec(r.url()) ?? [];

        if (number) {
            const cdn = cdns.find(({ url }) => r.url().startsWith(url))?.id;

            log.push({ cdn, track, number: Number(number) });
        }
    });

    v.page.on('response', async (r) => {
        if (r.url().startsWith(`${base}/live/cup/steering`)) {
            const entry = {};

            log.push(entry);
            entry.status = r.status();
            entry.first = (await r.json().catch(() => null))
                ?.['PATHWAY-PRIORITY'][0];
        }
    });

    return log;
}

const of = (log, track, cdn) =>
    log.filter((x) => x.track === track && (!cdn || x.cdn === cdn));

const line = (log) => log.map((x) => (x.number
    ? `${x.cdn}/${x.track}/${x.number}` : `[${x.first}]`)).join(' ');

// `at` is how long the log was when the operator spoke.

async function moved(v, log, at, from, to) {
    const name = `${v.player}, ${from} to ${to}`;
    const told = () => log.findIndex((x, i) => i >= at && x.first === to);

    ok(await until(() => told() >= 0 && tracks.every((t) =>
        of(log.slice(told()), t, to).length >= 3), 60),
       `${name}: segments come from there`);

    const before = log.slice(at, told());
    const after = log.slice(told());

    note(`${name}: ${line(log.slice(at))}`);
    ok(before.filter((x) => x.first).length <= 1,
       `${name}: the next answer to steering says so`, line(before));
    ok(before.every((x) => x.status || x.cdn === from),
       `${name}: nothing moves before`, line(before));

    for (const t of tracks) {
        const still = of(before, t).length;
        const late = of(after, t, from).length;

        ok(still <= TTL / SEGMENT + 2, `${name}: ${t} within one TTL`, still);
        ok(late <= 1, `${name}: ${t} but for what was on its way`, late);
    }
}

async function operate(origin, viewers, logs) {
    const steer = async (body, from, to) => {
        const at = logs.map((log) => log.length);
        const r = await fetch(`${origin.base}/api/events/cup/steer`,
                              { method: 'POST', body: JSON.stringify(body) });

        is(r.status, 200, JSON.stringify(body));
        await Promise.all(viewers.map((v, i) =>
            moved(v, logs[i], at[i], from, to)));
    };

    for (let i = 0; i < rounds; i++) {
        await sleep(5000);
        await steer({ drain: ['cdn-a'] }, 'cdn-a', 'cdn-b');
        await steer({ undrain: ['cdn-a'] }, 'cdn-b', 'cdn-a');
    }
}

// Runs in the page: what a worker says is heard late, and the end of a segment
// later still, as on a busy machine.  A pathway that changes meanwhile must not
// cost a player the segment.

function slowWorkers() {
    const { addEventListener } = Worker.prototype;

    Worker.prototype.addEventListener = function late(type, heard, ...more) {
        const later = (e) => setTimeout(() => heard.call(this, e),
                                        e.data?.event === 'flush' ? 700 : 200);

        return addEventListener.call(this, type,
                                     type === 'message' ? later : heard,
                                     ...more);
    };
}

function whole(v, log, origin) {
    const { player } = v;
    const urls = [origin.base, ...origin.cdns.map((c) => c.url)];
    const said = log.filter((x) => x.status);

    ok(said.length && said.every((x) => x.status === 200),
       `${player}: steering is answered`, said);
    ok(log.every((x) => x.status || x.cdn),
       `${player}: every segment is from a CDN`, line(log));

    for (const t of tracks) {
        const numbers = of(log, t).map((x) => x.number);
        const all = new Set(numbers);

        note(`${player}: ${t}: ${numbers.length} requests of ${all.size}`);
        is(all.size, Math.max(...numbers) - Math.min(...numbers) + 1,
           `${player}: ${t}: no number is left out`);
    }

    ok(!v.errors.length, `${player}: nothing on the console`, v.errors);
    ok(v.foreign.every((x) => urls.some((url) => x.startsWith(url))),
       `${player}: asks nobody but the origin and the CDNs`, v.foreign);
}

export const main = () => run(async () => {
    const origin = await Origin.start({
        cdns: ['cdn-a', 'cdn-b'],
        events: ({ base, cdns }) => [eventDocument('cup', fps, 48000, {
            cdns: cdns.map(({ id, url }) => ({ id, url })),
            steering: { ttl_s: TTL, url: `${base}/live/` },
            delay_ms: DELAY_MS,
        })],
    });
    const browser = await launch();

    origin.pipeline('cup', 'a');
    await origin.ready('cup');

    const viewers = await Promise.all(['hls', 'shaka', 'dash'].map((p) =>
        Viewer.open(browser, origin.base, 'cup', p, '', slowWorkers)));
    const logs = viewers.map((v) => asked(v, origin));

    for (const [i, v] of viewers.entries()) {
        ok(await v.started(), `${v.player}: starts`);
        ok(await until(() => tracks.every((t) => of(logs[i], t).length), 20)
           && logs[i].every((x) => x.status || x.cdn === 'cdn-a'),
           `${v.player}: on cdn-a`, line(logs[i]));
    }

    await Promise.all([
        operate(origin, viewers, logs),
        ...viewers.map((v) => judged(v, v.player, SECONDS, fps)),
    ]);

    viewers.forEach((v, i) => whole(v, logs[i], origin));
});
