'use strict';
// What a reader does with the page: sorts and filters the table of tensors, walks through the
// network, opens a tensor. Everything is drawn when it is asked for, from the data in the page;
// text goes in as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const tensors = data.tensors;
  const NS = 'http://www.w3.org/2000/svg';

  // ---- making elements

  function fill(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : value);
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined) node.append(child);
    }
    return node;
  }
  const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
  const svg = (name, attributes, ...children) => fill(document.createElementNS(NS, name), attributes, children);
  const picture = (label, width, height, ...children) =>
    svg('svg', {class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label}, ...children);
  const word = (x, y, text, anchor) => svg('text', {x, y, 'text-anchor': anchor || 'start'}, text);
  const line = (x1, y1, x2, y2, name) => svg('line', {x1, y1, x2, y2, class: name || 'axis'});

  // ---- figures

  const none = '–';
  const known = value => value !== undefined && value !== null;
  function figure(value, digits = 4) {
    if (!known(value)) return none;
    if (value === 0) return '0';
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e7) return value.toLocaleString('en').replace(/,/g, ' ');
    return size >= 1e5 || size < 1e-4 ? value.toExponential(digits - 2).replace('e+', 'e') : String(Number(value.toPrecision(digits)));
  }
  const decibels = value => known(value) ? value.toFixed(1) + ' dB' : none;
  function percent(value) {
    if (!known(value)) return none;
    if (value === 0) return '0 %';
    return value < 1e-5 ? '< 0.001 %' : (value * 100).toFixed(value < 0.01 ? 3 : 2) + ' %';
  }
  const interval = (low, high) => known(low) && known(high) ? `[${figure(low)}, ${figure(high)}]` : none;

  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  /** Counts as packed_counts() in src/report/bins.cc wrote them. */
  function counts(text) {
    const values = [];
    for (let i = 0; i < text.length; i += 2) {
      values.push(Math.pow(2, (digits.indexOf(text[i]) * 64 + digits.indexOf(text[i + 1])) / 64) - 1);
    }
    return values;
  }

  // ---- the table of tensors

  const table = document.getElementById('tensors');
  const rows = table ? [...table.tBodies[0].rows] : [];
  /** What a column is sorted by. */
  function sort_key(tensor, key) {
    if (key === 'n') return tensor.n;
    if (key === 'ch') return tensor.b && known(tensor.b.db) && known(tensor.db) ? tensor.db - tensor.b.db : undefined;
    if (key === 'blo') return tensor.b ? tensor.b.a[0] : undefined;
    if (key === 'bmin') return tensor.b ? tensor.b.seen[0] : undefined;
    return tensor[key];
  }
  function compare(a, b, direction) {
    if (!known(a)) return known(b) ? 1 : 0;
    if (!known(b)) return -1;
    return direction * (typeof a === 'string' ? a.localeCompare(b) : a - b);
  }
  /** Makes buttons of a table's heads: up, down, and back to the order of `all` its rows. */
  function set_up_sorting(list, compare_rows, all, done) {
    const sort_by = (head, key) => {
      const was = head.getAttribute('aria-sort');
      const next = was === 'ascending' ? 'descending' : was === 'descending' ? null : 'ascending';
      for (const other of list.tHead.rows[0].cells) other.removeAttribute('aria-sort');
      if (next) head.setAttribute('aria-sort', next);
      const direction = next === 'descending' ? -1 : 1;
      const sorted = [...all];
      if (next) sorted.sort((a, b) => compare_rows(a, b, key, direction));
      list.tBodies[0].append(...sorted);
      done();
    };
    for (const head of list.tHead.rows[0].cells) {
      const key = head.dataset.key;
      if (key) head.replaceChildren(el('button', {type: 'button', onclick: () => sort_by(head, key)}, head.textContent));
    }
  }
  /** Calls when a reader has scrolled to the end of a table. */
  function on_end_of(box, more) {
    box.addEventListener('scroll', () => {
      if (box.scrollTop + 2 * box.clientHeight > box.scrollHeight) more();
    });
  }

  const is_own = tensor => !tensor.r;
  const filters = [
    ['All tensors', () => true],
    ['With a range of their own', is_own, t => t.r],
    ['Below 30 dB', t => known(t.db) && t.db < 30],
    ['More than 0.1 % clipped', t => t.cl > 0.001],
    ['3 dB worse on held-out samples', t => known(t.hd) && known(t.db) && t.db - t.hd > 3],
    ['With NaN or infinity', t => t.nan > 0 || t.inf > 0],
    ['Changed', t => t.b && (Math.abs(t.b.db - t.db) > 0.05 || t.b.a[0] !== (known(t.lo) ? t.lo : null) || t.b.a[1] !== (known(t.hi) ? t.hi : null) ||
      (known(t.min) && (t.b.seen[0] !== t.min || t.b.seen[1] !== t.max)))],
    ['Only in this run', t => data.against && !t.b],
  ];
  let search = null;
  let filter = null;
  /** Places of the tensors that search and filter let through, in the order of the table. */
  let matching = [];
  /** As many of their rows are shown; more when a reader scrolls to the end. */
  let limit = 100;
  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const test = filters[filter.value][1];
    matching = [];
    for (const row of table.tBodies[0].rows) {
      const tensor = tensors[row.dataset.i];
      const name = tensor.n.toLowerCase();
      const fits = test(tensor) && words.every(each => name.includes(each));
      if (fits) matching.push(Number(row.dataset.i));
      row.hidden = !fits || matching.length > limit;
      if (!row.hidden && !row.cells[0].firstElementChild) {
        row.cells[0].replaceChildren(el('button', {type: 'button', 'aria-haspopup': 'dialog'}, row.cells[0].textContent));
      }
    }
    document.getElementById('shown').textContent = `${matching.length} of ${rows.length} shown`;
  }
  function show_anew() {
    limit = 100;
    show();
  }

  function set_up_table() {
    search = el('input', {type: 'search', id: 'search', placeholder: 'Part of a name ( / )', oninput: show_anew, autocomplete: 'off'});
    filter = el('select', {id: 'filter', onchange: show_anew});
    filters.forEach(([title, test, unlike], i) => {
      if (i === 0 || tensors.some(unlike || test)) filter.append(el('option', {value: i}, title));
    });
    document.getElementById('tools').append(
      el('label', {}, el('span', {class: 'sr'}, 'Search tensors by name'), search),
      el('label', {}, 'Show', filter), el('span', {id: 'shown', role: 'status'}));
    set_up_sorting(table, (a, b, key, direction) => compare(sort_key(tensors[a.dataset.i], key), sort_key(tensors[b.dataset.i], key), direction), rows, show_anew);
    on_end_of(table.parentElement, () => {
      if (limit >= matching.length) return;
      limit += 300;
      show();
    });
    addEventListener('beforeprint', () => {
      limit = Infinity;
      show();
    });
    table.tBodies[0].addEventListener('click', event => {
      const row = event.target.closest('tr');
      if (row && !String(getSelection())) open_tensor(Number(row.dataset.i));
    });
    show();
  }

  // ---- the table of nodes

  /** Microseconds of one sample. */
  const microseconds = us => !known(us) ? none : us < 1000 ? figure(us, 3) + ' µs' : figure(us / 1000, 3) + ' ms';
  function node_key(node, key) {
    if (key === 'r') return known(node.f) && known(node.q) && node.f > 0 ? node.q / node.f : undefined;
    return node[key];
  }
  function set_up_nodes() {
    const list = document.getElementById('nodes');
    if (!list) return;
    const all = [...list.tBodies[0].rows];
    /** What the nodes make whose time another node tells, by that one. */
    const made_with = new Map();
    for (const node of data.nodes) {
      if (known(node.h)) made_with.set(node.h, [...(made_with.get(node.h) || []), ...node.t]);
    }
    let shown = 100;
    /** The name of a node opens what it makes; made when its row is first shown. */
    function make_button(row) {
      if (row.dataset.ready) return;
      row.dataset.ready = 1;
      const place = Number(row.dataset.i);
      const made = [...data.nodes[place].t, ...(made_with.get(place) || [])];
      if (!made.length) return;
      const name = row.cells[0].firstChild;
      name.replaceWith(el('button', {type: 'button', 'aria-haspopup': 'dialog', onclick: () => open_tensor(made[0])}, name.textContent.trimEnd()), ' ');
    }
    const show_nodes = () => [...list.tBodies[0].rows].forEach((row, i) => {
      row.hidden = i >= shown;
      if (!row.hidden) make_button(row);
    });
    set_up_sorting(list, (a, b, key, direction) => compare(node_key(data.nodes[a.dataset.i], key), node_key(data.nodes[b.dataset.i], key), direction), all, () => {
      shown = 100;
      show_nodes();
    });
    on_end_of(list.parentElement, () => {
      if (shown >= all.length) return;
      shown += 300;
      show_nodes();
    });
    addEventListener('beforeprint', () => {
      shown = Infinity;
      show_nodes();
    });
    show_nodes();
  }

  // ---- the way through the network

  /** What stands side by side in the strip: tensors that nothing makes, then node by node. */
  function places() {
    const made = new Set(data.nodes.flatMap(node => node.t));
    const columns = [];
    tensors.forEach((tensor, i) => {
      if (!data.nodes.length || !made.has(i)) columns.push({tensors: [i]});
    });
    for (const node of data.nodes) columns.push({node, tensors: node.t});
    return columns;
  }
  function time_text(node) {
    if (known(node.h)) return `timed with ${data.nodes[node.h].n}`;
    return known(node.f) || known(node.q) ? `${microseconds(node.f)} float, ${microseconds(node.q)} int8` : null;
  }
  const column_text = column => [
    column.node ? `${column.node.n} (${column.node.o}${column.node.k === 'other' ? '' : ', ' + column.node.k}${column.node.w ? ': ' + column.node.w : ''})` : 'not made by a node',
    ...(column.node && time_text(column.node) ? [time_text(column.node)] : []),
    ...column.tensors.map(i => `${tensors[i].n}: ${tensors[i].r ? 'range shared' : decibels(tensors[i].db)}`)].join(' · ');

  /** Bars of the time that each node takes: float above the line, int8 below. */
  function time_bars(columns, step, left, top) {
    const half = 40, middle = top + half + 4;
    const most = Math.max(1e-9, ...columns.flatMap(column => column.node ? [column.node.f || 0, column.node.q || 0] : []));
    const width = Math.max(1.2, step - (step > 4 ? 1.5 : 0));
    /** One path for all: thousands of elements take long to make. `sign`: upwards -1, downwards 1. */
    const bars = (key, sign, name) => svg('path', {class: name, d: columns.map(({node}, at) => node && node[key] > 0 ?
      `M${(left + (at + 0.5) * step - width / 2).toFixed(1)} ${middle}h${width.toFixed(1)}v${(sign * Math.max(0.6, half * node[key] / most)).toFixed(1)}h${(-width).toFixed(1)}z` : '').join('')});
    return [line(left, middle, left + step * columns.length, middle), word(left - 6, top + 10, figure(most < 1000 ? most : most / 1000, 3), 'end'), word(left - 6, top + 24, most < 1000 ? 'µs' : 'ms', 'end'),
      bars('f', -1, 'time-float'), bars('q', 1, 'time-int8')];
  }

  function strip_shapes(columns, step, left, band) {
    const top = 14, bottom = 178;
    const y = value => bottom - (bottom - top) * Math.min(60, Math.max(0, value)) / 60;
    const shapes = [];
    const points = [];
    const dots = [];
    const low = [];
    columns.forEach((column, at) => {
      const x = left + (at + 0.5) * step;
      if (column.node) {
        const kind = column.node.k, width = Math.max(1.2, step - (step > 4 ? 1 : 0));
        const height = kind === 'float' ? 20 : kind === 'integer' ? 14 : 5;
        shapes.push(svg('rect', {x: x - width / 2, y: band + (20 - height) / 2, width, height, class: kind}));
        if (kind === 'float' && width > 5) shapes.push(line(x - width / 2, band + 20, x + width / 2, band, 'hatch'));
      }
      for (const i of column.tensors) {
        const tensor = tensors[i];
        if (tensor.b && known(tensor.b.db) && is_own(tensor)) dots.push(svg('circle', {cx: x, cy: y(tensor.b.db), r: 3, class: 'dot before'}));
        if (!known(tensor.db) || !is_own(tensor)) continue;
        points.push(`${x.toFixed(1)},${y(tensor.db).toFixed(1)}`);
        const size = step < 4 ? 1.8 : 3;
        if (tensor.db < 20) dots.push(svg('path', {d: `M${x} ${y(tensor.db) + 5}l-5-9h10z`, class: 'dot low'}));
        else dots.push(svg('circle', {cx: x, cy: y(tensor.db), r: size, class: 'dot'}));
        low.push([tensor.db, x, y(tensor.db), tensor.n]);
      }
    });
    return {shapes, dots, low, y, trend: svg('polyline', {points: points.join(' '), class: 'trend'})};
  }

  function legend(has_errors, has_times) {
    const entry = (mark, text) => el('li', {}, svg('svg', {viewBox: '0 0 14 12', 'aria-hidden': true}, mark), text);
    const items = has_errors ? [entry(svg('circle', {cx: 7, cy: 6, r: 3.5, class: 'dot'}), 'signal over quantization error of a tensor'),
      entry(svg('path', {d: 'M7 11l-5-9h10z', class: 'dot low'}), 'below 20 dB')] : [];
    if (data.against && has_errors) items.push(entry(svg('circle', {cx: 7, cy: 6, r: 3.5, class: 'dot before'}), 'the same before'));
    if (data.nodes.length) {
      items.push(entry(svg('rect', {x: 1, y: 1, width: 11, height: 10, class: 'integer'}), 'integer kernel'),
        entry([svg('rect', {x: 1, y: 0, width: 11, height: 12, class: 'float'}), line(1, 12, 12, 0, 'hatch')], 'stays float'),
        entry(svg('rect', {x: 1, y: 4, width: 11, height: 4, class: 'other'}), 'no weights'));
    }
    if (has_times) {
      items.push(entry([line(0, 9, 14, 9), svg('rect', {x: 3, y: 1, width: 7, height: 8, class: 'time-float'})], 'time in float, upwards'),
        entry([line(0, 3, 14, 3), svg('rect', {x: 3, y: 3, width: 7, height: 8, class: 'time-int8'})], 'time in int8, downwards'));
    }
    return el('ul', {class: 'legend'}, items);
  }

  function set_up_strip() {
    const section = document.getElementById('strip');
    const columns = places();
    const has_errors = tensors.some(t => known(t.db)), has_times = data.nodes.some(node => known(node.f) || known(node.q));
    if (!section || !columns.length || !(has_errors || has_times)) return;
    section.hidden = false;
    section.setAttribute('aria-labelledby', 'h-strip');
    const left = 40;
    const room = Math.max(280, document.getElementById('main').clientWidth - 50);
    const step = Math.min(48, Math.max(3, (room - left - 10) / columns.length));
    const band = has_errors ? 192 : 12;
    const width = Math.max(room, left + step * columns.length + 10), height = band + (has_times ? 126 : 30);
    const {shapes, dots, low, y, trend} = strip_shapes(columns, step, left, band);
    const axis = (has_errors ? [0, 20, 40, 60] : []).flatMap(db => [line(left, y(db), width - 6, y(db)), word(left - 6, y(db) + 4, db, 'end')]);
    const labels = low.sort((a, b) => a[0] - b[0]).slice(0, 6).reduce((named, each) =>
      named.length < 2 && room > 600 && each[0] < 25 && named.every(other => Math.abs(other[1] - each[1]) > 260 || Math.abs(other[2] - each[2]) > 14) ? [...named, each] : named, []).map(([, x, at, name]) => {
      const short = name.length > 34 ? '…' + name.slice(-33) : name;
      const ends = x > width - 230;
      return word(x + (ends ? -8 : 8), at + 4, short, ends ? 'end' : 'start');
    });
    const cursor = line(0, 8, 0, height - 6, 'cursor');
    cursor.style.display = 'none';
    const chart = svg('svg', {width, height, 'aria-hidden': true}, axis, has_errors ? word(4, 12, 'dB') : null, trend, shapes, has_times ? time_bars(columns, step, left, band + 28) : null, dots, labels, cursor);
    const readout = el('p', {class: 'readout quiet'}, tensors.length ? 'Point at the chart, or move with the arrow keys; Enter opens the tensor.' : 'Point at the chart, or move with the arrow keys.');
    const box = el('div', {class: 'strip-box', tabindex: 0, role: 'slider', 'aria-label': 'Place in the network', 'aria-valuemin': 1,
      'aria-valuemax': columns.length, 'aria-valuenow': 1, 'aria-valuetext': column_text(columns[0])}, chart);
    let at = 0;
    function go(to, scroll) {
      at = Math.min(columns.length - 1, Math.max(0, to));
      const x = left + (at + 0.5) * step;
      cursor.setAttribute('x1', x);
      cursor.setAttribute('x2', x);
      cursor.style.display = '';
      box.setAttribute('aria-valuenow', at + 1);
      box.setAttribute('aria-valuetext', column_text(columns[at]));
      readout.textContent = column_text(columns[at]);
      if (scroll) box.scrollLeft = Math.max(0, x - box.clientWidth / 2);
    }
    const enter = () => { if (columns[at].tensors.length) open_tensor(columns[at].tensors[0]); };
    const place_of = event => Math.floor((event.clientX - chart.getBoundingClientRect().left - left) / step);
    chart.addEventListener('pointermove', event => go(place_of(event)));
    chart.addEventListener('click', event => { go(place_of(event)); enter(); });
    box.addEventListener('keydown', event => {
      const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 20, PageDown: -20, Home: -1e9, End: 1e9};
      if (event.key === 'Enter' || event.key === ' ') enter();
      else if (event.key in steps) go(at + steps[event.key], true);
      else return;
      event.preventDefault();
    });
    section.append(el('h2', {id: 'h-strip'}, 'From input to output'), legend(has_errors, has_times), box, readout);
  }

  // ---- outputs

  function scatter(output) {
    const size = 300, pad = 56, f = output.f, q = output.q;
    let low = Math.min(...f, ...q), high = Math.max(...f, ...q);
    if (!(high > low)) { low -= 1; high += 1; }
    const x = value => pad + (size - pad - 8) * (value - low) / (high - low);
    const y = value => size - pad + 8 - (size - pad - 8) * (value - low) / (high - low);
    return picture(`Values of ${output.n}: float across, int8 upwards`, size, size,
      line(x(low), y(low), x(high), y(high), 'mark-line'),
      line(pad, y(low), size - 8, y(low)), line(pad, y(low), pad, y(high)),
      f.map((value, i) => svg('circle', {cx: x(value).toFixed(1), cy: y(q[i]).toFixed(1), r: 2.2, class: 'points'})),
      word(pad, size - 20, figure(low, 3)), word(size - 8, size - 20, figure(high, 3), 'end'),
      word(pad - 5, y(low), figure(low, 3), 'end'), word(pad - 5, y(high) + 8, figure(high, 3), 'end'),
      word((size + pad) / 2, size - 6, 'float', 'middle'),
      svg('text', {x: 0, y: 0, 'text-anchor': 'middle', transform: `translate(12 ${size / 2}) rotate(-90)`}, 'int8'));
  }
  function differences(output) {
    const width = 300, height = 300, pad = 56, bins = 41;
    const errors = output.f.map((value, i) => output.q[i] - value);
    const most = Math.max(1e-30, ...errors.map(Math.abs));
    const found = new Array(bins).fill(0);
    for (const error of errors) ++found[Math.min(bins - 1, Math.floor((error / most + 1) / 2 * bins))];
    const top = Math.max(...found), step = (width - pad - 8) / bins, floor = height - pad + 8;
    return picture(`How the differences of ${output.n} are spread`, width, height,
      line(pad, floor, width - 8, floor),
      found.map((count, i) => count && svg('rect', {class: 'bars', x: pad + i * step + 0.5, width: step - 1, y: floor - (floor - 10) * count / top, height: (floor - 10) * count / top})),
      word(pad, height - 20, figure(-most, 3)), word((width + pad - 8) / 2, height - 20, '0', 'middle'), word(width - 8, height - 20, figure(most, 3), 'end'),
      word((width + pad) / 2, height - 6, 'int8 less float', 'middle'), word(pad - 5, 18, top, 'end'));
  }
  function set_up_outputs() {
    const box = document.getElementById('scatter');
    if (!box) return;
    const some = data.outputs.filter(output => output.f.length);
    if (!some.length) return;
    const charts = el('div');
    const draw = i => charts.replaceChildren(
      el('div', {class: 'pair'}, el('div', {}, scatter(some[i])), el('div', {}, differences(some[i]))),
      el('p', {class: 'quiet'}, `${some[i].f.length} of the values that were compared, spread over all samples.`));
    if (some.length > 1) {
      const list = el('select', {id: 'output', onchange: () => draw(list.value)}, some.map((output, i) => el('option', {value: i}, output.n)));
      box.append(el('label', {class: 'quiet'}, 'Values of ', list));
    }
    box.append(charts);
    draw(0);
  }

  // ---- one tensor

  const dialog = document.getElementById('detail');
  let current = 0;
  let log_values = true;
  let log_counts = false;

  let W = 640;
  const H = 250, L = 46, B = 30, T = 12;
  function bars_of(values, x, width, top) {
    return values.map((count, i) => {
      if (count < 0.5) return null;
      const share = log_counts ? Math.log(1 + count) / Math.log(1 + top) : count / top;
      const height = Math.max(1, (H - B - T) * share);
      return svg('rect', {class: 'bars', x: x(i).toFixed(2), width: Math.max(0.6, width - 0.4).toFixed(2), y: (H - B - height).toFixed(2), height: height.toFixed(2)});
    });
  }
  /** Bins over the logarithm of the magnitude, negative values to the left of zero. */
  function log_axis(tensor) {
    const {o, b} = tensor.g;
    const negative = counts(tensor.g.n), positive = counts(tensor.g.p);
    const has_negative = negative.some(c => c >= 0.5), has_positive = positive.some(c => c >= 0.5);
    const gap = has_negative && has_positive ? 14 : 0;
    const sides = has_negative && has_positive ? 2 : 1;
    const step = (W - L - 8 - gap) / (Math.max(1, positive.length) * sides);
    const from = L + (has_negative ? (negative.length * step) : 0) + gap;
    const zero = has_negative ? L + negative.length * step + gap / 2 : L;
    const place = value => {
      const at = Math.min(positive.length, Math.max(0, (Math.log2(Math.abs(value)) - o) * b)) * step;
      return value > 0 ? from + at : value < 0 ? from - gap - at : zero;
    };
    const ticks = [];
    const octaves = positive.length / b, every = Math.max(1, Math.ceil(octaves * 52 / ((W - L) / sides)));
    for (let octave = 0; octave <= octaves; octave += every) {
      const value = Math.pow(2, o + octave);
      if (has_positive) ticks.push([place(value), figure(value, 2)]);
      if (has_negative && (octave > 0 || !has_positive)) ticks.push([place(-value), figure(-value, 2)]);
    }
    return {place, ticks, zero, sides, shapes: top => [
      has_positive ? bars_of(positive, i => from + i * step, step, top) : null,
      has_negative ? bars_of(negative, i => from - gap - (i + 1) * step, step, top) : null],
    top: Math.max(1, ...negative, ...positive)};
  }
  /** The distribution of the earlier run as lines, each run by its own number of values. */
  function before_lines(tensor, axis) {
    if (!log_values || !tensor.b || !tensor.b.g) return [];
    const own = tensor.g, other = tensor.b.g;
    const sum = bins => [...counts(bins.n), ...counts(bins.p)].reduce((a, b) => a + b, 0) || 1;
    const scale = sum(own) / sum(other) * other.b / own.b;
    return [[other.n, -1], [other.p, 1]].map(([text, sign]) => {
      const points = counts(text).map((count, i) => {
        const scaled = count * scale;
        const share = log_counts ? Math.log(1 + scaled) / Math.log(1 + axis.top) : scaled / axis.top;
        return [axis.place(sign * Math.pow(2, other.o + (i + 0.5) / other.b)), H - B - (H - B - T) * Math.min(1, share), count];
      });
      return points.some(point => point[2] >= 0.5) ? svg('polyline', {class: 'overlay', points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}) : null;
    });
  }
  function linear_axis(tensor) {
    const {a, w, c} = tensor.l;
    const values = counts(c), step = (W - L - 8) / Math.max(1, values.length);
    const place = value => L + Math.min(values.length, Math.max(0, (value - a) / w)) * step;
    const end = a + w * values.length;
    const ticks = [0, 0.25, 0.5, 0.75, 1].map(share => [place(a + (end - a) * share), figure(a + (end - a) * share, 3)]);
    if (a < 0 && end > 0 && ticks.every(([x]) => Math.abs(x - place(0)) > 40)) ticks.push([place(0), '0']);
    return {place, ticks, zero: place(0), sides: 1, shapes: top => bars_of(values, i => L + i * step, step, top), top: Math.max(1, ...values)};
  }
  /** Marks below the axis: the values that codes stand for, as far as they can be told apart. */
  function code_marks(tensor, place) {
    if (!known(tensor.s) || !known(tensor.lo)) return [];
    const marks = [];
    const codes = Math.min(1024, Math.round((tensor.hi - tensor.lo) / tensor.s));
    let last = -10;
    const all = [];
    for (let i = 0; i <= codes; ++i) all.push(place(tensor.lo + i * tensor.s));
    for (const x of all.sort((a, b) => a - b)) {
      if (x - last < 2.5) continue;
      marks.push(line(x, H - B, x, H - B + 5, 'codes'));
      last = x;
    }
    return marks;
  }
  function distribution(tensor) {
    const axis = log_values ? log_axis(tensor) : linear_axis(tensor);
    const right = W - 8, children = [];
    if (known(tensor.lo) && !tensor.sm) {
      const low = axis.place(tensor.lo), high = axis.place(tensor.hi);
      if (tensor.lo < 0 || axis.zero > L + 1) children.push(svg('rect', {class: 'clip', x: L, y: T, width: Math.max(0, low - L), height: H - B - T}));
      children.push(svg('rect', {class: 'clip', x: high, y: T, width: Math.max(0, right - high), height: H - B - T}));
    }
    children.push(...axis.shapes(axis.top), ...before_lines(tensor, axis), line(L, H - B, right, H - B));
    if (axis.sides === 2) children.push(line(axis.zero, T, axis.zero, H - B, 'mark-line'), word(axis.zero, H - 8, '0', 'middle'));
    const mine = known(tensor.lo) && !tensor.sm ? [[tensor.lo, 'edge'], [tensor.hi, 'edge']] : [];
    const before = tensor.b && known(tensor.b.a[0]) ? [[tensor.b.a[0], 'edge before'], [tensor.b.a[1], 'edge before']] : [];
    for (const [value, name] of [...before, ...mine]) {
      if (value !== 0) children.push(line(axis.place(value), T, axis.place(value), H - B, name));
    }
    if (!tensor.sm) children.push(...code_marks(tensor, axis.place));
    for (const [x, text] of axis.ticks) {
      if (axis.sides === 1 || Math.abs(x - axis.zero) > 26) children.push(word(Math.min(W - 14, Math.max(L, x)), H - 8, text, 'middle'));
    }
    children.push(word(L - 5, T + 8, figure(axis.top, 2), 'end'), word(L - 5, H - B, '0', 'end'));
    const range = known(tensor.lo) ? `; the range is ${interval(tensor.lo, tensor.hi)}` : '';
    return picture(`Distribution of ${tensor.n}: values from ${figure(tensor.min)} to ${figure(tensor.max)}, ${percent(tensor.zs)} zeros${range}`, W, H, children);
  }

  /** Points with their names beside them, those at one place together; each name where it covers least. */
  function labelled(points, curve, width, floor) {
    const groups = [];
    for (const point of points) {
      const near = groups.find(group => Math.abs(group.x - point.x) < 12 && Math.abs(group.y - point.y) < 9);
      if (near) near.names.push(point.name);
      else groups.push({x: point.x, y: point.y, names: [point.name]});
    }
    const taken = groups.map(group => [group.x - 5, group.y - 5, group.x + 5, group.y + 5]);
    const overlaps = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    return groups.flatMap(group => {
      const names = group.names.filter(name => name !== 'chosen' || group.names.length === 1);
      const text = names.join(', '), long = text.length * 6.4;
      const at = (x, y) => [x, y - 9, x + long, y + 3];
      const places = [at(group.x - long / 2, group.y + 19), at(group.x - long - 9, group.y + 4), at(group.x + 9, group.y + 4), at(group.x - long / 2, group.y - 10),
        at(group.x - long / 2, group.y + 32), at(Math.min(group.x - long / 2, width - long - 4), group.y + 19), at(group.x - long / 2, group.y - 23)];
      const cost = box => (box[0] < 36 || box[2] > width - 2 || box[1] < 2 || box[3] > floor ? 1000 : 0) +
        100 * taken.filter(other => overlaps(box, other)).length + curve.filter(([x, y]) => overlaps(box, [x - 4, y - 4, x + 4, y + 4])).length;
      const best = places.reduce((least, box) => cost(box) < cost(least) ? box : least);
      taken.push(best);
      const chosen = group.names.includes('chosen');
      return [svg('circle', {cx: group.x, cy: group.y, r: chosen ? 4.5 : 3.5, class: chosen ? 'marker chosen' : 'marker'}), word(best[0], best[3] - 3, text)];
    });
  }

  function clip_chart(tensor) {
    const curve = tensor.k.map((db, i) => [Math.pow(2, -i / 4), db]).filter(point => known(point[1]));
    const width = 380, height = 254, left = 34, floor = height - 34;
    const whole = tensor.max - tensor.min || 1;
    const chosen = known(tensor.lo) ? [['chosen', tensor.lo, tensor.hi, tensor.db]] : [];
    const share_of = (low, high) => Math.max(
      tensor.max > 0 ? high / tensor.max : 0, tensor.min < 0 ? low / tensor.min : 0) || (high - low) / whole;
    const marks = [...(tensor.q || []), ...chosen].filter(mark => known(mark[3])).map(mark => [mark[0], share_of(mark[1], mark[2]), mark[3]]);
    const best = Math.max(...curve.map(p => p[1]), ...marks.map(m => m[2]));
    const top = Math.ceil((best + 2) / 10) * 10;
    const worst = Math.min(...curve.map(p => p[1]), ...marks.map(m => m[2]));
    const bottom = Math.max(0, Math.floor(Math.max(worst, top - 50) / 10) * 10);
    const least = Math.min(...curve.map(p => p[0]));
    const most = Math.max(1, ...marks.map(m => m[1]));
    const x = share => left + (width - left - 26) * (Math.log(Math.min(most, Math.max(least, share)) / least) / Math.log(most / least));
    const y = db => floor - (floor - 14) * (Math.min(top, Math.max(bottom, db)) - bottom) / (top - bottom);
    const children = [];
    for (let db = bottom; db <= top; db += 10) children.push(line(left, y(db), width - 12, y(db)), word(left - 5, y(db) + 4, db, 'end'));
    for (const share of [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]) {
      if (share >= least * 0.99) children.push(word(x(share), height - 18, share >= 0.1 ? Math.round(share * 100) + ' %' : (share * 100).toFixed(1) + ' %', 'middle'));
    }
    children.push(svg('polyline', {class: 'curve', points: curve.filter(p => p[1] >= bottom).map(p => `${x(p[0]).toFixed(1)},${y(p[1]).toFixed(1)}`).join(' ')}));
    const drawn = curve.filter(p => p[1] >= bottom).map(p => [x(p[0]), y(p[1])]);
    children.push(...labelled(marks.map(([name, share, db]) => ({name, x: x(share), y: y(db)})), drawn, width, floor));
    return picture(`Signal over error of ${tensor.n} against the clip; the best on the curve has ${best.toFixed(1)} dB`, width, height, children,
      word((width + left) / 2, height - 4, 'range, as a share of all values', 'middle'));
  }

  function channels_chart(tensor) {
    const [count, group, low, high] = tensor.h, width = 980, height = 130, left = 46;
    const least = Math.min(0, ...low), most = Math.max(0, ...high), room = (most - least) || 1;
    const y = value => height - 20 - (height - 32) * (value - least) / room, step = (width - left - 8) / low.length;
    return picture(`Smallest and largest value of ${count} channels`, width, height, line(left, y(0), width - 8, y(0)),
      low.map((value, i) => svg('rect', {class: 'bars', x: left + i * step, width: Math.max(0.8, step - 0.6), y: y(high[i]), height: Math.max(1, y(value) - y(high[i]))})),
      word(left - 5, y(most) + 8, figure(most, 2), 'end'), word(left - 5, y(least), figure(least, 2), 'end'),
      word(left, height - 4, '0'), word(width - 8, height - 4, `channel ${count - 1}${group > 1 ? `, ${group} to a bar` : ''}`, 'end'));
  }

  const numbers = entries => el('dl', {class: 'numbers'}, entries.filter(([, value]) => value !== none).map(([title, value]) =>
    el('div', {}, el('dt', {}, title), el('dd', {}, value))));
  function numbers_of(tensor) {
    const entries = [['SQNR', decibels(tensor.db)], ['Clipped', percent(tensor.cl)], ['SQNR, held-out', decibels(tensor.hd)], ['Clipped, held-out', percent(tensor.hc)],
      ['Range', interval(tensor.lo, tensor.hi)], ['Scale', figure(tensor.s, 6)], ['Zero point', figure(tensor.z)], ['Method', tensor.m || none],
      ['Smallest value', figure(tensor.min)], ['Largest value', figure(tensor.max)], ['Zeros', percent(tensor.zs)], ['Values', figure(tensor.c)],
      ['NaN', figure(tensor.nan)], ['Infinite', figure(tensor.inf)]];
    for (const [name, value] of Object.entries(tensor.f || {})) entries.push([name.replace(/_/g, ' '), figure(value)]);
    return numbers(entries);
  }
  function methods_table(tensor) {
    const row = (name, low, high, db, clipped, note) => el('tr', {class: note}, el('th', {scope: 'row'}, name), el('td', {class: 'n'}, interval(low, high)),
      el('td', {class: 'n'}, decibels(db)), el('td', {class: 'n'}, percent(clipped)));
    return el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Table: what methods would choose'}, el('table', {},
      el('caption', {}, 'What methods would choose'),
      el('thead', {}, el('tr', {}, ['Method', 'Range', 'SQNR', 'Clipped'].map((title, i) => el('th', {scope: 'col', class: i ? 'n' : null}, title)))),
      el('tbody', {}, known(tensor.lo) ? row(`chosen (${tensor.m})`, tensor.lo, tensor.hi, tensor.db, tensor.cl, 'chosen') : null,
        (tensor.q || []).map(([name, low, high, db, clipped]) => row(name, low, high, db, clipped)),
        tensor.b ? row(`before${tensor.b.m ? ` (${tensor.b.m})` : ''}`, tensor.b.a[0], tensor.b.a[1], tensor.b.db, tensor.b.cl) : null)));
  }
  function toggle(title, names, get, set) {
    return el('span', {class: 'choice', role: 'group', 'aria-label': title}, title, names.map((name, i) =>
      el('button', {type: 'button', class: 'button', 'aria-pressed': String(get() === Boolean(i)), onclick: () => { set(Boolean(i)); draw_tensor(); }}, name)));
  }

  function story(index) {
    const maker = data.nodes.find(node => node.t.includes(index));
    const readers = data.nodes.filter(node => node.i.includes(index));
    const parts = [];
    if (maker) parts.push(`made by ${maker.n} (${maker.o}${maker.k === 'other' ? '' : ', ' + maker.k})${time_text(maker) ? ', ' + time_text(maker) : ''}`);
    if (readers.length) parts.push(`read by ${readers.slice(0, 3).map(node => `${node.n} (${node.o}${node.k === 'other' ? '' : ', ' + node.k})`).join(', ')}${readers.length > 3 ? ` and ${readers.length - 3} more` : ''}`);
    return parts.join(' · ');
  }
  function remarks(tensor) {
    const texts = [];
    if (tensor.r) texts.push(`It holds the codes of ${tensor.r} and shares its range.`);
    if (tensor.sm) texts.push('Its channels were divided after the statistics were gathered (smoothing): they say nothing of its range.');
    if (!tensor.g && !tensor.r) texts.push(data.statistics ? 'The statistics hold no distribution of this tensor.' : 'Its distribution is not on this page: give the report the statistics of the run.');
    return texts.map(text => el('p', {class: 'quiet'}, text));
  }
  function draw_tensor() {
    const tensor = tensors[current];
    // On a narrow screen the picture is narrow, too, so that its words keep their size.
    W = innerWidth < 600 ? 380 : 640;
    const body = el('div', {class: 'detail-body'}, remarks(tensor));
    if (tensor.g) {
      const charts = el('div', {class: 'charts'}, el('div', {},
        el('div', {class: 'chart-head'}, el('h3', {}, 'Distribution'), el('span', {class: 'choice'},
          toggle('values', ['linear', 'log'], () => log_values, value => { log_values = value; }),
          toggle('counts', ['linear', 'log'], () => log_counts, value => { log_counts = value; }))),
        distribution(tensor),
        el('p', {class: 'quiet'}, [known(tensor.lo) && !tensor.sm ? 'Shaded: beyond the range, clipped. Small marks: codes.' : null, tensor.b ? ' Dashed: before.' : null])));
      if (tensor.k && tensor.k.filter(known).length > 1) charts.append(el('div', {}, el('div', {class: 'chart-head'}, el('h3', {}, 'Signal over error against the clip')), clip_chart(tensor)));
      body.append(charts);
    }
    body.append(numbers_of(tensor));
    if (tensor.q || tensor.b) body.append(el('h3', {}, 'What methods would choose'), methods_table(tensor));
    if (tensor.h) body.append(el('h3', {}, 'Ranges of the channels'), channels_chart(tensor));
    const button = (label, name, act) => el('button', {type: 'button', class: 'button', 'aria-label': label, title: label, onclick: act}, name);
    const had = document.activeElement && dialog.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') || document.activeElement.textContent : null;
    dialog.replaceChildren(el('div', {class: 'detail-head'},
      el('h2', {id: 'detail-title'}, tensor.n, el('span', {class: 'quiet'}, story(current))),
      button('Previous tensor', '←', () => step_tensor(-1)), button('Next tensor', '→', () => step_tensor(1)), button('Close', '✕', () => dialog.close())), body);
    if (had) {
      const again = [...dialog.querySelectorAll('button')].find(each => (each.getAttribute('aria-label') || each.textContent) === had);
      if (again) again.focus();
    }
  }
  function step_tensor(by) {
    if (!matching.length) return;
    const at = matching.indexOf(current);
    current = matching[(at + by + matching.length) % matching.length];
    draw_tensor();
  }
  function open_tensor(index) {
    current = index;
    draw_tensor();
    if (!dialog.open) dialog.showModal();
  }
  dialog.addEventListener('keydown', event => {
    if (event.key === 'ArrowRight' || event.key === 'j') step_tensor(1);
    else if (event.key === 'ArrowLeft' || event.key === 'k') step_tensor(-1);
  });
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  document.addEventListener('keydown', event => {
    if (event.key === '/' && search && !dialog.open && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    }
  });

  if (table) set_up_table();
  set_up_nodes();
  document.documentElement.classList.add('js');
  set_up_strip();
  set_up_outputs();
})();
