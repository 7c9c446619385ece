// Processes, ports and folders of one test; all gone when it ends.

import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd, until } from './tap.mjs';

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const build = resolve(top, process.env.LO_BUILD ?? 'build');

export function tempDir() {
    const dir = mkdtempSync(join(tmpdir(), 'lo-browser-'));

    atEnd(() => {
        if (!process.env.LO_KEEP) {
            rmSync(dir, { recursive: true, force: true });
        }
    });

    return dir;
}

// See LiveOrigin::Port; 0 is any.

let next = Number(process.env.LO_PORTS ?? 0);

export function freePort() {
    return new Promise((done, fail) => {
        const server = createServer();

        server.once('error', (e) => {
            if (e.code === 'EADDRINUSE') {
                done(freePort());

            } else {
                fail(e);
            }
        });
        server.listen(next && next++, '127.0.0.1', () => {
            const { port } = server.address();

            server.close(() => done(port));
        });
    });
}

// A child in a process group of its own, so that a shell's pipe dies whole.

export class Child {
    constructor(name, argv, { log, env } = {}) {
        this.name = name;
        this.log = log;
        this.exited = false;
        this.process = spawn(argv[0], argv.slice(1), {
            detached: true,
            stdio: ['ignore', 'pipe', 'pipe'],
            env: { ...process.env, ...env },
        });

        const out = createWriteStream(log, { flags: 'a' });

        this.process.stdout.pipe(out, { end: false });
        this.process.stderr.pipe(out, { end: false });
        this.done = new Promise((resolve_) => {
            this.process.on('error', (e) => out.write(`${e}\n`));
            this.process.on('close', (code, signal) => {
                this.exited = true;
                out.end();
                resolve_({ code, signal });
            });
        });

        atEnd(() => this.stop());
    }

    // the whole group, or this process alone
    signal(name, group = true) {
        if (this.exited || !this.process.pid) {
            return;
        }

        try {
            process.kill(group ? -this.process.pid : this.process.pid, name);

        } catch (e) {
            if (e.code !== 'ESRCH') {
                throw e;
            }
        }
    }

    async stop() {
        this.signal('SIGTERM');

        if (!await until(() => this.exited, 5, 50)) {
            this.signal('SIGKILL');
            await until(() => this.exited, 5, 50);
        }
    }

    async kill() {
        this.signal('SIGKILL');
        await until(() => this.exited, 5, 20);
    }
}
