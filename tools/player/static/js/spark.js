// A line of the last two minutes of one number.

const SPAN = 120000;

export class Spark {
    constructor(canvas) {
        this.canvas = canvas;
        this.points = [];
        new ResizeObserver(() => this.draw()).observe(canvas);
    }

    clear() {
        this.points = [];
        this.draw();
    }

    add(value) {
        const now = performance.now();

        this.points.push([now, value]);

        while (this.points[0][0] < now - SPAN) {
            this.points.shift();
        }

        this.draw();
    }

    draw() {
        const { canvas, points } = this;
        const ratio = window.devicePixelRatio || 1;
        const w = canvas.width = Math.round(canvas.clientWidth * ratio);
        const h = canvas.height = Math.round(canvas.clientHeight * ratio);
        const g = canvas.getContext('2d');

        if (points.length < 2 || !w) {
            return;
        }

        const values = points.map((p) => p[1]).sort((a, b) => a - b);
        const middle = values[values.length >> 1];
        const reach = Math.max(2, values[values.length - 1] - middle,
                               middle - values[0]);
        const now = points[points.length - 1][0];
        const pad = 3 * ratio;
        const x = (t) => w - pad - (now - t) / SPAN * (w - pad);
        const y = (v) => h / 2 - (v - middle) / reach * (h / 2 - pad);
        const line = new Path2D();

        points.forEach(([t, v], i) =>
            line[i ? 'lineTo' : 'moveTo'](x(t), y(v)));

        const area = new Path2D(line);
        const style = getComputedStyle(canvas);
        const fade = g.createLinearGradient(0, 0, 0, h);

        area.lineTo(x(now), h);
        area.lineTo(x(points[0][0]), h);
        fade.addColorStop(0, style.getPropertyValue('--spark-top'));
        fade.addColorStop(1, 'transparent');
        g.fillStyle = fade;
        g.fill(area);
        g.strokeStyle = style.color;
        g.lineWidth = 1.5 * ratio;
        g.lineJoin = 'round';
        g.stroke(line);
        g.beginPath();
        g.arc(x(now), y(points[points.length - 1][1]), 2.2 * ratio, 0, 7);
        g.fillStyle = style.color;
        g.fill();
    }
}
