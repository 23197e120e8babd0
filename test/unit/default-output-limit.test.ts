/**
 * `defaultMaxTokens`: which one holds, and what is written, in each shape and beside thinking.
 */
import { describe, expect, it } from 'vitest';
import { type AskedRequest, decide } from '../../lambda/application/admission.ts';
import type { CallerKey, Cap } from '../../lambda/domain/cap.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import { type JsonObject, parseBody } from '../../lambda/domain/request-body.ts';
import { cap } from '../helpers/builders.ts';
import { callerKey, guardOptions, HAIKU, settingsTable } from '../helpers/fake-ports.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const NOVA = 'us.amazon.nova-2-lite-v1:0';
const MAX_OUTPUT = { [HAIKU]: 64_000, [NOVA]: 64_000 } as const;

interface Shape {
  readonly name: string;
  readonly modelId: keyof typeof MAX_OUTPUT;
  readonly operation: Operation;
  readonly limitOf: (body: JsonObject) => unknown;
}

const inInference = (body: JsonObject) => (body.inferenceConfig as JsonObject)?.maxTokens;
const SHAPES: readonly Shape[] = [
  { name: 'Anthropic', modelId: HAIKU, operation: 'invoke', limitOf: (body) => body.max_tokens },
  { name: 'Anthropic by Converse', modelId: HAIKU, operation: 'converse', limitOf: inInference },
  { name: 'Nova', modelId: NOVA, operation: 'invoke', limitOf: inInference },
  { name: 'Nova by Converse', modelId: NOVA, operation: 'converse', limitOf: inInference },
];

/** What goes out for a body, by these settings. */
function written(
  { modelId, operation, limitOf }: Shape,
  settings: { key?: Partial<CallerKey>; caps?: readonly Cap[]; body?: JsonObject } = {},
) {
  const { key = {}, caps = [cap()], body = { messages: [] } } = settings;
  const view = { ...settingsTable({ caps, prices: new Map() }), readAtMs: NOON_MS };
  const asked: AskedRequest = { operation, modelId, region: 'us-east-1', body, headers: {} };
  const { prepared } = decide(view, callerKey(key), asked, guardOptions(), NOON_MS);
  return { limit: limitOf(parseBody(prepared.body)), outputTokens: prepared.outputTokens };
}

describe.each(SHAPES)('defaultMaxTokens for $name', (shape) => {
  it.each([1, 63_999, 64_000])('of %i is written where the request names no limit', (tokens) => {
    expect(written(shape, { key: { defaultMaxTokens: tokens } })).toEqual({
      limit: tokens,
      outputTokens: tokens,
    });
  });

  it('above the model’s maximum is the maximum, and so is none', () => {
    const maximum = MAX_OUTPUT[shape.modelId];

    expect(written(shape, { key: { defaultMaxTokens: 64_001 } }).limit).toBe(maximum);
    expect(written(shape).limit).toBe(maximum);
  });

  it('of the key goes before those of caps, of which the smallest holds', () => {
    const caps = [cap({ defaultMaxTokens: 700 }), cap({ capId: 'b', defaultMaxTokens: 500 })];

    expect(written(shape, { caps }).limit).toBe(500);
    expect(written(shape, { caps, key: { defaultMaxTokens: 900 } }).limit).toBe(900);
  });

  it('of a cap that does not cover the request is not used', () => {
    const caps = [cap(), cap({ capId: 'b', defaultMaxTokens: 5, selectors: { keys: ['other'] } })];

    expect(written(shape, { caps }).limit).toBe(MAX_OUTPUT[shape.modelId]);
  });
});

describe('defaultMaxTokens beside a thinking budget', () => {
  const thinking = { type: 'enabled', budget_tokens: 4_000 };
  const bodies: readonly [Shape, JsonObject][] = SHAPES.slice(0, 2).map((shape) => [
    shape,
    shape.operation === 'invoke'
      ? { messages: [], thinking }
      : { messages: [], additionalModelRequestFields: { thinking } },
  ]);

  it.each(bodies)('of $name is what is left for the answer', (shape, body) => {
    const { limit, outputTokens } = written(shape, { body, key: { defaultMaxTokens: 1 } });

    expect([limit, outputTokens]).toEqual([4_001, 4_001]);
  });

  it.each(bodies)('of $name never passes the model’s maximum', (shape, body) => {
    expect(written(shape, { body, key: { defaultMaxTokens: 64_000 } }).limit).toBe(64_000);
  });
});
