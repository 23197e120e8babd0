/**
 * A headless Chromium for tests, where the machine has one.
 *
 * HARDCAP_TEST_CHROMIUM names it; else `chromium` of the PATH is taken. It asks no network for
 * anything of its own.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The program, or undefined where the machine has none. */
export function chromiumPath(): string | undefined {
  const named = process.env.HARDCAP_TEST_CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) =>
    existsSync(file),
  );
}

/** Why tests of the page are left out, for their title. */
export const NO_CHROMIUM =
  'no chromium: install it (apt-get install chromium) or name it in HARDCAP_TEST_CHROMIUM';

export interface Browser {
  readonly context: BrowserContext;
  /** A page of this width and theme, on which any request but to 127.0.0.1 fails the test. */
  open(width: number, theme: 'light' | 'dark'): Promise<Page>;
  /** Requests that were made to somebody else. */
  readonly strayRequests: readonly string[];
  close(): Promise<void>;
}

const HEIGHT = 900;

/** Starts it with an empty profile, which goes with it. */
export async function startBrowser(): Promise<Browser> {
  const profile = await mkdtemp(path.join(tmpdir(), 'hardcap-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath() ?? '',
    headless: true,
    args: FLAGS,
  });
  const strayRequests: string[] = [];
  context.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') strayRequests.push(request.url());
  });
  return {
    context,
    strayRequests,
    open: async (width, theme) => {
      const page = await context.newPage();
      await page.setViewportSize({ width, height: HEIGHT });
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      return page;
    },
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Keeps a picture where HARDCAP_TEST_SCREENSHOTS names a folder to look at them in. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env.HARDCAP_TEST_SCREENSHOTS;
  if (folder === undefined || folder === '') return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
