import { join } from 'node:path';
import { launch, Viewer } from './browser.mjs';
import { Origin } from './origin.mjs';
import { Child } from './proc.mjs';
import { complaints } from './play.mjs';
import { note, ok, run, sleep, until } from './tap.mjs';

const SECONDS = process.env.LO_SOAK ? 600 : 30;

// Key frames after 2.4, 2.4 and 1.2 s: no grid has these.

const encode = (origin) => new Child('ffmpeg', ['ffmpeg', '-nostdin', '-v',
    'error', '-re', '-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=25', '-re',
    '-f', 'lavfi', '-i', 'sine=sample_rate=48000', '-c:v', 'libx264',
    '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '1000',
    '-sc_threshold', '0', '-bf', '0', '-force_key_frames',
    'expr:gte(t,n_forced*2+mod(n_forced,3)*0.4)', '-c:a', 'aac', '-f', 'dash',
    '-seg_duration', '1', '-method', 'PUT', '-http_persistent', '1',
    `http://127.0.0.1:${origin.port}/live/cam/a/cam.mpd`],
    { log: join(origin.dir, 'ffmpeg.log') });

// What a player asks for, by the last segment of the path's kind.

function asked(v) {
    const seen = { mpd: 0, patches: 0, applied: 0 };

    v.page.on('response', async (r) => {
        if (/\/manifest\.mpd/.test(r.url())) {
            seen.mpd++;

        } else if (/\/patch-[0-9a-f]{16}\.mpp/.test(r.url())) {
            const text = await r.text().catch(() => '');

            seen.patches++;
            seen.applied += /SegmentTimeline/.test(text);
        }
    });

    return seen;
}

export const main = () => run(async () => {
    const origin = await Origin.start({
        events: [{ id: 'cam', delay_ms: 2000, dvr_s: 120, playlist_s: 40 }],
        workers: 1,
    });
    const browser = await launch();

    encode(origin);

    ok(await until(async () => {
        const r = await fetch(`${origin.base}/live/cam/manifest.mpd`);
        const mpd = r.ok ? await r.text() : '';

        return (mpd.match(/<S /g) ?? []).length >= 12
               && /<PatchLocation>/.test(mpd);
    }, 60), 'an MPD that names patches');

    await Promise.all(['shaka', 'dash'].map(async (player) => {
        const v = await Viewer.open(browser, origin.base, 'cam', player);

        ok(await v.started(), `${player}: starts`);

        const seen = asked(v);
        const before = await v.state();

        await sleep(SECONDS * 1000);

        const after = await v.state();

        note(`${player}: ${JSON.stringify(seen)}`);
        ok(after.mediaTime - before.mediaTime > SECONDS * 800,
           `${player}: plays on`, [before.mediaTime, after.mediaTime]);
        ok(seen.applied > SECONDS / 6, `${player}: takes patches`, seen);
        ok(seen.mpd < seen.applied / 2, `${player}: and not the MPD`, seen);
        complaints(v, player);
    }));
});
