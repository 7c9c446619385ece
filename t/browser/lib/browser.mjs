// Debian's Chromium under playwright-core, and what is watched on the page.

import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { atEnd, skipAll, sleep, until } from './tap.mjs';
import { build, top } from './proc.mjs';
import { installCounter } from './counter.mjs';

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';

const args = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--autoplay-policy=no-user-gesture-required',
    '--disable-renderer-backgrounding', '--disable-background-timer-throttling',
    '--disable-backgrounding-occluded-windows', '--mute-audio',
];

export async function launch() {
    const deps = join(top, 't/browser/package.json');

    if (!existsSync(chromium)) {
        skipAll(`${chromium} is not installed`);
    }

    if (!existsSync(join(top, 't/browser/node_modules'))
        || !existsSync(join(build, 'player/lib')))
    {
        skipAll('first: make player; npm ci --prefix t/browser');
    }

    const playwright = createRequire(deps)('playwright-core');
    const browser = await playwright.chromium.launch({
        executablePath: chromium, headless: true, args,
    });

    atEnd(() => browser.close());

    return browser;
}

// Every pixel is drawn by the processor.
const viewport = { width: 480, height: 360 };

// One player on one page, with everything it complains about.  `first` runs in
// the page before anything else.

export class Viewer {
    static async open(browser, base, event, player, more = '',
                      first = () => {})
    {
        const viewer = new Viewer();
        const context = await browser.newContext({
            viewport, reducedMotion: 'reduce',
        });

        viewer.player = player;
        viewer.context = context;
        viewer.errors = [];
        viewer.foreign = [];
        viewer.page = await context.newPage();
        viewer.page.on('console', (m) => {
            if (m.type() === 'error') {
                viewer.errors.push(`${m.text()} (${m.location().url})`);
            }
        });
        viewer.page.on('pageerror', (e) => viewer.errors.push(String(e)));
        viewer.page.on('request', (r) => {
            if (!/^(data|blob):/.test(r.url()) && !r.url().startsWith(base)) {
                viewer.foreign.push(r.url());
            }
        });
        await viewer.page.addInitScript(installCounter);
        await viewer.page.addInitScript(first);
        await viewer.page.goto(
            `${base}/player/?event=${event}&player=${player}&autoplay=1${more}`);

        return viewer;
    }

    state() {
        return this.page.evaluate(() => structuredClone(window.__player));
    }

    counter() {
        return this.page.evaluate(() => window.__counter.take());
    }

    async started(seconds = 40) {
        return until(async () => (await this.state()).started, seconds);
    }

    // Plays on for so many seconds; ends early when something is wrong.
    async watch(seconds) {
        const end = Date.now() + seconds * 1000;

        while (Date.now() < end) {
            await sleep(500);

            const s = await this.state();

            if (s.stalls || s.errors.some((e) => e.fatal)) {
                break;
            }
        }

        return this.state();
    }

    async close() {
        await this.context.close();
    }
}
