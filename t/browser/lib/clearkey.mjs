import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launch } from './browser.mjs';
import { Origin } from './origin.mjs';
import { top } from './proc.mjs';
import { atEnd, note, ok, run, until } from './tap.mjs';

const SECONDS = process.env.LO_SOAK ? 60 : 8;
const MEDIA = process.env.LO_SOAK ? 300 : 150;

// Connections that nginx closes meanwhile are seen to be closed: this waits and
// does not block.

async function perl(code) {
    const { stdout } = await promisify(execFile)('perl', ['-It/lib',
        '-MLiveOrigin::Encrypted=encrypted,key_file', '-e', code],
        { cwd: top });

    return stdout;
}

// Publishes the media of a folder: three segments of each track at once, then
// one as often as they last.

class Publisher {
    constructor(url, dir) {
        this.url = url;
        this.dir = dir;
        this.next = 1;
    }

    async put(name) {
        const body = readFileSync(join(this.dir, name));
        let said = '';

        // 503 may be sent again

        const r = await until(async () => {
            const answer = await fetch(`${this.url}/${name}`,
                                       { method: 'PUT', body });

            said = `${answer.status} ${await answer.text()}`;

            return answer.status !== 503 && answer;
        }, 20);

        if (!r?.ok) {
            throw new Error(`${name}: ${said}`);
        }
    }

    async segment() {
        for (const track of ['v', 'a']) {
            await this.put(`${track}/${this.next}.m4s`);
        }

        this.next++;
    }

    async start() {
        await this.put('v/init.mp4');
        await this.put('a/init.mp4');

        for (let i = 0; i < 3; i++) {
            await this.segment();
        }

        const began = Date.now();
        let due = 1;
        let busy = false;

        const timer = setInterval(async () => {
            if (busy || Date.now() - began < due * 2000
                || this.next > MEDIA / 2)
            {
                return;
            }

            busy = true;
            due++;
            await this.segment().catch((e) => note(String(e)));
            busy = false;
        }, 100);

        atEnd(() => clearInterval(timer));
    }
}

// In the page: one player on a video of its own.

const players = {
    shaka: ['shaka.js', async ({ event, license }) => {
        const video = document.querySelector('video');
        const player = new shaka.Player();

        shaka.polyfill.installAll();
        await player.attach(video);
        player.addEventListener('error', (e) => window.say(
            `${e.detail.code} ${e.detail.data}`));

        if (license) {
            player.configure({ drm: { servers: {
                'org.w3.clearkey': license } } });
        }

        await player.load(`${event}manifest.mpd`);
    }],

    dash: ['dash.js', async ({ event, license }) => {
        const video = document.querySelector('video');
        const player = dashjs.MediaPlayer().create();

        player.initialize();
        player.on('error', (e) => window.say(JSON.stringify(e.error)));

        if (license) {
            player.setProtectionData({
                'org.w3.clearkey': { serverURL: license } });
        }

        player.attachView(video);
        player.attachSource(`${event}manifest.mpd`);
    }],

    hls: ['hls.js', async ({ event, keys }) => {
        const video = document.querySelector('video');
        const player = new Hls({ emeEnabled: true, drmSystems: {
            'org.w3.clearkey': { licenseUrl: keys } } });

        player.on('hlsError', (_, e) => e.fatal
            && window.say(`${e.details} ${e.error}`));
        player.loadSource(`${event}master.m3u8`);
        player.attachMedia(video);
    }],
};

async function open(browser, origin, name, args) {
    const page = await browser.newPage();
    const [bundle, play] = players[name];
    const seen = { page, errors: [], licenses: [] };

    page.on('request', (r) => {
        if (r.method() === 'POST') {
            seen.licenses.push(r.url());
        }
    });
    page.on('pageerror', (e) => seen.errors.push(String(e)));
    await page.goto(`${origin.base}/player/lib/versions.json`);
    await page.setContent('<video muted autoplay width="320"></video>');
    await page.evaluate(() => {
        window.said = [];
        window.say = (text) => window.said.push(text);
    });
    await page.addScriptTag({ url: `${origin.base}/player/lib/${bundle}` });
    await page.evaluate(play, args).catch((e) => seen.errors.push(String(e)));

    return seen;
}

const look = (page) => page.evaluate(() => {
    const video = document.querySelector('video');

    return {
        time: video.currentTime,
        frames: video.getVideoPlaybackQuality().totalVideoFrames,
        audio: video.webkitAudioDecodedByteCount,
        encrypted: Boolean(video.mediaKeys),
        said: window.said,
    };
});

// How many colours the picture has: what is decrypted with a wrong key has not
// those of the test pattern.  No canvas may read it from the video.

async function colours(page) {
    const png = (await page.locator('video').screenshot()).toString('base64');

    return page.evaluate(async (data) => {
        const r = await fetch(`data:image/png;base64,${data}`);
        const picture = await createImageBitmap(await r.blob());
        const g = Object.assign(document.createElement('canvas'),
                                { width: 32, height: 18 }).getContext('2d');
        const seen = new Set();

        g.drawImage(picture, 0, 0, 32, 18);

        const pixels = g.getImageData(0, 0, 32, 18).data;

        for (let i = 0; i < pixels.length; i += 4) {
            seen.add([0, 1, 2].map((k) => pixels[i + k] >> 6).join());
        }

        return seen.size;
    }, png);
}

async function plays(name, seen, license) {
    const { page } = seen;

    ok(await until(async () => (await look(page)).frames > 0, 60),
       `${name}: starts`, [seen.errors, await look(page)]);

    const from = await look(page);

    ok(await until(async () => {
        const now = await look(page);

        return now.time - from.time >= SECONDS
               && now.frames - from.frames >= SECONDS * 5
               && now.audio > from.audio;
    }, SECONDS * 4 + 30), `${name}: time goes on, with pictures and sound`,
       [from, await look(page)]);

    const now = await look(page);
    const seenColours = await colours(page);

    ok(now.encrypted, `${name}: by EME`);
    ok(seenColours >= 6, `${name}: the picture is what was encrypted`,
       seenColours);
    ok(seen.licenses.length > 0
       && seen.licenses.every((url) => url === license),
       `${name}: licenses are from the origin`, seen.licenses);
    ok(!seen.errors.length && !now.said.length, `${name}: no error`,
       [seen.errors, now.said]);

    await page.close();
}

async function scheme(browser, origin, id, told) {
    const dir = join(origin.dir, id);
    const event = `${origin.base}/live/${id}/`;
    const keys = `${event}clearkey`;
    const clearkey = told ? { license_url: keys } : {};

    mkdirSync(dir);
    await perl(`encrypted('${id}', seconds => ${MEDIA}, dir => '${dir}')`);

    const r = await fetch(`${origin.base}/api/events/${id}`, {
        method: 'PUT',
        body: JSON.stringify({
            id, pipelines: ['a'], segment_ms: 2000, dvr_s: 60,
            tracks: [{ id: 'v', type: 'video', codec: 'h264' },
                     { id: 'a', type: 'audio', codec: 'aac' }],
            drm: { scheme: id, systems: { clearkey } },
        }),
    });

    ok(r.status === 201, `${id}: a document`, await r.text());

    await new Publisher(`${origin.base}/live/${id}/a`, dir).start();
    await origin.ready(id);

    // where the manifest has the URL, players over DASH are not told

    const args = { event, keys, license: told ? '' : keys };
    const names = Object.keys(players);
    const seen = await Promise.all(names.map((name) =>
        open(browser, origin, name, args)));

    await Promise.all(names.map((name, i) =>
        plays(`${id}, ${name}`, seen[i], keys)));
}

export const main = () => run(async () => {
    const clearkeys = await perl('print key_file()');
    const origin = await Origin.start({ clearkeys });
    const browser = await launch();

    await scheme(browser, origin, 'cenc', true);
    await scheme(browser, origin, 'cbcs', false);

    const log = readFileSync(join(origin.dir, 'error.log'), 'utf8')
        .split('\n').filter((line) => /\[(error|crit|alert|emerg)\]/.test(line)
                                     && !/favicon/.test(line));

    ok(!log.length, 'the log is quiet', log);
});
