/**
 * The page and the widget in a real browser: readable, reachable by keyboard, never wider than the
 * window, and fresh without being disturbed.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PALETTES } from '../../lambda/adapters/page/palette.ts';
import { widgetPage } from '../../lambda/adapters/page/widget-page.ts';
import { createBoardBench, fillBoard } from '../helpers/board-bench.ts';
import {
  type Browser,
  chromiumPath,
  keepPicture,
  NO_CHROMIUM,
  startBrowser,
} from '../helpers/browser.ts';
import { contrast } from '../helpers/contrast.ts';
import { converse, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const hasChromium = chromiumPath() !== undefined;
if (!hasChromium) process.stderr.write(`the page is not tested in a browser: ${NO_CHROMIUM}\n`);

const VIEWS = [
  ['light', 360],
  ['light', 1280],
  ['dark', 360],
  ['dark', 1280],
] as const;

interface PaintedText {
  readonly text: string;
  readonly color: string;
  readonly ground: string;
}

/** Every text of the page that can be seen, its colour and what is painted behind it. */
const PAINTED = `(() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    if (data.trim() === '' || parentElement.closest('style,script,cwdb-action,.unseen')) continue;
    if (parentElement.getClientRects().length === 0) continue;
    let behind = parentElement;
    while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') {
      behind = behind.parentElement;
    }
    found.push({
      text: data.trim(),
      color: getComputedStyle(parentElement).color,
      ground: behind ? getComputedStyle(behind).backgroundColor : 'rgb(255, 255, 255)',
    });
  }
  return found;
})()`;

async function expectReadable(page: Page, width: number): Promise<void> {
  const texts = (await page.evaluate(PAINTED)) as PaintedText[];
  expect(texts.length).toBeGreaterThan(40);
  for (const { text, color, ground } of texts) {
    expect(contrast(color, ground), `${text}: ${color} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  }
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
}

describe.skipIf(!hasChromium)('in a browser', () => {
  let browser: Browser;
  let running: RunningGateway;
  let key: string;

  beforeAll(async () => {
    [browser, running] = await Promise.all([startBrowser(), startRunningGateway()]);
    const each = Array.from({ length: 103 }, (_, n) => `cap-${String(n).padStart(3, '0')}`);
    await running.cap('team', { limitUsd: '0.004', keys: ['alice'] });
    await Promise.all(each.map((id) => running.cap(id, { keys: ['nobody'] })));
    key = await running.key('alice');
    await spend();
  });

  afterAll(async () => {
    await browser?.close();
    await running?.close();
  });

  const spend = async () => {
    await (await converse(running.url, key, '[[input=1000]] [[output=100]]')).arrayBuffer();
  };

  /** As if its reader had: it reads at once, and no test waits for the next reading. */
  const comeBack = (page: Page) =>
    page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');

  it.each(VIEWS)('the widget can be read in the %s theme at %i pixels', async (theme, width) => {
    const bench = createBoardBench();
    fillBoard(bench);
    const page = await browser.open(width, theme === 'dark' ? 'light' : 'dark');

    await page.setContent(
      `<!doctype html><body style="margin:0">${widgetPage(await bench.board(), theme, 'arn')}`,
    );

    await expectReadable(page, width);
    const ground = await page.evaluate(
      `getComputedStyle(document.querySelector('.hc')).backgroundColor`,
    );
    expect(contrast(String(ground), PALETTES[theme].ground)).toBe(1);
    await keepPicture(page, `widget-${theme}-${width}`);
    await page.close();
  });

  it.each(VIEWS)('the page can be read in the %s theme at %i pixels', async (theme, width) => {
    const page = await browser.open(width, theme);
    const failures: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') failures.push(message.text());
    });

    await page.goto(running.url);

    await expectReadable(page, width);
    // What the policy blocks, the console names.
    expect(failures).toEqual([]);
    await keepPicture(page, `page-${theme}-${width}`);
    await page.close();
  });

  it('names its headings, fields, tables and pictures', async () => {
    const page = await browser.open(1280, 'light');
    await page.goto(`${running.url}/?chosen=team`);

    expect(await page.title()).toBe('hardcap');
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual(['hardcap']);
    expect(await page.getByRole('heading', { level: 2 }).count()).toBe(2);
    expect(await page.getByLabel('Filter').count()).toBe(1);
    expect(await page.getByRole('main').count()).toBe(1);
    expect(await page.getByRole('columnheader', { name: 'Remaining' }).count()).toBe(1);
    expect(await page.getByRole('rowheader', { name: /^team/ }).count()).toBe(1);
    const ids = (await page.evaluate(
      '[...document.querySelectorAll("[id]")].map(({ id }) => id)',
    )) as string[];
    expect(new Set(ids).size).toBe(ids.length);
    await page.close();
  });

  it('is still a table with names to its cells where it is laid out as none', async () => {
    const page = await browser.open(360, 'light');
    await page.goto(running.url);

    expect(await page.getByRole('table').count()).toBe(2);
    expect(await page.getByRole('row').count()).toBeGreaterThan(100);
    expect(await page.getByRole('rowheader', { name: /^team/ }).count()).toBe(1);
    await page.close();
  });

  it('filters and pages by the keyboard, with a focus that can be seen', async () => {
    const page = await browser.open(1280, 'light');
    await page.goto(running.url);

    await page.getByLabel('Filter').focus();
    await page.keyboard.type('cap-');
    await page.keyboard.press('Enter');
    await page.waitForURL(/filter=cap-/);
    expect(await page.getByText('1 to 100 of 103').count()).toBe(1);
    const next = page.getByRole('link', { name: 'Next' });
    await next.focus();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    await page.keyboard.press('Enter');
    await page.waitForURL(/page=2/);
    expect(await page.getByText('101 to 103 of 103').count()).toBe(1);
    await page.getByRole('link', { name: 'Clear' }).click();
    await page.waitForURL(`${running.url}/`);
    await page.close();
  });

  it('gets fresh without losing focus, typed text, open details or its place', async () => {
    const page = await browser.open(1280, 'light');
    await page.goto(`${running.url}/?chosen=team`);
    const settled = page.locator('#hc-row-team [data-label="Settled"]');
    const before = await settled.textContent();
    await page.evaluate('globalThis.marked = document.getElementById("hc-row-team")');
    await page.getByLabel('Filter').fill('half a wo');
    await page.locator('#hc-name-cap-050').focus();
    const place = await page.evaluate('scrollY');

    await spend();
    await comeBack(page);
    await expect.poll(() => settled.textContent(), { timeout: 5_000 }).not.toBe(before);

    expect(place).toBeGreaterThan(0);
    expect(await page.evaluate('scrollY')).toBe(place);
    expect(await page.evaluate('document.activeElement.id')).toBe('hc-name-cap-050');
    expect(await page.getByLabel('Filter').inputValue()).toBe('half a wo');
    expect(await page.evaluate('marked === document.getElementById("hc-row-team")')).toBe(true);
    await page.close();
  });

  it('reads nothing while nobody can see it', async () => {
    const page = await browser.open(1280, 'light');
    await page.goto(running.url);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));

    await page.evaluate('Object.defineProperty(document, "hidden", { value: true })');
    await comeBack(page);

    expect(await page.locator('#hc-state').textContent()).toBe('paused');
    expect(asked).toEqual([]);
    await page.close();
  });

  it('says when the gateway is gone, and asks nobody else all along', async () => {
    const page = await browser.open(1280, 'dark');
    await page.goto(running.url);
    const state = page.locator('#hc-state');
    await expect.poll(() => state.textContent()).toBe('live');

    await page.route('**/*part=live*', (route) => route.abort());
    await comeBack(page);

    await expect
      .poll(() => state.textContent(), { timeout: 5_000 })
      .toBe('the gateway does not answer: what is shown is old');
    expect(browser.strayRequests).toEqual([]);
    await page.close();
  });
});
