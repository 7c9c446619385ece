import { launch, Viewer } from './browser.mjs';
import { eventDocument, Origin } from './origin.mjs';
import { is, note, ok, run, sleep, until } from './tap.mjs';

const fps = 25;
const document = (more) => eventDocument('cup', fps, 48000, more);

// What a page is answered to manifests: `{status, sent, got}`, by the clock
// that origin and page share.

function asked(v) {
    const log = [];
    const sent = new Map();
    const manifest = (r) => /\.(mpd|m3u8)(\?|$)/.test(r.url());

    v.page.on('request', (r) => manifest(r) && sent.set(r, Date.now()));
    v.page.on('response', (r) => {
        if (sent.has(r.request())) {       // not what was under way before
            log.push({ status: r.status(), sent: sent.get(r.request()),
                       got: Date.now(), age: r.headers()['cache-control'] });
        }
    });

    return log;
}

// An answer was given somewhen between its request and its arrival.

function judged(v, log, start, end) {
    const early = log.filter((x) => x.status === 403
                                    && (x.got < start || x.sent >= end));
    const late = log.filter((x) => x.status === 200
                                   && x.sent >= start && x.got < end);
    const denied = log.filter((x) => x.status === 403);

    note(`${v.player}: ${log.length} manifests, ${denied.length} denied, `
         + `the first ${denied.length ? denied[0].got - start : '-'} ms in`);

    ok(log.some((x) => x.status === 200), `${v.player}: answered before`);
    ok(denied.length, `${v.player}: denied in the blackout`);
    ok(!early.length, `${v.player}: denied at no other time`, early);
    ok(!late.length, `${v.player}: nothing in the blackout`, late);
    ok(denied.every((x) => x.age === 'no-store'),
       `${v.player}: no cache keeps a 403`, denied);
    ok(log.every((x) => x.status !== 200 || x.got >= end
                        || !/max-age=(\d+)/.test(x.age)
                        || x.sent + 1000 * /max-age=(\d+)/.exec(x.age)[1]
                           <= start + 1000),
       `${v.player}: nor a manifest, beyond its beginning`, log);
}

const time = (v) => v.page.evaluate(
    () => document.querySelector('video').currentTime);

export const main = () => run(async () => {
    const origin = await Origin.start({ events: [document()] });
    const browser = await launch();

    origin.pipeline('cup', 'a');
    await origin.ready('cup');

    const viewers = await Promise.all(['hls', 'shaka', 'dash'].map((p) =>
        Viewer.open(browser, origin.base, 'cup', p)));

    for (const v of viewers) {
        ok(await v.started(), `${v.player}: starts`);
    }

    const start = Math.ceil(Date.now() / 1000) * 1000 + 12000;
    const end = start + 25000;
    const logs = viewers.map(asked);
    const put = await fetch(`${origin.base}/api/events/cup`, {
        method: 'PUT',
        body: JSON.stringify(document({
            blackouts: [{ start: start / 1000, end: end / 1000 }],
        })),
    });

    ok(put.ok, 'a blackout is announced');

    await sleep(end - 5000 - Date.now());

    // who plays HLS has come to the end of what was listed before

    const at = await time(viewers[0]);

    await sleep(2000);
    is(await time(viewers[0]), at, 'hls: stands still');

    const late = await Viewer.open(browser, origin.base, 'cup', 'hls');

    await sleep(end + 1000 - Date.now());
    ok(!(await late.state()).started, 'nobody begins in the blackout');
    await late.close();

    viewers.forEach((v, i) => judged(v, logs[i], start, end));

    for (const v of viewers) {
        await v.page.reload();
        ok(await v.started(), `${v.player}: plays again behind it`);
        ok(await until(async () => (await time(v)) > 0, 10),
           `${v.player}: time goes on`);
    }
});
