// The players are classic scripts that leave a global behind: load once each.

const loaded = new Map();

export function loadScript(url) {
    if (!loaded.has(url)) {
        loaded.set(url, new Promise((resolve, reject) => {
            const script = document.createElement('script');

            script.src = url;
            script.onload = resolve;
            script.onerror = () => {
                loaded.delete(url);
                script.remove();
                reject(new Error(`${url} could not be loaded`));
            };

            document.head.append(script);
        }));
    }

    return loaded.get(url);
}
