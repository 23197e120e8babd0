/**
 * Requests of models that a test makes by hand: how they are bounded, refused and settled.
 */
import type { Admission } from '../../lambda/application/admission.ts';
import { byUsage } from '../../lambda/application/endings.ts';
import type { Ending } from '../../lambda/application/settlement.ts';
import type { Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { type Prepared, prepareRequest } from '../../lambda/domain/estimate.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';
import { type Usage, usageFromAnswer } from '../../lambda/domain/usage.ts';
import { price, subject } from './builders.ts';
import { callerKey } from './fake-ports.ts';

/** A model without any token price, as those are that are billed by other units. */
export const NO_TOKENS = { inputNanoUsdPerMillion: 0n, outputNanoUsdPerMillion: 0n };

export const modelOf = (family: Model['family'], rest: Partial<Model> = {}): Model => ({
  modelId: 'm',
  baseModelId: 'm',
  profileId: 'm',
  vendor: 'v',
  family,
  price: price(),
  contextWindowTokens: 200_000,
  maxOutputTokens: 4_096,
  ...rest,
});

export interface Asked {
  readonly operation?: Operation;
  readonly headers?: Readonly<Record<string, string>>;
  readonly allow?: readonly string[];
}

export const prepare = (model: Model, body: JsonObject, asked: Asked = {}): Prepared =>
  prepareRequest({
    operation: asked.operation ?? 'invoke',
    model,
    body,
    headers: asked.headers ?? {},
    allowFields: new Set(asked.allow),
  });

/** "ok", or the code and field of the refusal. */
export function verdict(model: Model, body: JsonObject, asked: Asked = {}): string {
  try {
    prepare(model, body, asked);
    return 'ok';
  } catch (error) {
    if (error instanceof HardcapError) return `${error.code} ${error.details.field}`;
    throw error;
  }
}

/** The usage of a whole answer of this body. */
export const answered = (model: Model, answer: unknown, asked: Asked = {}): Usage =>
  usageFromAnswer({
    operation: asked.operation ?? 'invoke',
    model,
    headers: asked.headers ?? {},
    body: Buffer.from(JSON.stringify(answer)),
    oneHourCacheWrites: false,
  });

/** How a prepared request of this usage ends in money. */
export function ended(model: Model, prepared: Prepared, usage: Usage): Ending {
  const admission: Admission = {
    key: callerKey(),
    subject: subject(),
    model,
    prepared,
    charges: [],
    fit: {},
  };
  return byUsage(admission, usage, 200);
}
