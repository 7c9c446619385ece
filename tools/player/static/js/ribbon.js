// The last minute on the encoder's clock: one lane a kind of track, one block
// a segment, the playhead, and "now" at the right.  The distance between the
// two is the latency.

import { el, setText } from './dom.js';
import { bytes, clock, parseLiveOrigin, seconds } from './format.js';

const SPAN = 60000;
const KEEP = 90000;
const order = ['video', 'audio', 'text'];

export class Ribbon {
    constructor(root, detail) {
        this.root = root;
        this.detail = detail;
        this.lanes = new Map();
        this.list = [];
        this.chosen = null;
        this.calm = matchMedia('(prefers-reduced-motion: reduce)').matches;

        this.axis = el('div.axis', { 'aria-hidden': 'true' });
        this.field = el('div.lanes');
        this.head = el('div.playhead', { 'aria-hidden': 'true' },
            el('span', {}, 'on screen'));
        this.stage = el('div.stage', {}, this.field, this.head);
        root.replaceChildren(this.stage, this.axis);

        for (let s = 60; s >= 0; s -= 10) {
            this.axis.append(el('span', {}, s ? `−${s} s` : 'encoder now'));
        }

        root.addEventListener('keydown', (event) => this.key(event));
        this.draw = this.draw.bind(this);
    }

    clear() {
        this.lanes.clear();
        this.head.hidden = true;
        this.field.replaceChildren();
        this.list = [];
        this.show(null);
    }

    lane(type) {
        if (!this.lanes.has(type)) {
            const belt = el('div.belt');
            const lane = el('div.lane', { 'data-type': type },
                el('span.name', {}, type), belt);

            lane.style.order = order.indexOf(type);
            this.field.append(lane);
            this.lanes.set(type, belt);
        }

        return this.lanes.get(type);
    }

    add(segment) {
        if (segment.start === null) {
            return;
        }

        const { pipeline } = parseLiveOrigin(segment.header);
        const belt = this.lane(segment.type);
        const node = el('button.block', {
            tabindex: '-1',
            'data-pipeline': pipeline ?? '',
            'aria-label': this.words(segment).join(', '),
        });

        this.origin ??= segment.start;
        node.style.left = `${100 * (segment.start - this.origin) / SPAN}%`;
        node.style.width = `${100 * segment.duration * 1000 / SPAN}%`;
        node.addEventListener('pointerenter', () => this.show(segment));
        node.addEventListener('focus', () => this.show(segment));
        node.addEventListener('click', () => this.show(segment, true));

        segment.node = node;
        belt.append(node);
        this.list.push(segment);

        if (this.list.length === 1) {
            node.tabIndex = 0;
        }

        if (!this.chosen || !this.pinned) {
            this.show(segment);
        }

        this.prune(segment.start - KEEP);
    }

    prune(before) {
        while (this.list.length && this.list[0].start < before) {
            const old = this.list.shift();

            if (old === this.chosen) {
                this.pinned = false;
            }

            if (old.node.tabIndex === 0 && this.list[0]) {
                this.list[0].node.tabIndex = 0;
            }

            old.node.remove();
        }
    }

    words(s) {
        const { pipeline, held } = parseLiveOrigin(s.header);
        const path = s.url.split('?')[0].split('/');

        return [
            path.slice(-2).join('/'),
            pipeline ? `pipeline ${pipeline}` : null,
            held !== undefined ? `held ${held} ms` : null,
            bytes(s.bytes),
            s.took !== null ? `${Math.round(s.took)} ms to load` : null,
            seconds(s.duration, 2),
            `${clock(s.start, true)} UTC`,
        ].filter(Boolean);
    }

    show(segment, pin = false) {
        this.chosen?.node.classList.remove('chosen');
        this.chosen = segment;
        this.pinned = pin;

        if (!segment) {
            setText(this.detail, 'No segment yet');
            return;
        }

        segment.node.classList.add('chosen');

        const [name, ...rest] = this.words(segment);
        const { pipeline } = parseLiveOrigin(segment.header);

        this.detail.replaceChildren(
            el('b', { 'data-pipeline': pipeline ?? '' }, name),
            ...rest.map((w) => el('span', {}, w)));
    }

    // one tab stop; arrows walk along time and across lanes
    key(event) {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        const across = { ArrowUp: -1, ArrowDown: 1 }[event.key];

        if (!this.chosen || (!step && !across)) {
            return;
        }

        const same = (s) => (s.type === this.chosen.type) === !across;
        const near = this.list.filter(same).sort((x, y) => x.start - y.start);
        const at = near.findIndex((s) => s === this.chosen);
        const next = step ? near[at + step]
            : near.reduce((best, s) =>
                (!best || Math.abs(s.start - this.chosen.start)
                        < Math.abs(best.start - this.chosen.start)
                    ? s : best), null);

        if (next) {
            this.root.querySelectorAll('[tabindex="0"]')
                .forEach((n) => { n.tabIndex = -1; });
            next.node.tabIndex = 0;
            next.node.focus();
            this.pinned = true;
        }

        event.preventDefault();
        event.stopPropagation();
    }

    // now: the encoder's clock; at: what is on screen
    update(now, at) {
        this.now = now;
        this.at = at;
        this.stamp = performance.now();

        if (this.calm) {
            this.place(now, at);

        } else if (!this.frame) {
            this.frame = requestAnimationFrame(this.draw);
        }
    }

    draw() {
        const passed = performance.now() - this.stamp;

        this.frame = null;
        this.place(this.now + passed,
            this.at === null ? null : this.at + (this.moving ? passed : 0));

        if (passed < 1000 && !document.hidden) {
            this.frame = requestAnimationFrame(this.draw);
        }
    }

    place(now, at) {
        if (!this.list.length) {
            return;
        }

        const shift = 100 - 100 * (now - this.origin) / SPAN;

        for (const belt of this.lanes.values()) {
            belt.style.transform = `translateX(${shift.toFixed(4)}%)`;
        }

        const left = at === null ? null : 100 - 100 * (now - at) / SPAN;

        this.head.hidden = left === null || left < 0;
        this.head.style.transform = `translateX(${(left ?? 0).toFixed(3)}%)`;
    }
}
