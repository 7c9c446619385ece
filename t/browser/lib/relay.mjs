// A TCP relay before the origin, for one pipeline: it can be slow, and it can
// catch a PUT in its middle and hold the rest of it back.

import { connect, createServer } from 'node:net';
import { atEnd } from './tap.mjs';

const PART = 2000;      // bytes of the caught body that still pass

export class Relay {
    static async start(port, { delay = 0 } = {}) {
        const relay = new Relay();

        relay.target = port;
        relay.delay = delay;
        relay.sockets = new Set();
        relay.server = createServer((socket) => relay.accept(socket));

        await new Promise((done) => {
            relay.server.listen(0, '127.0.0.1', done);
        });

        relay.port = relay.server.address().port;
        atEnd(() => relay.stop());

        return relay;
    }

    accept(client) {
        const origin = connect(this.target, '127.0.0.1');
        const state = { left: Infinity };

        for (const [from, to] of [[client, origin], [origin, client]]) {
            this.sockets.add(from);
            from.setNoDelay(true);
            from.on('error', () => to.destroy());
            from.on('close', () => {
                this.sockets.delete(from);
                this.later(() => to.destroy());
            });
        }

        origin.on('data', (data) => client.write(data));
        client.on('data', (data) => this.later(() =>
            this.forward(state, origin, data)));
    }

    later(fn) {
        if (this.delay) {
            setTimeout(fn, this.delay);

        } else {
            fn();
        }
    }

    forward(state, origin, data) {
        if (this.want && state.left === Infinity) {
            const head = data.toString('latin1');
            const at = head.search(this.want);

            if (at >= 0) {
                const end = head.indexOf('\r\n\r\n', at);

                state.left = (end < 0 ? data.length : end + 4) + PART;
                this.want = null;
                this.caught(head.slice(at).split('\r\n')[0]);
            }
        }

        if (state.left > 0) {
            origin.write(data.subarray(0, Math.min(data.length, state.left)));
        }

        state.left -= data.length;
    }

    // Resolves with the request line of the next PUT that matches.
    catch(pattern) {
        return new Promise((done) => {
            this.want = pattern;
            this.caught = done;
        });
    }

    stop() {
        this.server.close();

        for (const socket of this.sockets) {
            socket.destroy();
        }
    }
}
