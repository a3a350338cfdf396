// report_test.mjs FOLDER - opens the pages that report_pages (the program beside this) wrote into the
// folder, in Chromium, and uses them as readers do. Prints each check; exit code 1 if one fails.
import {statSync} from 'node:fs';
import path from 'node:path';

import {axe, open, start} from './browser.mjs';

const folder = process.argv[2];
let failed = 0;
function check(what, is_so, found = '') {
  console.log(`${is_so ? 'ok    ' : 'FAILED'} ${what}${is_so || found === '' ? '' : `: found ${found}`}`);
  if (!is_so) ++failed;
}
const file = name => path.join(folder, name);
const shown = page => page.locator('#tensors tbody tr:visible').count();

/** Serious and critical faults by axe-core; sections that are off screen are looked at, too. */
async function check_access(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, {resultTypes: ['violations']});
    return result.violations.filter(each => each.impact === 'serious' || each.impact === 'critical')
      .map(each => `${each.id} (${each.nodes.length}: ${each.nodes[0].html.slice(0, 120)})`);
  });
  check(`${what}: axe-core finds no serious or critical fault`, found.length === 0, found.join('; '));
}

async function use_summary(browser) {
  const {page, context, faults} = await open(browser, file('summary.html'));
  check('the verdict comes first', await page.locator('main > section').first().evaluate(e => e.classList.contains('verdict')));
  const all = await shown(page);
  check('the table has all tensors', all === 8, all);
  await page.fill('#search', 'conv');
  check('the search filters', await shown(page) < all && await shown(page) > 0, await shown(page));
  check('the search is announced', (await page.textContent('#shown')).includes(`of ${all}`));
  await page.fill('#search', '');
  await page.selectOption('#filter', {label: 'Below 30 dB'});
  const low = await shown(page);
  check('the filter filters', low > 0 && low < all, low);
  await page.selectOption('#filter', '0');
  await page.click('th[data-key=db] button');
  const first = await page.locator('#tensors tbody tr').first().locator('td').first().textContent();
  check('sorting puts the worst first', Number(first) < 20, first);
  await check_access(page, 'the page');
  await page.locator('#tensors tbody tr').first().click();
  check('a click opens the tensor', await page.locator('dialog[open]').count() === 1);
  check('its charts are there', await page.locator('dialog svg.chart').count() >= 2, await page.locator('dialog svg.chart').count());
  const name = await page.textContent('#detail-title');
  await page.keyboard.press('ArrowRight');
  check('an arrow goes to the next tensor', await page.textContent('#detail-title') !== name);
  await page.click('dialog .choice button:has-text("linear") >> nth=0');
  await check_access(page, 'the tensor');
  await page.keyboard.press('Escape');
  check('Escape closes it', await page.locator('dialog[open]').count() === 0);
  await page.keyboard.press('/');
  check('/ goes to the search', await page.evaluate(() => document.activeElement.id) === 'search');
  await page.locator('#strip .strip-box').focus();
  await page.keyboard.press('ArrowRight');
  check('the strip tells where one is', (await page.locator('#strip .readout').textContent()).includes('dB'), await page.locator('#strip .readout').textContent());
  await page.keyboard.press('Enter');
  check('Enter on the strip opens the tensor', await page.locator('dialog[open]').count() === 1);
  await page.keyboard.press('Escape');
  check('the scatter plot is there', await page.locator('#scatter circle').count() > 5);
  check('nothing went wrong', faults.length === 0, faults.join('; '));
  await context.close();
}

async function use_times(browser) {
  const {page, context, faults} = await open(browser, file('summary.html'));
  check('a line tells where the time goes', (await page.textContent('#time-line')).includes('Slower in int8'), await page.textContent('#time-line'));
  const shown_nodes = () => page.locator('#nodes tbody tr:visible');
  check('the nodes that tell times are listed', await shown_nodes().count() === 6, await shown_nodes().count());
  const name = async at => (await shown_nodes().nth(at).locator('th').textContent()).trim();
  const first = await name(0);
  await page.click('#nodes th[data-key=r] button');
  await page.click('#nodes th[data-key=r] button');
  check('sorting by the ratio puts the slower one first', (await name(0)).includes('conv_2'), await name(0));
  await page.click('#nodes th[data-key=r] button');
  check('a third click puts them back', await name(0) === first, await name(0));
  await page.click('#nodes tbody tr:first-child th button');
  check('a node opens what it makes', (await page.textContent('#detail-title')).includes('conv_1'), await page.locator('dialog[open]').count());
  check('which tells the times of its maker', /made by .* float, .* int8/.test(await page.textContent('#detail-title')), await page.textContent('#detail-title'));
  await page.keyboard.press('Escape');
  const bars_of = each => each.evaluate(() => ['time-float', 'time-int8'].map(name => document.querySelector(`#strip .strip-box .${name}`).getAttribute('d').split('M').length - 1));
  const bars = await bars_of(page);
  check('the strip has a bar for each time', bars[0] === 6 && bars[1] === 6, bars.join());
  await page.locator('#strip .strip-box').focus();
  for (let i = 0; i < 4; ++i) await page.keyboard.press('ArrowRight');
  check('the strip says who tells a time', (await page.textContent('#strip .readout')).includes('timed with'), await page.textContent('#strip .readout'));
  check('nothing went wrong with times', faults.length === 0, faults.join('; '));
  await context.close();
  const compared = await open(browser, file('compare.html'));
  check('a comparison has a strip of times', (await bars_of(compared.page))[1] === 3, (await bars_of(compared.page)).join());
  check('and no marks of errors', await compared.page.locator('#strip .strip-box .dot').count() === 0);
  await compared.context.close();
  const untimed = await open(browser, file('untimed.html'));
  check('a page without times says so', (await untimed.page.textContent('#node-list')).includes('Not measured'));
  check('and has no empty table', await untimed.page.locator('#nodes').count() === 0);
  await untimed.context.close();
}

async function use_hostile(browser) {
  const {page, context, faults} = await open(browser, file('hostile.html'));
  check('no script of a name ran', await page.evaluate(() => window.stolen === undefined));
  check('names are text', await page.locator('#tensors tbody th').first().textContent().then(text => text.includes('<script>')));
  check('no element came out of a name', await page.locator('main script, main img, main iframe').count() === 0);
  await page.locator('#tensors tbody tr').first().click();
  check('nor in the tensor', await page.locator('dialog script, dialog img').count() === 0);
  check('its name is text there', (await page.textContent('#detail-title')).includes('<script>'));
  check('nothing went wrong with hostile names', faults.length === 0, faults.join('; '));
  await context.close();
}

async function use_large(browser) {
  const {page, context, faults, milliseconds} = await open(browser, file('large.html'));
  const bytes = statSync(file('large.html')).size;
  check('2000 tensors take less than 5 MB', bytes < 5e6, bytes);
  // A second on a machine that does nothing else; others may be at work here.
  check('they open in a second or so', milliseconds < 3000, `${milliseconds.toFixed(0)} ms`);
  console.log(`       large.html: ${(bytes / 1e6).toFixed(2)} MB, loaded in ${milliseconds.toFixed(0)} ms`);
  check('all rows are there', await page.locator('#tensors tbody tr').count() === 2000);
  const few = await shown(page);
  check('a part is shown', few >= 50 && few < 500, few);
  await page.locator('#tensor-list .scroll').evaluate(box => { box.scrollTop = box.scrollHeight; });
  await page.waitForTimeout(200);
  check('more when one scrolls', await shown(page) > few, await shown(page));
  const nodes = () => page.locator('#nodes tbody tr:visible').count();
  const few_nodes = await nodes();
  check('a part of the nodes is shown', few_nodes === 100, few_nodes);
  await page.locator('#node-list .scroll:has(#nodes)').evaluate(box => { box.scrollTop = box.scrollHeight; });
  await page.waitForTimeout(200);
  check('more nodes when one scrolls', await nodes() > few_nodes, await nodes());
  await page.fill('#search', '_1999');
  check('one is found', await shown(page) === 1, await shown(page));
  check('nothing went wrong with many', faults.length === 0, faults.join('; '));
  await context.close();
}

async function use_others(browser) {
  for (const name of ['against.html', 'statistics.html', 'ranges.html', 'analog.html', 'compare.html', 'bare.html', 'untimed.html']) {
    for (const options of [{}, {viewport: {width: 400, height: 800}, colorScheme: 'dark'}]) {
      const {page, context, faults} = await open(browser, file(name), options);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      const how = `${name}${options.viewport ? ', dark and narrow' : ''}`;
      check(`${how} is not wider than the window`, wide <= 0, `${wide} px`);
      check(`${how}: nothing went wrong`, faults.length === 0, faults.join('; '));
      await check_access(page, how);
      await context.close();
    }
  }
}

async function without_script(browser) {
  const {page, context} = await open(browser, file('summary.html'), {javaScriptEnabled: false});
  check('without scripts there is a table', await page.locator('#tensors tbody tr').count() === 8);
  check('without scripts there is the verdict', await page.locator('.verdict h2').isVisible());
  await context.close();
  const large = await open(browser, file('large.html'), {javaScriptEnabled: false});
  check('without scripts all rows are shown', await large.page.locator('#tensors tbody tr').last().isVisible());
  check('and all nodes', await large.page.locator('#nodes tbody tr').last().isVisible());
  await large.context.close();
}

const browser = await start();
try {
  for (const use of [use_summary, use_times, use_hostile, use_large, use_others, without_script]) await use(browser);
} finally {
  await browser.close();
}
console.log(failed === 0 ? 'all is well' : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
