// The origin's API, read with care: a field that is missing is null or empty.

const query = new URLSearchParams(location.search);
const folder = (s) => (s.endsWith('/') ? s : `${s}/`);

export const apiBase = folder(query.get('api') || '/api/');
export const liveBase = folder(query.get('live') || '/live/');

export async function getJSON(path) {
    const response = await fetch(apiBase + path, { cache: 'no-store' });

    if (!response.ok) {
        throw new Error(`${path}: ${response.status} ${response.statusText}`);
    }

    return response.json();
}

export async function listEvents() {
    const body = await getJSON('events');
    const list = Array.isArray(body) ? body : body.events ?? [];

    return list.map((e) => (typeof e === 'string' ? { id: e } : e))
        .filter((e) => e.id);
}

export const eventStatus = (id) =>
    getJSON(`events/${encodeURIComponent(id)}/status`);

export const manifestURL = (id, name) =>
    `${liveBase}${encodeURIComponent(id)}/${name}`;
