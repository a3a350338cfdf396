// screenshots.mjs PAGE.html FOLDER [TENSOR] - takes the pictures of docs/report.md: the whole window in
// light, dark and at 400 pixels, the strip, a tensor (by default the worst), and the time per node.
import path from 'node:path';

import {open, start} from './browser.mjs';

const [file, folder, tensor] = process.argv.slice(2);

async function open_tensor(page) {
  if (tensor) await page.fill('#search', tensor);
  else await page.click('th[data-key=db] button');
  await page.locator('#tensors tbody tr:visible').first().click();
}

const browser = await start();
try {
  const shot = async (name, options, act = async () => {}, full = false) => {
    const {page, context} = await open(browser, file, options);
    await act(page);
    await page.screenshot({path: path.join(folder, `report_${name}.png`), fullPage: full});
    await context.close();
  };
  const wide = {viewport: {width: 1100, height: 860}};
  await shot('light', wide);
  await shot('dark', {...wide, colorScheme: 'dark'}, page => page.locator('#strip').scrollIntoViewIfNeeded());
  await shot('narrow', {viewport: {width: 400, height: 860}, colorScheme: 'light'});
  await shot('tensor', wide, open_tensor);
  await shot('nodes', wide, async page => {
    await page.click('#nodes th[data-key=q] button');
    await page.click('#nodes th[data-key=q] button');
    await page.locator('#node-list').evaluate(section => section.scrollIntoView({behavior: 'instant'}));
  });
} finally {
  await browser.close();
}
