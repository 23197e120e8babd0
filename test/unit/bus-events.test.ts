/**
 * Events on EventBridge: what is sent, what is sent again, and when the bus is let alone.
 */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBusEvents } from '../../lambda/adapters/events/bus-events.ts';
import { createEventsInTurn } from '../../lambda/adapters/events/events-in-turn.ts';
import type { Events } from '../../lambda/ports/events.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const NAME = 'hardcap.cap.threshold';
const detail = (eventId: string) => ({ eventId, subject: 's', message: 'm' });

const mock = mockClient(EventBridgeClient);
let clock: ReturnType<typeof createVirtualClock>;
let events: Events;
beforeEach(() => {
  mock.reset();
  clock = createVirtualClock();
  events = createBusEvents({
    client: new EventBridgeClient({ region: 'eu-west-1' }),
    clock: { ...clock, sleep: async () => undefined },
  });
});

/** Ids of the events in each call. */
const calls = () =>
  mock
    .commandCalls(PutEventsCommand)
    .map(({ args: [{ input }] }) =>
      (input.Entries ?? []).map(({ Detail = '' }) => JSON.parse(Detail).eventId),
    );

const answer = (...codes: readonly string[]) => ({
  FailedEntryCount: codes.filter((code) => code !== 'ok').length,
  Entries: codes.map((code) => (code === 'ok' ? { EventId: 'e' } : { ErrorCode: code })),
});

/** Every entry of every call is taken. */
const takeAll = () =>
  mock.on(PutEventsCommand).callsFake(({ Entries }) => answer(...Entries.map(() => 'ok')));

describe('an event', () => {
  it('is sent as hardcap, with its name and its whole detail', async () => {
    takeAll();

    await events.emit(NAME, detail('a'));

    expect(mock.commandCalls(PutEventsCommand)[0]?.args[0].input).toEqual({
      Entries: [{ Source: 'hardcap', DetailType: NAME, Detail: JSON.stringify(detail('a')) }],
    });
  });

  it('goes with others that come while a call is under way, ten in a call', async () => {
    takeAll();

    await Promise.all(Array.from({ length: 12 }, (_, n) => events.emit(NAME, detail(`${n}`))));

    expect(calls().map((ids) => ids.length)).toEqual([1, 10, 1]);
  });

  it('that was not taken is sent again, and those beside it are not', async () => {
    mock
      .on(PutEventsCommand)
      .resolvesOnce(answer('ok'))
      .resolvesOnce(answer('ok', 'ThrottlingException', 'ok'))
      .resolvesOnce(answer('ok'));

    await Promise.all(['a', 'b', 'c', 'd'].map((id) => events.emit(NAME, detail(id))));

    expect(calls()).toEqual([['a'], ['b', 'c', 'd'], ['c']]);
  });

  it('that is never taken is given up after three calls, and fails no other', async () => {
    mock
      .on(PutEventsCommand)
      .callsFake(({ Entries }) =>
        answer(
          ...Entries.map(({ Detail }: { Detail: string }) =>
            JSON.parse(Detail).eventId === 'b' ? 'InternalFailure' : 'ok',
          ),
        ),
      );

    const all = await Promise.allSettled(
      ['a', 'b', 'c'].map((id) => events.emit(NAME, detail(id))),
    );

    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls()).toEqual([['a'], ['b', 'c'], ['b'], ['b']]);
  });

  it('that the bus refuses for what it is is not sent again', async () => {
    mock.on(PutEventsCommand).resolves(answer('NotAuthorizedForSource'));

    await expect(events.emit(NAME, detail('a'))).rejects.toThrow('NotAuthorizedForSource');
    expect(calls()).toHaveLength(1);
  });

  it('of an answer without its entry was not taken', async () => {
    mock.on(PutEventsCommand).resolves({});

    await expect(events.emit(NAME, detail('a'))).rejects.toThrow('did not take it');
  });
});

describe('a bus that does not answer', () => {
  it('is asked three times, then let alone for half a minute, so that a run goes on', async () => {
    mock.on(PutEventsCommand).rejects(new Error('time-out'));

    await expect(events.emit(NAME, detail('a'))).rejects.toThrow('time-out');
    await expect(events.emit(NAME, detail('b'))).rejects.toThrow('not asked again yet');
    expect(calls()).toEqual([['a'], ['a'], ['a']]);

    takeAll();
    clock.advance(30_000);
    await events.emit(NAME, detail('b'));
  });
});

describe('events in turn', () => {
  it('are heard by the second place only once the first has them', async () => {
    const heard: string[] = [];
    const log: Events = { emit: async (_name, { eventId }) => void heard.push(eventId) };
    mock.on(PutEventsCommand).resolvesOnce(answer('MalformedDetail')).resolves(answer('ok'));
    const both = createEventsInTurn([events, log]);

    await expect(both.emit(NAME, detail('a'))).rejects.toThrow();
    await both.emit(NAME, detail('b'));

    expect(heard).toEqual(['b']);
  });
});
