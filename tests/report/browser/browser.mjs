// Starts Debian's Chromium for tests and screenshots of report pages: no network, no profile.
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const require = createRequire(path.join(root, '.deps/browser/package.json'));
const {chromium} = require('playwright-core');

/** Of axe-core, to be run within a page. */
export const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export function start() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

/** A page that notes what goes wrong in it: errors, words on the console, requests of anything but itself. */
export async function open(browser, file, options = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
  const page = await context.newPage();
  const url = pathToFileURL(path.resolve(file)).href;
  const faults = [];
  page.on('pageerror', error => faults.push(`error: ${error.message}`));
  page.on('console', message => faults.push(`console: ${message.text()}`));
  page.on('request', request => {
    if (request.url().split('#')[0] !== url) faults.push(`request: ${request.url()}`);
  });
  const began = performance.now();
  await page.goto(url, {waitUntil: 'load'});
  return {page, context, faults, milliseconds: performance.now() - began};
}
