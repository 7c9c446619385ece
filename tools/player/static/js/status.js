// The status page: what the API says, every two seconds.

import { eventStatus, getJSON, listEvents } from './api.js';
import { $, el, setText } from './dom.js';
import { bitrate, bytes, clock, count, dash, span } from './format.js';

const PERIOD = 2000;
const healthy = /^(good|ok|clean|whole|accepted)$/;

// A list of objects with ids, whether it came as an array or by name.
function named(value) {
    if (Array.isArray(value)) {
        return value.map((v) => (typeof v === 'object' ? v : { id: v }));
    }

    return Object.entries(value ?? {}).map(([id, v]) => ({
        id, ...(typeof v === 'object' ? v : {}),
    }));
}

const first = (...values) =>
    values.find((v) => v !== undefined && v !== null) ?? null;

// Seconds from a field that may be in seconds or in milliseconds.
function secs(o, name) {
    const s = o?.[`${name}_s`] ?? o?.[`${name}_seconds`];

    return s ?? (o?.[`${name}_ms`] === undefined || o[`${name}_ms`] === null
        ? null : o[`${name}_ms`] / 1000);
}

function card(title, value, note, share = null) {
    const meter = el('div.meter', { 'aria-hidden': 'true' }, el('i'));

    meter.firstChild.style.width = `${100 * Math.min(share ?? 0, 1)}%`;

    return el('div', {}, el('h2', {}, title), el('p.num', {}, value),
        share === null ? null : meter,
        el('small.num', { title: note ?? '' }, note || '\u00a0'));
}

function node(s) {
    const zones = Array.isArray(s.zones) ? s.zones : named(s.zones ?? []);
    const out = [];

    for (const z of s.zone ? [s.zone] : zones) {
        const size = first(z.size, z.bytes_total, z.size_bytes);
        const free = first(z.bytes_free, z.free, z.free_bytes);
        const used = first(z.bytes_used, z.used, z.used_bytes,
            size !== null && free !== null ? size - free : null);

        out.push(card(`Zone ${first(z.name, z.id) ?? ''}`, bytes(used),
            [size ? `of ${bytes(size)}` : '', z.path].filter(Boolean)
                .join(' · '), size ? used / size : null));
    }

    const workers = first(s.workers, s.zone?.workers);
    const list = Array.isArray(workers) ? workers : null;

    out.push(card('Workers',
        list ? String(list.length) : String(first(workers?.live, workers, dash)),
        list ? list.map((w) => w.pid ?? w).join(' ') : ''));

    const memory = first(s.memory, {});
    const rss = first(memory.rss, memory.rss_bytes, memory.resident,
        typeof memory === 'number' ? memory : null);

    if (rss !== null) {
        out.push(card('Memory', bytes(rss), 'resident, all workers'));
    }

    const holds = first(s.holds, s.held);

    if (holds !== null) {
        out.push(card('Held now', count(Number(holds)), 'requests parked'));
    }

    if (s.redis) {
        out.push(card('Redis', s.redis.state ?? (s.redis.connected
            ? 'connected' : 'off'), s.redis.address ?? ''));
    }

    const up = first(secs(s, 'uptime'), s.uptime);

    if (s.version || up !== null) {
        out.push(card('nginx', s.nginx ?? s.version ?? dash,
            up === null ? '' : `up ${span(up)}`));
    }

    return out;
}

function verdicts(v) {
    const all = Object.entries(v ?? {}).filter(([, n]) => n > 0);

    return el('div.verdicts', {}, ...(all.length ? all : [[dash, '']])
        .map(([name, n]) => el('span', {
            'data-bad': n !== '' && !healthy.test(name),
        }, n === '' ? name : `${count(n)} ${name}`)));
}

function windowOf(o) {
    const w = o?.window ?? o;
    const from = first(w?.first, w?.from, w?.oldest, o?.first, o?.tail);
    const to = first(w?.last, w?.to, w?.newest, o?.head);

    if (Array.isArray(w)) {
        return `${w[0]} – ${w[1]}`;
    }

    return from === null ? dash : `${from} – ${to ?? ''}`;
}

function age(o) {
    return first(secs(o, 'head_age'), secs(o, 'age'), o?.head_age);
}

function row(lead, o, d) {
    const old = age(o);
    const late = old !== null && d !== null && old > 4 * d;
    const write = first(o.last_write_ms, o.write_ms, o.last_write?.ms,
        secs(o, 'last_write') === null ? null : secs(o, 'last_write') * 1000);

    return el('tr', {}, ...lead,
        el('td.num.r', {}, String(o.head ?? dash)),
        el(late ? 'td.num.r.bad' : 'td.num.r', {},
            old === null ? dash : `${old.toFixed(1)} s`),
        el('td.num', {}, windowOf(o)),
        el('td.num.r', {}, write === null ? dash
            : `${write.toFixed(write < 10 ? 1 : 0)} ms`),
        el('td.num', {}, verdicts(o.verdicts)));
}

function trackNote(t) {
    return [t.codec, t.height ? `${t.width} × ${t.height}` : '',
            t.fps ? `${t.fps} fps` : '', bitrate(t.bitrate), t.lang]
        .filter(Boolean).join(' · ');
}

function trackBody(t, d) {
    const pipes = named(t.pipelines);
    const name = el('th', { scope: 'rowgroup', rowspan: pipes.length + 1 },
        t.id ?? dash, el('small', {}, trackNote(t)));

    return el('tbody', {},
        row([name, el('td.quiet', {}, 'served')], t, d),
        ...pipes.map((p) => row([el('td', {}, el('span.chip', {
            'data-pipeline': p.id ?? p.pipeline ?? p.name,
        }, p.id ?? p.pipeline ?? p.name ?? dash))], p, d)));
}

function durationOf(s) {
    const seg = s.segment ?? s.event?.segment;

    if (seg?.duration && seg?.timescale) {
        return seg.duration / seg.timescale;
    }

    return first(secs(s, 'segment'), secs(s.event, 'segment'),
                 secs(s, 'duration'));
}

function sheet(event, s) {
    const d = durationOf(s);
    const state = first(s.state, event.state, 'unknown');
    const fact = (name, value) => (value === null || value === dash ? null
        : el('span', {}, `${name} `, el('b', {}, value)));
    const heads = ['Track', 'Pipeline', 'Head', 'Head age', 'Window',
                   'Last write', 'Verdicts'];
    const number = /Head|write/;
    const dvr = first(secs(s, 'window'), secs(s, 'dvr'));
    const delay = secs(s, 'delay');

    const facts = [
        fact('Segment', d === null ? null : `${+d.toFixed(4)} s`),
        fact('Delay', delay === null ? null : `${delay.toFixed(2)} s`),
        fact('Window', dvr === null ? null : span(dvr)),
        fact('Zone', bytes(first(s.bytes, s.zone_bytes))),
        fact('Runs', first(s.runs?.length, s.runs)),
    ].filter(Boolean);
    const tracks = named(s.tracks);

    return el('article.event', {},
        el('header', {},
            el('h1', {}, event.title || event.id),
            event.title ? el('code', {}, event.id) : null,
            el('span.state', { 'data-state': state }, state),
            el('a', { href: `./?event=${encodeURIComponent(event.id)}` },
               'Watch')),
        facts.length ? el('div.facts.num', {}, ...facts) : null,
        tracks.length ? el('div.scroll', {}, el('table', {},
            el('thead', {}, el('tr', {}, ...heads.map((h) =>
                el(number.test(h) ? 'th.r' : 'th', { scope: 'col' }, h)))),
            ...tracks.map((t) => trackBody(t, d)))) : null);
}

async function events() {
    const list = await listEvents();

    if (!list.length) {
        return [el('div.empty', {}, el('h1', {}, 'No event yet'),
            'Publish an init segment, or put an event document.')];
    }

    return Promise.all(list.map(async (event) => {
        try {
            return sheet(event, await eventStatus(event.id));

        } catch (error) {
            return sheet(event, { state: error.message });
        }
    }));
}

async function refresh() {
    const fresh = $('#fresh');

    try {
        const [status, sheets] = await Promise.all([
            getJSON('status').catch(() => null), events(),
        ]);

        $('#node').hidden = status === null;
        $('#node').replaceChildren(...(status ? node(status) : []));
        $('#events').replaceChildren(...sheets);
        fresh.removeAttribute('data-bad');
        setText(fresh, `as of ${clock(Date.now())} UTC`);

    } catch (error) {
        fresh.setAttribute('data-bad', '');
        setText(fresh, `no answer: ${error.message}`);
    }

    setTimeout(refresh, PERIOD);
}

$('#to-player').href = `./${location.search}`;
refresh();
