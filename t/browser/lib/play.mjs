import { launch, Viewer } from './browser.mjs';
import { judge } from './counter.mjs';
import { eventDocument, Origin } from './origin.mjs';
import { note, ok, run, until } from './tap.mjs';

const SECONDS = process.env.LO_SOAK ? 600 : 20;
const fps = 25;

// Encoders and decoders share the machine: what they may be late by before a
// number is listed as a gap.
export const DELAY_MS = 5000;

// What every continuous playing must be; `v` is open and has started.

export async function judged(v, name, seconds, rate) {
    await v.counter();

    const state = await v.watch(seconds);
    const seen = judge(await v.counter(), rate);
    const { breaks, ...rest } = seen;

    note(`${name}: ${JSON.stringify(rest)}, ${state.droppedFrames} dropped, `
         + `${state.latency?.toFixed(1)} s behind, pipelines `
         + state.pipelines.join(' '));

    ok(seen.seconds > seconds * 0.9 - seen.late, `${name}: played on`, rest);

    // players share two cores with the encoders: a busy machine leaves pictures
    // out, which is not what is judged here

    ok(seen.frames > seconds * rate * 0.25, `${name}: frames advance`, rest);
    ok(!seen.unread, `${name}: every counter is readable`, rest);
    ok(!breaks.length, `${name}: the counter has no jump`,
       breaks.slice(0, 5));

    // a bound that only a stall passes: a busy machine alone makes pictures
    // late, too

    ok(seen.drift < 4 + seen.late && seen.longest < 4,
       `${name}: the picture keeps its pace`, rest);
    ok(state.stalls === 0 && state.jumps === 0, `${name}: no stall, no jump`,
       state.journal);

    return state;
}

export function complaints(v, name) {
    ok(!v.errors.length, `${name}: nothing on the console`, v.errors);
    ok(!v.foreign.length, `${name}: asks nobody but the origin`, v.foreign);
}

async function statusPage(browser, base) {
    const page = await browser.newPage();
    const errors = [];

    page.on('pageerror', (e) => errors.push(String(e)));
    page.on('console', (m) => m.type() === 'error' && errors.push(m.text()));
    await page.goto(`${base}/player/status.html`);
    await page.waitForSelector('.event tbody tr', { timeout: 30000 });

    const text = await page.innerText('#events');

    ok(/\bv\b[\s\S]*\ba\b/.test(text) && /\d{6,}/.test(text),
       'status page: tracks and their heads', text);
    ok(await page.isVisible('#node p'), 'status page: the node');
    ok(!errors.length, 'status page: nothing on the console', errors);
    await page.close();
}

async function keyboard(v) {
    await v.page.keyboard.press('2');

    ok(await until(async () => {
        const s = await v.state();

        return s.engine === 'shaka' && s.started;
    }, 30), 'key 2 goes over to Shaka Player');

    await v.page.keyboard.press('k');
    ok(await until(async () => (await v.state()).paused, 15),
       'key K pauses');
}

export const main = () => run(async () => {
    const origin = await Origin.start({
        events: [eventDocument('cam', fps, 48000, { delay_ms: DELAY_MS })],
    });
    const browser = await launch();

    origin.pipeline('cam', 'a');
    origin.pipeline('cam', 'b');
    await origin.ready('cam');

    const viewers = await Promise.all(['hls', 'shaka', 'dash'].map((p) =>
        Viewer.open(browser, origin.base, 'cam', p)));

    await Promise.all(viewers.map(async (v) => {
        ok(await v.started(), `${v.player}: starts`);

        const s = await judged(v, v.player, SECONDS, fps);

        ok(s.latency > 1 && s.latency < 20 + DELAY_MS / 1000,
           `${v.player}: knows how far behind the encoder it is`, s.latency);
        ok(s.pipelines.length > 0, `${v.player}: Live-Origin is read`);
        ok(s.rendition?.height === 180, `${v.player}: shows its rendition`,
           s.rendition);
        complaints(v, v.player);
    }));

    await statusPage(browser, origin.base);
    await keyboard(viewers[0]);
});
