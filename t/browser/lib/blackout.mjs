import { launch, Viewer } from './browser.mjs';
import { eventDocument, Origin } from './origin.mjs';
import { is, note, ok, run, sleep, until } from './tap.mjs';

const fps = 25;
const document = (more) => eventDocument('cup', fps, 48000, more);

// What a page is answered to manifests: `{status, sent, got}`, by the clock
// that origin and page share. `sent` is the browser's own time, for what is told
// of it comes late on a busy machine; what was under way before is left out.

function asked(v) {
    const log = [];
    const since = Date.now();

    v.page.on('response', (r) => {
        const sent = r.request().timing().startTime;

        if (/\.(mpd|m3u8)(\?|$)/.test(r.url()) && sent >= since) {
            log.push({ status: r.status(), sent, got: Date.now(),
                       age: r.headers()['cache-control'] });
        }
    });

    return log;
}

// An answer was given somewhen between its request and its arrival.

function judged(v, log, start, end) {
    const early = log.filter((x) => x.status === 403
                                    && (x.got < start || x.sent >= end));
    const served = log.filter((x) => x.status === 200
                                   && x.sent >= start && x.got < end);
    const denied = log.filter((x) => x.status === 403);

    note(`${v.player}: ${log.length} manifests, ${denied.length} denied, `
         + `the first ${denied.length ? denied[0].got - start : '-'} ms in`);

    ok(log.some((x) => x.status === 200), `${v.player}: answered before`);
    ok(denied.length, `${v.player}: denied in the blackout`);
    ok(!early.length, `${v.player}: denied at no other time`, early);
    ok(!served.length, `${v.player}: nothing in the blackout`, served);
    ok(denied.every((x) => x.age === 'no-store'),
       `${v.player}: no cache keeps a 403`, denied);
    ok(log.every((x) => x.status !== 200 || x.got >= end
                        || !/max-age=(\d+)/.test(x.age)
                        || x.sent + 1000 * /max-age=(\d+)/.exec(x.age)[1]
                           <= start + 1000),
       `${v.player}: nor a manifest, beyond its beginning`, log);
}

// Who comes in the blackout is denied, and has begun nothing while it lasts.

async function late(browser, origin, end) {
    const v = await Viewer.open(browser, origin.base, 'cup', 'hls');
    const denied = await until(async () => v.errors.some(
        (text) => /403/.test(text)), (end - Date.now()) / 1000);
    const { started } = await v.state();
    const seen = Date.now();

    await v.close();
    ok(denied, 'who comes in the blackout is denied', v.errors);
    ok(!started || seen >= end, 'nobody begins in the blackout');
}

const time = (v) => v.page.evaluate(
    () => document.querySelector('video').currentTime);

// Who plays HLS has come to the end of what was listed before.

async function standsStill(v, end) {
    await sleep(end - 5000 - Date.now());

    const at = await time(v);

    await sleep(2000);

    const then = await time(v);

    // a machine that stood still looks when all is over

    if (Date.now() < end) {
        is(then, at, 'hls: stands still');

    } else {
        note('hls: looked at too late');
    }
}

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

    const logs = viewers.map(asked);

    await until(() => logs.every((log) => log.some((x) => x.status === 200)),
                60);

    const start = Math.ceil(Date.now() / 1000) * 1000 + 12000;
    const end = start + 25000;
    const put = await fetch(`${origin.base}/api/events/cup`, {
        method: 'PUT',
        body: JSON.stringify(document({
            blackouts: [{ start: start / 1000, end: end / 1000 }],
        })),
    });

    ok(put.ok, 'a blackout is announced');

    await sleep(start + 2000 - Date.now());
    await Promise.all([late(browser, origin, end),
                       standsStill(viewers[0], end)]);
    await sleep(end + 1000 - Date.now());

    viewers.forEach((v, i) => judged(v, logs[i], start, end));

    for (const v of viewers) {
        await v.page.reload();
        ok(await v.started(), `${v.player}: plays again behind it`);
        ok(await until(async () => (await time(v)) > 0, 10),
           `${v.player}: time goes on`);
    }
});
