// el('div.cls', { title: '...' }, child, 'text', ...)

export function el(spec, attrs = {}, ...children) {
    const [tag, ...classes] = spec.split('.');
    const node = document.createElement(tag || 'div');

    if (classes.length) {
        node.className = classes.join(' ');
    }

    for (const [key, value] of Object.entries(attrs)) {
        if (key.startsWith('on')) {
            node.addEventListener(key.slice(2), value);

        } else if (value !== null && value !== false) {
            node.setAttribute(key, value === true ? '' : value);
        }
    }

    node.append(...children.filter((c) => c !== null && c !== undefined));

    return node;
}

export const $ = (selector, root = document) => root.querySelector(selector);

// Writing the same text again would restart selections and wake readers.

export function setText(node, text) {
    if (node.textContent !== text) {
        node.textContent = text;
    }
}
