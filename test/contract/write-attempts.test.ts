/**
 * What one write's answers are taken for: answers that no store gives when it is asked to are
 * given by a stubbed client.
 */
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { type CounterHold, reservationId } from '../../lambda/domain/reservation.ts';
import { usd } from '../helpers/builders.ts';
import { startDynaliteLedger } from '../helpers/ledger-table.ts';
import { createVirtualClock, NOON_MS } from '../helpers/virtual-clock.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }));
const dynamo = mockClient(client);
const clock = createVirtualClock();
const ledger = createDynamoLedger({
  dynamo: documentCalls(client),
  tableName: 'ledger',
  clock,
  maxInFlight: 2_000,
  journalDays: 90,
});

const id = reservationId(NOON_MS + 60_000, '0123456789');
const counter = { pk: 'COUNTER#a', sk: 'lifetime' };
const request = {
  counter,
  reservationId: id,
  amountNanoUsd: usd('3'),
  limitNanoUsd: usd('10'),
  shownLimitNanoUsd: usd('10'),
};
const held: CounterHold = {
  counter,
  reservationId: id,
  reservedNanoUsd: usd('3'),
  ambiguous: false,
};

/** A refusal with the item as DynamoDB gives it: raw, not as the document client reads it. */
const refusal = (item?: Record<string, string>) =>
  new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: { httpStatusCode: 400 },
    ...(item === undefined
      ? {}
      : { Item: Object.fromEntries(Object.entries(item).map(([name, N]) => [name, { N }])) }),
  });

const answer = (name: string, httpStatusCode?: number, message = name) =>
  Object.assign(new Error(message), {
    name,
    $metadata: httpStatusCode === undefined ? {} : { httpStatusCode },
  });

const itemFull = () =>
  answer('ValidationException', 400, 'Item size to update has exceeded the maximum allowed size');

const written = {
  Attributes: { committedUsd: NumberValue.from('3'), settledUsd: NumberValue.from('0') },
};

const writes = () => dynamo.commandCalls(UpdateCommand);
const reads = () => dynamo.commandCalls(GetCommand);

beforeEach(() => dynamo.reset());
afterEach(() => dynamo.reset());

describe('a write that is tried again', () => {
  it('is told of for each attempt beyond its first', async () => {
    let retries = 0;
    const onRetry = () => {
      retries += 1;
    };
    const watched = createDynamoLedger({
      dynamo: documentCalls(client),
      tableName: 'ledger',
      clock,
      maxInFlight: 2_000,
      journalDays: 90,
      onRetry,
    });
    dynamo.on(UpdateCommand).resolvesOnce(written);
    await watched.reserve(request);
    expect(retries).toBe(0);

    dynamo.reset();
    dynamo
      .on(UpdateCommand)
      .rejectsOnce(answer('ThrottlingException', 400))
      .rejectsOnce(answer('TimeoutError'))
      .resolves(written);
    await watched.reserve(request);
    expect(retries).toBe(2);
  });
});

describe('a refused condition', () => {
  it('is explained by the item that came with it, and nothing is read', async () => {
    dynamo.on(UpdateCommand).rejects(refusal({ committedUsd: '9', settledUsd: '8' }));

    expect(await ledger.reserve(request)).toMatchObject({ kind: 'refused', reason: 'spent' });
    expect(writes()).toHaveLength(1);
    expect(reads()).toHaveLength(0);
  });

  it('is explained by a strong read where it came without the item', async () => {
    dynamo.on(UpdateCommand).rejects(refusal());
    dynamo.on(GetCommand).resolves({
      Item: { committedUsd: NumberValue.from('9'), settledUsd: NumberValue.from('1') },
    });

    expect(await ledger.reserve(request)).toMatchObject({ reason: 'reserved-in-flight' });
    expect(reads().map(({ args }) => args[0].input)).toEqual([
      { TableName: 'ledger', Key: counter, ConsistentRead: true },
    ]);
  });

  it('is tried again where it cannot be read back, and stays a certain failure', async () => {
    dynamo.on(UpdateCommand).rejects(refusal());
    dynamo.on(GetCommand).rejects(answer('TimeoutError'));

    expect(await ledger.reserve(request)).toMatchObject({
      kind: 'unavailable',
      hold: { ambiguous: false },
    });
    expect(writes()).toHaveLength(3);
  });

  it('is our own write that got through before, where an answer was lost', async () => {
    dynamo
      .on(UpdateCommand)
      .rejectsOnce(answer('TimeoutError'))
      .rejects(refusal({ committedUsd: '3E0', settledUsd: '0', inFlight: '1', [`r:${id}`]: '3' }));

    expect(await ledger.reserve(request)).toEqual({
      kind: 'reserved',
      hold: { ...held, ambiguous: true },
      state: { committedNanoUsd: usd('3'), settledNanoUsd: usd('0'), inFlight: 1 },
    });
    expect(reads()).toHaveLength(0);
  });

  it('is another holder of the same id, where every answer came', async () => {
    dynamo.on(UpdateCommand).rejects(refusal({ committedUsd: '3', [`r:${id}`]: '3' }));

    await expect(ledger.reserve(request)).rejects.toMatchObject({ code: 'invariant_broken' });
  });

  it('ends as in flight where no reason can be seen, after five tries', async () => {
    dynamo.on(UpdateCommand).rejects(refusal({ committedUsd: '1', settledUsd: '1' }));

    expect(await ledger.reserve(request)).toMatchObject({
      kind: 'refused',
      reason: 'reserved-in-flight',
      state: { committedNanoUsd: usd('1') },
    });
    expect(writes()).toHaveLength(5);
  });

  it('asks for the item and for the new numbers with every write', async () => {
    dynamo.on(UpdateCommand).resolves(written);

    await ledger.reserve(request);

    expect(writes()[0]?.args[0].input).toMatchObject({
      ReturnValues: 'UPDATED_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  });
});

describe('an answer that is no answer', () => {
  it.each([
    ['a time-out', answer('TimeoutError')],
    ['a reset connection', answer('ECONNRESET')],
    ['a 500', answer('InternalServerError', 500)],
    ['a 503', answer('ServiceUnavailable', 503)],
    ['a 200 that cannot be read', answer('SyntaxError', 200)],
  ])('leaves it open whether the write took effect: %s', async (_, error) => {
    dynamo.on(UpdateCommand).rejectsOnce(error).resolves(written);

    expect(await ledger.reserve(request)).toMatchObject({
      kind: 'reserved',
      hold: { ambiguous: true },
    });
    expect(writes()).toHaveLength(2);
  });

  it.each([
    ['AccessDeniedException', 400],
    ['ResourceNotFoundException', 400],
    ['ValidationException', 400],
    ['UnrecognizedClientException', 400],
    ['RequestEntityTooLarge', 413],
  ])('says that nothing was written, and is not sent again: %s', async (name, status) => {
    dynamo.on(UpdateCommand).rejects(answer(name, status));

    expect(await ledger.reserve(request)).toMatchObject({
      kind: 'unavailable',
      hold: { ambiguous: false },
      cause: { name },
    });
    expect(writes()).toHaveLength(1);
  });

  it.each([
    'ProvisionedThroughputExceededException',
    'ThrottlingException',
    'RequestLimitExceeded',
  ])('says that nothing was written, and is sent again: %s', async (name) => {
    dynamo.on(UpdateCommand).rejectsOnce(answer(name, 400)).resolves(written);

    expect(await ledger.reserve(request)).toMatchObject({ hold: { ambiguous: false } });
    expect(writes()).toHaveLength(2);
  });

  it('stays open where a certain answer follows one that was lost', async () => {
    dynamo
      .on(UpdateCommand)
      .rejectsOnce(answer('TimeoutError'))
      .rejects(answer('AccessDeniedException', 400));

    expect(await ledger.reserve(request)).toMatchObject({
      kind: 'unavailable',
      hold: { ambiguous: true },
    });
  });
});

describe('a counter that is full', () => {
  it('refuses for its size, with its books', async () => {
    dynamo.on(UpdateCommand).rejects(itemFull());
    dynamo.on(GetCommand).resolves({
      Item: { committedUsd: NumberValue.from('2'), inFlight: NumberValue.from('1900') },
    });

    expect(await ledger.reserve(request)).toMatchObject({
      kind: 'refused',
      reason: 'in-flight-limit',
      state: { committedNanoUsd: usd('2'), inFlight: 1_900 },
    });
    expect(writes()).toHaveLength(1);
  });

  it('hands the hold back where an earlier attempt may still arrive and has no fence', async () => {
    dynamo
      .on(UpdateCommand)
      .rejectsOnce(answer('TimeoutError'))
      .rejectsOnce(itemFull())
      .rejectsOnce(refusal({ committedUsd: '2' }))
      .rejects(itemFull());
    dynamo.on(GetCommand).resolves({ Item: {} });

    expect(await ledger.reserve(request)).toMatchObject({
      kind: 'unavailable',
      hold: { reservationId: id, ambiguous: true },
    });
  });

  it('fences what may still arrive, where there is room for the fence', async () => {
    dynamo
      .on(UpdateCommand)
      .rejectsOnce(answer('TimeoutError'))
      .rejectsOnce(itemFull())
      .rejectsOnce(refusal({ committedUsd: '2' }))
      .resolves({});
    dynamo.on(GetCommand).resolves({ Item: {} });

    expect(await ledger.reserve(request)).toMatchObject({ reason: 'in-flight-limit' });
    const fence = writes().at(-1)?.args[0].input;
    expect(fence?.UpdateExpression).toContain('SET #r = :zero');
    expect(fence?.ExpressionAttributeNames).toMatchObject({ '#r': `r:${id}` });
  });

  it('is refused by a store whose items cannot grow, and takes reservations again', async () => {
    const table = await startDynaliteLedger(1);
    const place = { dynamo: documentCalls(table.connect()), tableName: table.tableName, clock };
    const small = createDynamoLedger({ ...place, maxInFlight: 2_000, journalDays: 90 });
    const holds: CounterHold[] = [];
    const next = () =>
      small.reserve({
        ...request,
        reservationId: reservationId(NOON_MS, clock.randomCharacters(10)),
        amountNanoUsd: usd('0.01'),
      });

    let outcome = await next();
    while (outcome.kind === 'reserved') {
      holds.push(outcome.hold);
      outcome = await next();
    }

    expect(outcome).toMatchObject({ kind: 'refused', reason: 'in-flight-limit' });
    expect(holds.length).toBeGreaterThan(10);
    const settled = await Promise.all(holds.map((hold) => small.settle(hold, usd('0.01'))));
    expect(settled.every(({ kind }) => kind === 'ended')).toBe(true);
    expect((await next()).kind).toBe('reserved');
    await table.close();
  });
});

describe('a counter that cannot be read', () => {
  it('refuses nobody by a guess: the reserve fails', async () => {
    dynamo.on(UpdateCommand).rejects(refusal({ committedUsd: 'much' }));

    await expect(ledger.reserve(request)).rejects.toMatchObject({ code: 'invariant_broken' });
  });

  it.each(['inFlight', 'cutUntilMs'])('fails where %s is not a number', async (attribute) => {
    dynamo.on(UpdateCommand).rejects(refusal({ committedUsd: '1', [attribute]: 'many' }));

    await expect(ledger.reserve(request)).rejects.toMatchObject({ code: 'invariant_broken' });
  });

  it('hands back the hold of what was written on it', async () => {
    dynamo.on(UpdateCommand).resolves({
      Attributes: { committedUsd: NumberValue.from('3'), settledUsd: 'no number' },
    });

    expect(await ledger.reserve(request)).toMatchObject({
      kind: 'unavailable',
      hold: { reservationId: id },
    });
  });
});

describe('the ends of a reservation', () => {
  it('are given up where the store is gone, and say why', async () => {
    dynamo.on(UpdateCommand).rejects(answer('TimeoutError'));

    expect(await ledger.settle(held, usd('1'))).toMatchObject({
      kind: 'unavailable',
      cause: { name: 'TimeoutError' },
    });
    expect(writes()).toHaveLength(3);
  });

  it('take the item of the refusal for what stands: already ended by another', async () => {
    dynamo.on(UpdateCommand).rejects(refusal({ committedUsd: '1', settledUsd: '1' }));

    expect(await ledger.settle(held, usd('1'))).toEqual({ kind: 'already-ended' });
    expect(reads()).toHaveLength(0);
  });

  it('outlast one time-out after many throttled attempts', async () => {
    const throttled = answer('ThrottlingException', 400);
    const lost = answer('TimeoutError');
    const course = [...Array(10).fill(throttled), lost, ...Array(5).fill(throttled), lost];
    const attempts = course.reduce((on, error) => on.rejectsOnce(error), dynamo.on(UpdateCommand));
    attempts.resolves({});

    expect(await ledger.settle(held, usd('1'))).toEqual({ kind: 'ended' });
    expect(writes()).toHaveLength(18);
  });

  it('are given up at the third time-out, however they were throttled between', async () => {
    const throttled = answer('ThrottlingException', 400);
    const lost = answer('TimeoutError');
    [throttled, throttled, lost, throttled, throttled, lost, throttled, lost]
      .reduce((on, error) => on.rejectsOnce(error), dynamo.on(UpdateCommand))
      .resolves({});

    expect(await ledger.settle(held, usd('1'))).toMatchObject({ kind: 'unavailable' });
    expect(writes()).toHaveLength(8);
  });

  it('are not throttled for long past the deadline, when the function is about to stop', async () => {
    const last = createDynamoLedger({
      dynamo: documentCalls(client),
      tableName: 'ledger',
      clock,
      maxInFlight: 2_000,
      journalDays: 90,
      reservationMarginMs: 60_000,
    });
    dynamo.on(UpdateCommand).rejects(answer('ThrottlingException', 400));

    expect(await last.settle(held, usd('1'))).toMatchObject({ kind: 'unavailable' });
    expect(writes()).toHaveLength(3);
  });
});
