/**
 * A lowered output limit is the only one in the body, whatever name it was asked for by.
 */
import { describe, expect, it } from 'vitest';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';

const ASKED = 54_321;
const LOWERED = 300;

/** Bodies that hold one limit each, by every name that a vendor has for it. */
const BODIES: readonly JsonObject[] = [
  ...[
    'max_tokens',
    'maxTokens',
    'max_new_tokens',
    'max_gen_len',
    'max_completion_tokens',
    'max_output_tokens',
    'max_tokens_to_sample',
    'maxOutputTokens',
  ].flatMap((name) => [{ [name]: ASKED }, { inferenceConfig: { [name]: ASKED } }]),
  { textGenerationConfig: { maxTokenCount: ASKED } },
];

const shapes = Object.entries(FAMILIES).flatMap(([name, family]) =>
  family.hasNoOutputTokens === true
    ? []
    : [
        { name: `${name} by InvokeModel`, shape: family.native },
        ...(family.converse === undefined
          ? []
          : [{ name: `${name} by Converse`, shape: family.converse }]),
      ],
);

function limitOf(shape: (typeof shapes)[number]['shape'], body: JsonObject): number | undefined {
  try {
    return shape.outputLimitOf(body);
  } catch {
    return undefined;
  }
}

/** Where no limit is ever written, none is lowered. */
const limited = shapes.filter(({ shape }) => !shape.forbidsOutputLimit({}));

describe('a lowered output limit', () => {
  it.each(limited)('of $name is written over every name that it goes by', ({ shape }) => {
    const bodies = BODIES.filter((body) => limitOf(shape, body) === ASKED);

    expect(bodies).not.toEqual([]);
    for (const body of bodies) {
      const lowered = shape.withOutputLimit(body, LOWERED);
      expect(shape.outputLimitOf(lowered)).toBe(LOWERED);
      expect(JSON.stringify(lowered)).not.toContain(String(ASKED));
    }
  });
});
