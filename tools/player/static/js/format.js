// How numbers are written.

const two = (n) => String(n).padStart(2, '0');

export const dash = '–';

export function clock(ms, fraction = false) {
    if (ms === null || !Number.isFinite(ms)) {
        return dash;
    }

    const d = new Date(ms);
    const s = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:`
        + two(d.getUTCSeconds());

    return fraction ? `${s}.${Math.floor(d.getUTCMilliseconds() / 100)}` : s;
}

export function bitrate(bps) {
    if (!bps) {
        return '';
    }

    return bps >= 1e6 ? `${(bps / 1e6).toFixed(bps < 1e7 ? 1 : 0)} Mb/s`
                      : `${Math.round(bps / 1e3)} kb/s`;
}

export function bytes(n) {
    if (!Number.isFinite(n)) {
        return dash;
    }

    const units = ['B', 'KB', 'MB', 'GB', 'TB'];
    let i = 0;

    while (n >= 1024 && i < units.length - 1) {
        n /= 1024;
        i++;
    }

    return `${i && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

export function seconds(s, digits = 1) {
    return Number.isFinite(s) ? `${s.toFixed(digits)} s` : dash;
}

export function span(s) {
    if (!Number.isFinite(s)) {
        return dash;
    }

    if (s < 60) {
        return `${Math.round(s)} s`;
    }

    if (s < 3600) {
        return `${Math.floor(s / 60)} min ${two(Math.floor(s % 60))} s`;
    }

    if (s < 86400) {
        return `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)} min`;
    }

    return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

export const count = (n) =>
    (Number.isFinite(n) ? n.toLocaleString('en-GB').replace(/,/g, '\u2009')
                        : dash);

// "pipeline=a, held=812" to { pipeline: 'a', held: '812' }

export function parseLiveOrigin(header) {
    const out = {};

    for (const part of (header || '').split(',')) {
        const [key, value] = part.split('=').map((s) => s?.trim());

        if (key && value !== undefined) {
            out[key] = value.replace(/^"|"$/g, '');
        }
    }

    return out;
}
