import { launch, Viewer } from './browser.mjs';
import { eventDocument, Origin, rate } from './origin.mjs';
import { complaints, judged } from './play.mjs';
import { Relay } from './relay.mjs';
import { note, ok, run, sleep } from './tap.mjs';

const players = ['hls', 'shaka', 'dash'];
const rounds = Number(process.env.LO_SOAK ? 4 : 1);

const cases = ['25', '24000/1001', '30000/1001', '60000/1001'].flatMap(
    (fps) => [44100, 48000].map((hz) => ({ fps, hz })));

const served = (s) => s.segments.filter((x) => x.type === 'video')
    .map((x) => x.pipeline);

// Long enough for what was fetched to have been on screen as well.
const PLAY = 31;

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

async function one(browser, origin, relays, c) {
    const id = idOf(c);
    const a = origin.pipeline(id, 'a', relays.a.port);
    const b = origin.pipeline(id, 'b', relays.b.port);

    await origin.ready(id);

    const viewers = await Promise.all(players.map((p) =>
        Viewer.open(browser, origin.base, id, p)));

    const started = await Promise.all(viewers.map((v) => v.started()));
    const ready = started.every(Boolean);

    ok(ready, `${id}: ${players.join(', ')} start`);

    if (ready) {
        const [back] = await Promise.all([
            failover(origin, relays, id, a),
            ...viewers.map(async (v) => {
                const name = `${id} ${v.player}`;
                const s = await judged(v, name, PLAY, rate(c.fps));
                const order = served(s);

                ok(s.pipelines.includes('a') && s.pipelines.includes('b'),
                   `${name}: Live-Origin shows the switch`, order.join(' '));
                ok(order.lastIndexOf('a') > order.indexOf('b'),
                   `${name}: and a's return`, order.join(' '));
                note(`${name}: ${order.join('')}`);
                complaints(v, name);
            }),
        ]);

        await back.stop();
    }

    await Promise.all(viewers.map((v) => v.close()));
    await a.stop();
    await b.stop();

}

export const main = () => run(async () => {
    const origin = await Origin.start({
        events: cases.map((c) => eventDocument(idOf(c), c.fps, c.hz)),
    });
    const browser = await launch();

    // b is a little late, so that a is what readers get while it lives
    const relays = {
        a: await Relay.start(origin.port),
        b: await Relay.start(origin.port, { delay: 400 }),
    };

    for (let i = 0; i < rounds; i++) {
        for (const c of cases) {
            await one(browser, origin, relays, c);
        }
    }
});
