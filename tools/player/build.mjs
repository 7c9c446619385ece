// Puts the players' bundles into OUT/lib: build.mjs NODE_MODULES OUT
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync,
         writeFileSync } from 'node:fs';
import { join } from 'node:path';

const bundles = {
    'hls.js': { file: 'dist/hls.min.js', as: 'hls.js' },
    'shaka-player': { file: 'dist/shaka-player.compiled.js', as: 'shaka.js' },
    'dashjs': { file: 'dist/modern/umd/dash.all.min.js', as: 'dash.js' },
};

const [modules, out] = process.argv.slice(2);

if (!modules || !out) {
    console.error('usage: build.mjs NODE_MODULES OUT');
    process.exit(2);
}

const lib = join(out, 'lib');
const versions = {};

rmSync(lib, { recursive: true, force: true });
mkdirSync(lib, { recursive: true });

for (const [name, { file, as }] of Object.entries(bundles)) {
    const dir = join(modules, name);
    const licence = ['LICENSE', 'LICENSE.md'].map((f) => join(dir, f))
        .find(existsSync);

    // The bundles name source maps that are not shipped: browsers would ask.
    const text = readFileSync(join(dir, file), 'utf8')
        .replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');

    writeFileSync(join(lib, as), text);
    copyFileSync(licence, join(lib, `${as}.LICENSE`));
    versions[as.replace('.js', '')] =
        JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')).version;
}

writeFileSync(join(lib, 'versions.json'), JSON.stringify(versions) + '\n');
