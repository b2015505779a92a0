// Judges where things are on a page, and returns sentences. Every text and every control is an item
// with the rectangles in which it can be seen: cut by what clips it, without what is hidden.
(() => {
	const faults = [];
	const root = document.documentElement;
	const slack = 2.5; // pixels: letters have room around them

	const words = e => {
		const label = e.getAttribute && (e.getAttribute('aria-label') || e.id || e.getAttribute('name')) || '';
		return '<' + e.tagName.toLowerCase() + (label ? ' ' + label : '') + '> "' + (e.textContent || e.value || '').trim().replace(/\s+/g, ' ').slice(0, 40) + '"';
	};

	// hidden from sight: not drawn, or of a pixel or so for screen readers alone
	const unseen = e => {
		if (!e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) return true;
		for (let a = e; a && a !== root; a = a.parentElement) {
			const s = getComputedStyle(a);
			if (s.clipPath === 'inset(50%)' || s.clipPath === 'inset(100%)' || /^rect\((0|1)px/.test(s.clip)) return true;
			const box = a.getBoundingClientRect();
			if (s.overflow !== 'visible' && s.position === 'absolute' && box.width <= 1 && box.height <= 1) return true;
		}
		return false;
	};

	// what is left of a rectangle inside everything that clips it; cut says that something is missing
	const visible = (rect, e) => {
		let box = {left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom, cut: 0, by: null};
		let fixed = false;
		for (let a = e; a && a !== root; a = a.parentElement) {
			const s = getComputedStyle(a);
			const clips = (s.overflowX !== 'visible' || s.overflowY !== 'visible') && !(fixed && s.position === 'static') && s.display !== 'inline';
			if (clips && a !== document.body) {
				const r = a.getBoundingClientRect();
				const before = box.right - box.left;
				box.left = Math.max(box.left, r.left); box.right = Math.min(box.right, r.right);
				box.top = Math.max(box.top, r.top); box.bottom = Math.min(box.bottom, r.bottom);
				const scrolls = /auto|scroll/.test(s.overflowX + s.overflowY), shortens = s.textOverflow === 'ellipsis';
				if (!scrolls && !shortens && before - (box.right - box.left) > slack) { box.cut = before - (box.right - box.left); box.by = a; }
			}
			if (s.position === 'fixed') fixed = true;
		}
		return box;
	};

	const modal = [...document.querySelectorAll('dialog[open]')].filter(d => d.matches(':modal')).pop();
	const scope = modal || document.body;
	const items = [];
	const add = (e, rect, kind) => {
		if (rect.width < 1 || rect.height < 1) return;
		const box = visible(rect, e);
		if (box.by) faults.push(`${words(e)} is cut off by ${Math.round(box.cut)} pixels by ${words(box.by).slice(0, 40)}`);
		if (box.right - box.left < 1 || box.bottom - box.top < 1) return;
		items.push({e, kind, ...box});
	};

	const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
	for (let n = walker.nextNode(); n; n = walker.nextNode()) {
		const e = n.parentElement;
		if (!n.data.trim() || !e || /^(SCRIPT|STYLE|NOSCRIPT|TITLE|OPTION|TEMPLATE|TEXTAREA)$/i.test(e.tagName) || unseen(e)) continue;
		const range = document.createRange();
		range.selectNodeContents(n);
		for (const rect of range.getClientRects()) add(e, rect, 'text');
	}
	const controls = 'button, input:not([type=hidden]), select, textarea, [role=button], [role=tab], [role=switch], img, canvas';
	for (const e of scope.querySelectorAll(controls)) if (!unseen(e)) add(e, e.getBoundingClientRect(), 'control');

	const overlap = (a, b) => Math.min(Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
	items.sort((a, b) => a.top - b.top);
	for (let i = 0; i < items.length; i++) {
		for (let j = i + 1; j < items.length && items[j].top < items[i].bottom; j++) {
			const a = items[i], b = items[j];
			if (a.e === b.e || overlap(a, b) <= slack) continue;
			const holds = (x, y) => x.e.contains(y.e) && (x.kind === 'control' || y.kind === 'text' && x.e.tagName !== 'text');
			if (holds(a, b) && a.kind === 'control' || holds(b, a) && b.kind === 'control') continue; // a label in its button
			faults.push(`${words(a.e)} and ${words(b.e)} lie on each other at ${Math.round(Math.max(a.left, b.left))},${Math.round(Math.max(a.top, b.top))}`);
		}
	}

	if (root.scrollWidth > root.clientWidth) {
		const far = [...scope.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > root.clientWidth + 1 && !unseen(e)).pop();
		faults.push(`the page is ${root.scrollWidth} pixels wide in a window of ${root.clientWidth}${far ? ': ' + words(far) : ''}`);
	}
	for (const item of items) {
		// What lies wholly outside on the left waits there until it has the focus.
		if (item.right > root.clientWidth + 1) faults.push(`${words(item.e)} leaves the window on the right`);
		if (item.left < -1 && item.right > 1) faults.push(`${words(item.e)} leaves the window on the left`);
	}

	const main = document.querySelector('main');
	if (!document.title.trim()) faults.push('the document has no title');
	if (!document.documentElement.lang) faults.push('the document does not say its language');
	if (!main) faults.push('the page has no main part');
	else if (main.innerText.trim().length < 20) faults.push(`the main part is empty: "${main.innerText.trim()}"`);
	const headings = [...document.querySelectorAll('h1')].filter(e => !unseen(e));
	if (headings.length !== 1) faults.push(`the page has ${headings.length} headings of level 1`);
	if (/\[object Object\]|\bundefined\b|\bNaN\b|<no value>|%!|ZgotmplZ/.test(scope.innerText)) {
		faults.push('a value is missing: ' + scope.innerText.match(/.{0,30}(\[object Object\]|\bundefined\b|\bNaN\b|<no value>|%!|ZgotmplZ).{0,20}/)[0]);
	}
	return [...new Set(faults)];
})()
