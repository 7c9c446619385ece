import { launch, Viewer } from './browser.mjs';
import { eventDocument, Origin, rate } from './origin.mjs';
import { complaints, DELAY_MS, judged } from './play.mjs';
import { Relay } from './relay.mjs';
import { note, ok, run, sleep } from './tap.mjs';

const players = ['hls', 'shaka', 'dash'];
const rounds = Number(process.env.LO_SOAK ? 4 : 1);

// Every rate of pictures with every rate of samples in `make soak'; in a check
// each of them once, as a case takes 40 s.
const cases = ['25', '24000/1001', '30000/1001', '60000/1001'].flatMap(
    (fps, i) => [44100, 48000].map((hz, j) => ({ fps, hz, once: j === i % 2 })))
    .filter(({ once }) => once || process.env.LO_SOAK);

const served = (s) => s.segments.filter((x) => x.type === 'video')
    .map((x) => x.pipeline);

// Long enough for what was fetched to have been on screen as well.
const PLAY = 31;

// How long before a case ends the next one's encoders start.
const EARLY = 12;

async function failover(origin, relays, id, a) {
    await sleep(4000);

    const line = await relays.a.catch(/^PUT \S+\/v\/\S*\d+\.m4s /m);

    await a.kill();
    note(`${id}: killed a in ${line}`);
    await sleep(11000);
    note(`${id}: a is back`);

    return origin.pipeline(id, 'a', relays.a.port);
}

const idOf = ({ fps, hz }) => `cam-${fps.replace('/', '-')}-${hz}`;

async function watched(v, id, fps) {
    const name = `${id} ${v.player}`;
    const s = await judged(v, name, PLAY, rate(fps));
    const order = served(s);

    note(`${name}: ${order.join('')}`);
    ok(s.pipelines.includes('a') && s.pipelines.includes('b'),
       `${name}: Live-Origin shows the switch`, order.join(' '));
    ok(order.lastIndexOf('a') > order.indexOf('b'),
       `${name}: and a's return`, order.join(' '));
    complaints(v, name);
}

// `soon` is called when the next case's encoders may start.

async function one(browser, origin, relays, { id, fps, pipelines }, soon) {
    await origin.ready(id);

    const viewers = await Promise.all(players.map((p) =>
        Viewer.open(browser, origin.base, id, p)));

    const started = await Promise.all(viewers.map((v) => v.started()));

    if (ok(started.every(Boolean), `${id}: ${players.join(', ')} start`)) {
        const [back] = await Promise.all([
            failover(origin, relays, id, pipelines[0]),
            sleep((PLAY - EARLY) * 1000).then(soon),
            ...viewers.map((v) => watched(v, id, fps)),
        ]);

        pipelines.push(back);
    }

    await Promise.all(viewers.map((v) => v.close()));
    await Promise.all(pipelines.map((p) => p.stop()));
}

export const main = () => run(async () => {
    const origin = await Origin.start({
        events: cases.map((c) => eventDocument(idOf(c), c.fps, c.hz,
                                               { delay_ms: DELAY_MS })),
    });
    const browser = await launch();

    // b is a little late, so that a is what readers get while it lives
    const relays = {
        a: await Relay.start(origin.port),
        b: await Relay.start(origin.port, { delay: 400 }),
    };

    const publish = (c) => ({
        ...c, id: idOf(c),
        pipelines: ['a', 'b'].map((name) =>
            origin.pipeline(idOf(c), name, relays[name].port)),
    });

    const todo = Array(rounds).fill(cases).flat();
    let next = null;

    for (const [i, c] of todo.entries()) {
        const now = next ?? publish(c);

        next = null;
        await one(browser, origin, relays, now, () => {
            next = i + 1 < todo.length ? publish(todo[i + 1]) : null;
        });
    }
});
