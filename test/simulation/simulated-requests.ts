/**
 * What the requests of a run ask for, and the most that each can cost.
 */
import { findModel } from '../../lambda/domain/catalogue.ts';
import { prepareRequest } from '../../lambda/domain/estimate.ts';
import type { NanoUsd } from '../../lambda/domain/money.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';

export const MODEL_ID = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
export const MODEL = findModel(MODEL_ID, new Map(), 'us-east-1');

/** From the smallest. */
export const MAX_TOKENS = [10, 60, 120] as const;

/** Output tokens of a progressive reservation at a time: few, so that these requests have many. */
export const TRANCHE_TOKENS = 8;

export const bodyOf = (maxTokens: number): JsonObject => ({
  messages: [{ role: 'user', content: [{ text: 'a prompt of some sixty bytes' }] }],
  inferenceConfig: { maxTokens },
});

/** What a request of so many tokens reserves: limits are drawn to fit it to the nano-dollar. */
export const boundOf = (maxTokens: number): NanoUsd =>
  prepareRequest({
    operation: 'converse',
    model: MODEL,
    body: bodyOf(maxTokens),
    headers: {},
    allowFields: new Set(),
  }).boundNanoUsd;
