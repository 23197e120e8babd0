/**
 * Rules of the page's markup: nobody's word becomes markup, colours can be read, and what a colour
 * says a word says too.
 */
import { describe, expect, it } from 'vitest';
import { html } from '../../lambda/adapters/page/html.ts';
import { localPage } from '../../lambda/adapters/page/local-page.ts';
import { PALETTES, THEMES } from '../../lambda/adapters/page/palette.ts';
import { widgetPage, widgetProblem } from '../../lambda/adapters/page/widget-page.ts';
import { columnUsd } from '../../lambda/adapters/page/words.ts';
import { books, createBoardBench, fillBoard, pastDays } from '../helpers/board-bench.ts';
import { cap, usd } from '../helpers/builders.ts';
import { contrast } from '../helpers/contrast.ts';

const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:widget';
const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</cwdb-action><b>',
  '`alert(1)`',
  '</style><script>',
];

describe('text of people and callers', () => {
  it.each(ATTACKS)('%s stays text wherever it may stand', async (attack) => {
    const bench = createBoardBench();
    const each = cap({ capId: 'each', splitBy: 'tag:run' });
    bench.add(each, books('9', '9', 1), attack);
    bench.past.set(`each#${attack}`, pastDays(bench.clock.nowMs(), ['1', '2'], '10'));
    bench.caps.push({ capId: attack, field: attack, problem: attack });
    const board = await bench.board({ filter: '' });
    const found = { ...board, filter: attack };
    const entry = {
      atMs: 0,
      requestId: attack,
      keyId: attack,
      modelId: attack,
      outcome: attack,
      reason: attack,
      reservedNanoUsd: usd('1'),
      costNanoUsd: usd('1'),
      count: 2,
      counters: [],
    };
    const requests = { entries: [entry], isWhole: true };
    const life = { script: '', refreshMs: 1 };

    for (const page of [
      widgetPage(found, 'light', ARN),
      localPage({ filter: attack, board: found, requests }, life),
      localPage({ filter: attack, board: attack, requests: attack }, life),
      widgetProblem('dark', attack),
    ]) {
      const elements = new Set([...page.matchAll(/<\/?([a-z][\w-]*)/gi)].map(([, name]) => name));
      expect(elements).not.toContain('img');
      expect(elements).not.toContain('b');
      expect(page.match(/<script/g) ?? []).toHaveLength(page.startsWith('<!doctype') ? 1 : 0);
      expect(page.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^<>]*\son\w+\s*=/);
    }
  });

  it('cannot turn the direction of what follows, or hide controls', () => {
    expect(html`<bdi>${'a\u202eb\u0000\u001bc\ud800'}</bdi>`.markup).toBe(
      '<bdi>a\ufffdb\ufffd\ufffdc\ufffd</bdi>',
    );
  });
});

describe('colours', () => {
  it.each(THEMES)('of the %s theme: every text can be read on its ground', (theme) => {
    const palette = PALETTES[theme];
    const pairs = [
      ['text', 'ground'],
      ['text', 'raised'],
      ['muted', 'ground'],
      ['nearText', 'nearGround'],
      ['nearText', 'ground'],
      ['fullText', 'fullGround'],
      ['fullText', 'ground'],
      ['offText', 'offGround'],
    ] as const;

    for (const [text, ground] of pairs) {
      const ratio = contrast(palette[text], palette[ground]);
      expect(ratio, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(THEMES)('of the %s theme: every bar and the focus can be seen', (theme) => {
    const palette = PALETTES[theme];

    for (const bar of ['room', 'near', 'full', 'off'] as const) {
      expect(contrast(palette[bar], palette.track), bar).toBeGreaterThanOrEqual(3);
    }
    expect(contrast(palette.focus, palette.ground)).toBeGreaterThanOrEqual(3);
  });
});

describe('the widget', () => {
  const board = async () => {
    const bench = createBoardBench();
    fillBoard(bench);
    return bench.board();
  };

  it('has nothing that CloudWatch takes out: no script, frame, link to itself or style attribute', async () => {
    const page = widgetPage(await board(), 'dark', ARN);

    expect(page).not.toMatch(/<(script|iframe|use|link|a)\b/);
    expect(page).not.toMatch(/\s(style|href|src|on\w+)=/);
  });

  it('says each level in words beside its colour', async () => {
    const page = widgetPage(await board(), 'light', ARN);

    for (const word of ['over limit', 'at limit', 'near limit', 'disabled', 'warns only']) {
      expect(page).toContain(`>${word}</span>`);
    }
  });

  it('calls its own function with JSON that CloudWatch can read', async () => {
    const page = widgetPage(await board(), 'light', ARN);
    const actions = [...page.matchAll(/<cwdb-action ([^>]*)>([^<]*)<\/cwdb-action>/g)];

    expect(actions.length).toBeGreaterThan(5);
    for (const [, attributes, text = ''] of actions) {
      expect(attributes).toContain(`endpoint="${ARN}"`);
      expect(attributes).toContain('action="call"');
      expect(() => JSON.parse(text.replaceAll('&quot;', '"'))).not.toThrow();
    }
  });

  it('says what cannot be read, and what is refused for it', async () => {
    expect(widgetPage(await board(), 'light', ARN)).toMatch(
      /role="alert".*A cap cannot be read: requests that it could cover are refused/,
    );
  });
});

describe('dollars in a column', () => {
  it.each([
    ['171.2034', 'up', '171.21'],
    ['11.599', 'down', '11.59'],
    ['1000', 'down', '1,000.00'],
    ['1234567.5', 'up', '1,234,567.50'],
    ['0.0412', 'up', '0.0412'],
    ['0.000000001', 'up', '0.0001'],
    ['0.000000001', 'down', '0.00'],
    ['0', 'up', '0.00'],
  ] as const)('%s rounded %s is %s', (amount, rounding, text) => {
    expect(columnUsd(usd(amount), rounding)).toBe(text);
  });
});
