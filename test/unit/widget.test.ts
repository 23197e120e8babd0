/**
 * Rules of the widget function: what it takes from CloudWatch's event, and that it answers always.
 */
import { describe, expect, it } from 'vitest';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { composeWidget } from '../../lambda/widget/compose.ts';
import { boardRequestOf, themeOf } from '../../lambda/widget/event.ts';
import { createFakeTelemetry } from '../helpers/fake-ports.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const typed = (filter: unknown) => ({ widgetContext: { forms: { all: { filter } } } });

describe('an event', () => {
  it('is asked for by the field where the action names no filter', () => {
    expect(boardRequestOf(typed('alice'))).toEqual({ filter: 'alice', page: 1 });
  });

  it('is asked for by the action where it names one, also an empty one', () => {
    expect(boardRequestOf({ ...typed('alice'), filter: '' }).filter).toBe('');
    expect(boardRequestOf({ ...typed('x'), filter: 'bob', page: 3, chosen: 'a#b' })).toEqual({
      filter: 'bob',
      page: 3,
      chosen: 'a#b',
    });
  });

  it.each([undefined, null, 'text', 7, [], { page: -1 }, { page: 'x', filter: 5, chosen: {} }])(
    'of any other form asks for the first page of all: %j',
    (event) => {
      expect(boardRequestOf(event)).toEqual({ filter: '', page: 1 });
      expect(themeOf(event)).toBe('light');
    },
  );

  it("tells the viewer's theme", () => {
    expect(themeOf({ widgetContext: { theme: 'dark' } })).toBe('dark');
  });
});

describe('the widget', () => {
  const telemetry = createFakeTelemetry();
  const widget = composeWidget({
    // Nothing listens there.
    client: createLedgerClient({
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    }),
    environment: { settingsTable: 'settings', ledgerTable: 'ledger' },
    clock: createVirtualClock(),
    telemetry,
  });

  it('describes itself in markdown, and reads nothing for that', async () => {
    expect(await widget({ describe: true }, 'arn')).toMatch(/^## hardcap: caps\n/);
  });

  it('says in words that the settings cannot be read, and in the log why', async () => {
    const answer = await widget({ widgetContext: { theme: 'dark' } }, 'arn');

    expect(answer).toContain('The caps could not be read.');
    expect(answer).toContain('settings_unavailable');
    expect(answer).not.toContain('ECONNREFUSED');
    expect(telemetry.lines.at(-1)).toMatchObject({
      message: 'the widget could not read the caps',
    });
  });
});
