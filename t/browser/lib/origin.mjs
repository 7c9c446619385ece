// nginx with the module, the pages and event documents; and what publishes.

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync,
         writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child, build, freePort, tempDir } from './proc.mjs';
import { atEnd, diag, skipAll, until } from './tap.mjs';

const nginx = process.env.LO_NGINX ?? '/usr/sbin/nginx';

// Where /dev/shm is missing or small, or other tests have taken it, a file does.

function zonePath(name, dir) {
    const shm = '/dev/shm';
    const { bavail, bsize } = existsSync(shm) ? statfsSync(shm)
                                              : { bavail: 0, bsize: 0 };

    return bavail * bsize > 1024 ** 3 ? join(shm, name) : join(dir, 'zone');
}

// A CDN is the same origin on another port, and serves alone.

const cdn = ({ port }) => `
    server {
        listen 127.0.0.1:${port};
        location /live/ { live_origin_serve live; }
    }
`;

function conf({ dir, port, zone, workers, auto, early, clearkeys, cdns }) {
    const root = process.getuid() === 0;

    return `
load_module ${build}/ngx_live_origin_module.so;
daemon off;
master_process on;
${root ? 'user nobody nogroup;' : ''}
worker_processes ${workers};
worker_shutdown_timeout 10s;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log notice;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    access_log ${dir}/access.log;
    client_body_temp_path ${dir}/temp;
    proxy_temp_path ${dir}/temp;
    fastcgi_temp_path ${dir}/temp;
    uwsgi_temp_path ${dir}/temp;
    scgi_temp_path ${dir}/temp;

    live_origin_zone live path=${zone} size=256m events=16;
    live_origin_events ${dir}/events;

    # a machine that is busy or stands still sheds no player and refuses no
    # encoder
    live_origin_shed lag=10s over=100%;
    live_origin_write_deadline 5s;

    server {
        listen 127.0.0.1:${port};

        location /live/ {
            live_origin_publish live;
            live_origin_serve live;
            live_origin_auto_event ${auto ? 'on' : 'off'};
            live_origin_early_bytes ${early ? 'on' : 'off'};
            live_origin_clearkey ${clearkeys ? 'clearkeys' : 'off'};
        }

        location /api/ { live_origin_api live; }
        location = /metrics { live_origin_metrics live; }
        location /player/ { alias ${build}/player/; }
    }
${cdns.map(cdn).join('')}}
`;
}

export class Origin {
    // `cdns` are ids; where they are is known only then, so that `events` may
    // be a function of the origin.
    static async start({ events = [], auto = false, early = false,
                         workers = 2, clearkeys = '', cdns = [] } = {})
    {
        for (const tool of ['bin/live-transcode', 'bin/live-packager',
                            'ngx_live_origin_module.so'])
        {
            if (!existsSync(join(build, tool))) {
                skipAll(`${tool} is not built`);
            }
        }

        const origin = new Origin();
        const dir = origin.dir = tempDir();

        chmodSync(dir, 0o755);
        mkdirSync(join(dir, 'events'), { mode: 0o777 });
        chmodSync(join(dir, 'events'), 0o777);

        origin.port = await freePort();
        origin.base = `http://127.0.0.1:${origin.port}`;
        origin.zone = zonePath(`lo-test-${process.pid}-${origin.port}`, dir);

        origin.cdns = [];

        for (const id of cdns) {
            const port = await freePort();
            const url = `http://127.0.0.1:${port}/live/`;

            origin.cdns.push({ id, port, url });
        }

        const documents = typeof events === 'function' ? events(origin)
                                                       : events;

        for (const event of documents) {
            writeFileSync(origin.document(event.id), JSON.stringify(event));
        }

        writeFileSync(join(dir, 'clearkeys'), clearkeys, { mode: 0o640 });
        writeFileSync(join(dir, 'nginx.conf'),
                      conf({ ...origin, workers, auto, early, clearkeys }));
        atEnd(() => rmSync(origin.zone, { force: true }));
        origin.server = new Child('nginx',
            [nginx, '-p', dir, '-c', join(dir, 'nginx.conf')],
            { log: join(dir, 'nginx.out') });

        if (!await until(() => origin.up(), 15)) {
            diag(readFileSync(join(dir, 'nginx.out'), 'utf8'));
            throw new Error('nginx did not start');
        }

        return origin;
    }

    document(id) {
        return join(this.dir, 'events', `${id}.json`);
    }

    async up() {
        if (this.server.exited) {
            throw new Error(`nginx ended:\n${
                readFileSync(join(this.dir, 'nginx.out'), 'utf8')}`);
        }

        return fetch(`${this.base}/api/status`).then((r) => r.ok, () => false);
    }

    // What the first media playlist lists; null before there is one.
    async playlist(id) {
        const text = async (url) => {
            const r = await fetch(url);

            return r.ok ? r.text() : '';
        };

        const base = `${this.base}/live/${id}/`;
        const media = (await text(`${base}master.m3u8`)).split('\n')
            .find((line) => line && !line.startsWith('#'));

        if (!media) {
            return null;
        }

        const list = await text(new URL(media, base));
        const first = /#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(list);
        const count = list.split('#EXTINF').length - 1;

        return first && count
            ? { count, head: Number(first[1]) + count - 1, list } : null;
    }

    // Waits until a player can sit three segments behind the edge.
    async ready(id, seconds = 60) {
        const found = await until(async () => {
            const mpd = await fetch(`${this.base}/live/${id}/manifest.mpd`);
            const list = await this.playlist(id);

            return mpd.ok && list?.count >= 6;
        }, seconds);

        if (!found) {
            this.explain();
            throw new Error(`${id} cannot be played after ${seconds} s`);
        }
    }

    // One chain of encoder and packager, publishing to `port`.
    pipeline(event, name, port = this.port, options = '') {
        const doc = this.document(event);
        const bin = join(build, 'bin');
        const log = join(this.dir, `${event}-${name}.log`);

        return new Child(`${event}/${name}`, ['/bin/sh', '-c',
            `'${bin}/live-transcode' --event '${doc}' --input test: `
            + `| '${bin}/live-packager' --event '${doc}' --pipeline ${name} `
            + `--origin http://127.0.0.1:${port}/live ${options}`], { log });
    }

    explain() {
        for (const name of ['error.log', 'nginx.out']) {
            const file = join(this.dir, name);

            if (existsSync(file)) {
                diag(`${name}:\n${readFileSync(file, 'utf8').slice(-3000)}`);
            }
        }
    }
}

// A rate in frames a second, its segment duration, and a document on it.

export function eventDocument(id, fps, sampleRate, more = {}) {
    const [num, den] = `${fps}/1`.split('/').map(Number);
    const frames = Math.round(2 * num / den);

    return {
        id,
        title: `Camera, ${fps} fps, ${sampleRate} Hz`,
        segment: { duration: frames * den, timescale: num },
        pipelines: ['a', 'b'],
        dvr_s: 120,
        tracks: [
            { id: 'v', type: 'video', codec: 'h264', width: 320, height: 180,
              fps, bitrate: 300000 },
            { id: 'a', type: 'audio', codec: 'aac', sample_rate: sampleRate,
              bitrate: 64000, lang: 'en' },
        ],
        ...more,
    };
}

export const rate = (fps) => {
    const [num, den] = `${fps}/1`.split('/').map(Number);

    return num / den;
};
