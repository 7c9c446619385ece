// Just enough TAP for prove.

import { inspect } from 'node:util';

let n = 0;
let failed = 0;

const lines = (text) => String(text).split('\n')
    .map((line) => `# ${line}\n`).join('');

export function diag(text) {
    process.stderr.write(lines(text));
}

export function note(text) {
    process.stdout.write(lines(text));
}

export function ok(pass, name, detail) {
    n++;
    process.stdout.write(`${pass ? 'ok' : 'not ok'} ${n} - ${name}\n`);

    if (!pass) {
        failed++;
        diag(`failed: ${name}`);

        if (detail !== undefined) {
            diag(typeof detail === 'string' ? detail
                : JSON.stringify(detail, null, 1));
        }
    }

    return Boolean(pass);
}

export const is = (got, want, name) => ok(
    JSON.stringify(got) === JSON.stringify(want), name, { got, want });

export function skipAll(why) {
    process.stdout.write(`1..0 # SKIP ${why}\n`);
    process.exit(0);
}

// Runs the test's body; what it throws is a failure, and cleaners always run.

export async function run(body) {
    let error = null;

    try {
        await body();

    } catch (e) {
        error = e;
    }

    for (const clean of cleaners.splice(0).reverse()) {
        try {
            await clean();

        } catch (e) {
            error ??= e;
        }
    }

    if (error) {
        ok(false, 'the test ran to its end', inspect(error));
    }

    process.stdout.write(`1..${n}\n`);
    process.exit(failed ? 1 : 0);
}

const cleaners = [];

export function atEnd(fn) {
    cleaners.push(fn);
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Waits until fn() is truthy; null when it never was.

export async function until(fn, seconds, every = 200) {
    const end = Date.now() + seconds * 1000;

    for (;;) {
        const value = await fn();

        if (value || Date.now() > end) {
            return value || null;
        }

        await sleep(every);
    }
}
