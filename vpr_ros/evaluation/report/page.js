// SPDX-FileCopyrightText: 2026 The vpr_ros authors
// SPDX-License-Identifier: Apache-2.0
'use strict';
const DATA = JSON.parse(document.getElementById('data').textContent);
const SVG = 'http://www.w3.org/2000/svg';
const hidden = new Set();
let chosen = -1;

// -- making elements ---------------------------------------------------------------------------
function make(name, attributes = {}, ...children) {
  const svgNames = ['svg', 'g', 'path', 'line', 'circle', 'rect', 'text', 'title', 'polyline'];
  const element = svgNames.includes(name)
    ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}
const label = (x, y, text, anchor = 'middle') =>
  make('text', { x, y, 'text-anchor': anchor }, text);

// -- pictures and evidence ---------------------------------------------------------------------
function picture(entry) {
  const source = DATA.pictures[entry.key];
  const image = source
    ? make('img', { src: source, alt: entry.label })
    : make('div', { class: 'nopic' }, 'no picture kept, to keep this page small');
  return make('figure', {}, image, make('figcaption', {}, entry.label));
}

function show(index, jump = false) {
  chosen = index;
  for (const element of document.querySelectorAll('[data-item]')) {
    element.classList.toggle('on', Number(element.dataset.item) === index);
  }
  const front = document.querySelector(`.loop[data-item='${index}']`);
  if (front) front.parentNode.append(front);
  const item = DATA.items[index], detail = document.getElementById('detail');
  const previous = make('button', { type: 'button' }, '← previous');
  const next = make('button', { type: 'button' }, 'next →');
  previous.onclick = () => step(-1);
  next.onclick = () => step(1);
  const rows = item.rows.map(([name, value]) => make('tr', {},
    make('td', {}, name), make('td', { class: 'n' }, value)));
  detail.replaceChildren(
    make('div', { class: 'steps' }, previous, next,
      make('span', {}, `${index + 1} of ${DATA.items.length}`)),
    make('div', { class: `t-${item.tone}` }, make('span', { class: 'badge' }, item.kind)),
    make('div', { class: 'pics' }, ...item.pictures.map(picture)),
    make('table', {}, make('tbody', {}, ...rows)));
  if (jump) document.getElementById('map').scrollIntoView({ block: 'start' });
}

function step(by) {
  const count = DATA.items.length;
  for (let k = 1; k <= count; k++) {
    const index = (chosen + by * k + count * k) % count;
    if (!hidden.has(DATA.items[index].kind)) { show(index); return; }
  }
}

// -- the route or the strip of queries ---------------------------------------------------------
function choosable(element, index, item) {
  element.dataset.item = index;
  element.dataset.kind = item.kind;
  element.setAttribute('aria-label', `${item.kind}: ${item.title}`);
  element.addEventListener('click', () => show(index));
  return element;
}

function drawRoute(target) {
  const { line, dots, arcs } = DATA.route;
  const points = [...line.flat(), ...dots,
    ...DATA.items.flatMap((item) => [item.at, item.to].filter(Boolean))];
  if (!points.length) { target.append(make('p', { class: 'note' }, 'No positions are known.')); return; }
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)], [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  const width = 900, margin = 28;
  const span = Math.max(x1 - x0, (y1 - y0) / 0.9, 1e-6);
  const scale = (width - 2 * margin) / span;
  const height = arcs ? 420 : Math.max(240, (y1 - y0) * scale + 2 * margin);
  const px = (p) => margin + (p[0] - x0 + (span - (x1 - x0)) / 2) * scale;
  const py = (p) => arcs ? height - 60 : height - margin - (p[1] - y0) * scale
    - (height - 2 * margin - (y1 - y0) * scale) / 2;
  const svg = make('svg', { viewBox: `0 0 ${width} ${height}`, role: 'group',
    'aria-label': 'map; each line or point can be chosen' });
  for (const part of line) {
    svg.append(make('path', { class: 'route',
      d: part.map((p, i) => `${i ? 'L' : 'M'}${px(p).toFixed(1)} ${py(p).toFixed(1)}`).join('') }));
  }
  for (const p of dots) svg.append(make('circle', { cx: px(p), cy: py(p), r: 2, fill: 'var(--route)' }));
  const order = { good: 0, info: 1, warn: 2, bad: 3 };
  const drawn = DATA.items.map((item, index) => [item, index]).filter(([item]) => item.at)
    .sort((a, b) => order[a[0].tone] - order[b[0].tone]);
  for (const [item, index] of drawn) {
    const group = make('g', { class: `loop t-${item.tone}`, tabindex: 0, role: 'button' });
    const [ax, ay] = [px(item.at), py(item.at)];
    if (item.to) {
      const [bx, by] = [px(item.to), py(item.to)];
      const path = arcs
        ? `M${ax} ${ay}Q${(ax + bx) / 2} ${ay - Math.min(680, Math.abs(ax - bx) * 0.9)} ${bx} ${by}`
        : `M${ax} ${ay}L${bx} ${by}`;
      group.append(make('path', { class: 'hit', d: path }), make('path', { class: 'link', d: path }),
        make('circle', { cx: bx, cy: by, r: 2.5 }));
    }
    group.append(make('circle', { cx: ax, cy: ay, r: item.tone === 'good' ? 4 : 6 }),
      make('title', {}, `${item.kind}: ${item.title}`));
    group.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); show(index); }
    });
    svg.append(choosable(group, index, item));
  }
  if (DATA.route.scale && !arcs) drawScale(svg, scale, width, height, margin);
  target.append(svg);
}

function drawScale(svg, scale, width, height, margin) {
  const rough = 120 / scale, power = 10 ** Math.floor(Math.log10(rough));
  const length = [5, 2, 1].map((k) => k * power).find((k) => k <= rough) || power;
  const x = width - margin - length * scale, y = height - 8;
  svg.append(make('line', { class: 'axis strong', x1: x, x2: x + length * scale, y1: y, y2: y }),
    label(x + length * scale / 2, y - 6, `${length} m`));
}

function drawStrip(target) {
  const strip = make('div', { class: 'strip', role: 'group', 'aria-label': 'queries in order' });
  DATA.items.forEach((item, index) => strip.append(choosable(
    make('button', { type: 'button', class: `t-${item.tone}`, title: item.title }), index, item)));
  target.append(strip);
}

function drawLegend(target) {
  const kinds = new Map();
  for (const item of DATA.items) {
    const entry = kinds.get(item.kind) || { tone: item.tone, count: 0 };
    entry.count += 1;
    kinds.set(item.kind, entry);
  }
  for (const [kind, { tone, count }] of kinds) {
    const button = make('button', { type: 'button', class: `t-${tone}`, 'aria-pressed': 'true' },
      `${kind} ${count}`);
    button.onclick = () => {
      const off = button.getAttribute('aria-pressed') === 'true';
      button.setAttribute('aria-pressed', String(!off));
      if (off) hidden.add(kind); else hidden.delete(kind);
      for (const element of document.querySelectorAll('#map [data-item]')) {
        if (element.dataset.kind === kind) element.style.display = off ? 'none' : '';
      }
    };
    target.append(button);
  }
}

// -- charts ------------------------------------------------------------------------------------
function frame(width, height, left, bottom, xLabel, yLabel) {
  const svg = make('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img',
    'aria-label': `${yLabel} against ${xLabel}` });
  const x = (v) => left + v * (width - left - 14), y = (v) => 12 + (1 - v) * (height - bottom - 12);
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(make('line', { class: 'axis', x1: x(tick), x2: x(tick), y1: y(0), y2: y(1) }),
      make('line', { class: 'axis', x1: x(0), x2: x(1), y1: y(tick), y2: y(tick) }),
      label(x(tick), y(0) + 16, tick), label(x(0) - 7, y(tick) + 4, tick, 'end'));
  }
  svg.append(label(x(0.5), height - 2, xLabel), label(x(0) - 30, 6, yLabel, 'start'));
  return { svg, x, y };
}

function drawCurve(target) {
  const { precision, recall, threshold } = DATA.curve;
  const { svg, x, y } = frame(460, 340, 40, 40, 'recall', 'precision');
  if (DATA.band) {
    const { recall: at, low, high } = DATA.band;
    const points = [...at.map((r, i) => [r, high[i]]), ...at.map((r, i) => [r, low[i]]).reverse()];
    svg.append(make('path', { class: 'band',
      d: points.map(([r, p], i) => `${i ? 'L' : 'M'}${x(r).toFixed(1)} ${y(p).toFixed(1)}`).join('') + 'Z' },
    make('title', {}, '95 % band by bootstrap over the queries')));
  }
  if (precision.length) {
    const path = [`M${x(0)} ${y(precision[0])}`,
      ...recall.map((r, i) => `L${x(r).toFixed(1)} ${y(precision[i]).toFixed(1)}`)].join('');
    svg.append(make('path', { class: 'fill', d: `${path}L${x(recall.at(-1))} ${y(0)}L${x(0)} ${y(0)}Z` }),
      make('path', { class: 'curve', d: path }));
  }
  if (DATA.operating) {
    const [r, p] = DATA.operating;
    svg.append(make('circle', { cx: x(r), cy: y(p), r: 6, fill: 'var(--good)' }),
      label(x(r) - 10, y(p) + 20, 'as run', 'end'));
  }
  const probe = make('circle', { class: 'probe', r: 4, visibility: 'hidden' });
  const rest = DATA.band ? ' The band holds 95 % of the curves of resampled queries.' : '';
  const note = make('p', { class: 'note' }, `Point at the curve to read it.${rest}`);
  svg.append(probe);
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * 460;
    let best = -1;
    recall.forEach((r, i) => {
      if (best < 0 || Math.abs(x(r) - at) < Math.abs(x(recall[best]) - at)) best = i;
    });
    if (best < 0) return;
    probe.setAttribute('cx', x(recall[best]));
    probe.setAttribute('cy', y(precision[best]));
    probe.setAttribute('visibility', 'visible');
    note.textContent = `From ${DATA.curve.score} ${threshold[best].toFixed(3)} on: precision `
      + `${precision[best].toFixed(3)}, recall ${recall[best].toFixed(3)}.`;
  });
  target.append(svg, note);
}

function drawReliability(target) {
  const { svg, x, y } = frame(460, 340, 40, 40, 'probability stated', 'share right');
  svg.append(make('line', { class: 'axis strong', x1: x(0), y1: y(0), x2: x(1), y2: y(1) }));
  const most = Math.max(1, ...DATA.reliability.map((b) => b.count));
  for (const bin of DATA.reliability) {
    if (!bin.count) continue;
    svg.append(make('circle', { cx: x(bin.probability), cy: y(bin.right), fill: 'var(--info)',
      r: 3 + 9 * Math.sqrt(bin.count / most), opacity: 0.8 },
    make('title', {}, `${bin.count} matches: stated ${bin.probability.toFixed(2)}, `
      + `right ${bin.right.toFixed(2)}`)));
  }
  target.append(svg);
}

const milliseconds = (v) => `${v < 100 ? Number(v.toPrecision(3)) : Math.round(v)} ms`;

function drawLatency(target) {
  for (const [stage, { edges, counts, p50, p99 }] of Object.entries(DATA.latency)) {
    const width = 360, height = 130, top = edges.at(-1), most = Math.max(1, ...counts);
    const x = (v) => 6 + Math.min(v, top) / top * (width - 12);
    const svg = make('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img',
      'aria-label': `${stage}: median ${p50} ms, 99 % under ${p99} ms` });
    const bars = make('g', { class: 'bars' });
    counts.forEach((count, i) => {
      const tall = count / most * 80;
      bars.append(make('rect', { x: x(edges[i]) + 0.5, y: 104 - tall, height: tall,
        width: Math.max(0.5, x(edges[i + 1]) - x(edges[i]) - 1) }));
    });
    svg.append(bars, make('line', { class: 'axis strong', x1: 6, x2: width - 6, y1: 104, y2: 104 }),
      make('line', { class: 'mark', x1: x(p50), x2: x(p50), y1: 18, y2: 104 }),
      make('line', { class: 'mark strong', x1: x(p99), x2: x(p99), y1: 18, y2: 104 }),
      label(6, 120, '0', 'start'), label(width - 6, 120, milliseconds(top), 'end'));
    target.append(make('div', { class: 'panel' }, make('h3', {}, stage), svg,
      make('p', { class: 'note' }, `median ${milliseconds(p50)}, p99 ${milliseconds(p99)}`)));
  }
}

function drawMatrix(target) {
  const { width, height, low, high, shades, rows, columns } = DATA.matrix;
  const bytes = Uint8Array.from(atob(shades), (character) => character.charCodeAt(0));
  const canvas = make('canvas', { class: 'matrix', width, height, role: 'img',
    'aria-label': 'similarity matrix' });
  const context = canvas.getContext('2d'), image = context.createImageData(width, height);
  bytes.forEach((shade, i) => {
    const [v, k] = [shade / 255, 4 * i];
    // dark blue, green, light yellow: brightness rises all along, also for colour-blind eyes
    image.data.set([255 * Math.min(1, Math.max(0, 2.2 * v - 1.05)), 235 * v ** 1.15 + 12,
      110 - 70 * v + 120 * Math.max(0, v - 0.75), 255], k);
  });
  context.putImageData(image, 0, 0);
  const rest = `Dark is ${low.toFixed(2)} and less, bright ${high.toFixed(2)} and more. Point at it to read it.`;
  const note = make('p', { class: 'note' }, rest);
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.min(width - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * width)));
    const row = Math.min(height - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * height)));
    const shade = bytes[row * width + column], value = low + shade / 255 * (high - low);
    const bound = shade === 0 ? 'at most ' : shade === 255 ? 'at least ' : '';
    note.textContent = `${rows} ${DATA.matrix.row_numbers[row] + 1} and ${columns} `
      + `${DATA.matrix.column_numbers[column] + 1}: ${bound}${value.toFixed(2)}.`;
  });
  canvas.addEventListener('pointerleave', () => { note.textContent = rest; });
  target.append(canvas, note);
}

function drawCards() {
  for (const target of document.querySelectorAll('[data-cards]')) {
    for (const index of DATA.groups[target.dataset.cards]) {
      const item = DATA.items[index];
      const card = make('button', { type: 'button', class: `card t-${item.tone}` },
        make('span', { class: 'badge' }, item.kind),
        make('div', { class: 'pics' }, ...item.pictures.slice(0, 2).map(picture)),
        make('p', {}, item.title));
      card.onclick = () => show(index, true);
      target.append(card);
    }
  }
}

const at = (id, draw) => { const element = document.getElementById(id); if (element) draw(element); };
at('map', DATA.route ? drawRoute : drawStrip);
at('legend', drawLegend);
at('curve', drawCurve);
at('reliability', drawReliability);
at('latency', drawLatency);
at('matrix', drawMatrix);
drawCards();
if (DATA.items.length) show(DATA.first);
document.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowRight') step(1);
  if (event.key === 'ArrowLeft') step(-1);
});
