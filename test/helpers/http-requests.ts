/**
 * Function URL events for the gateway's HTTP side, and answers read to their end.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { HttpAnswer, HttpEvent, HttpGateway } from '../../lambda/adapters/http/gateway.ts';
import { HAIKU, KEY_TEXT } from './fake-ports.ts';
import { NOON_MS } from './virtual-clock.ts';

/** A Converse request for at most 100 output tokens. */
export const CONVERSE_BODY = JSON.stringify({
  messages: [{ role: 'user', content: [{ text: 'hello' }] }],
  inferenceConfig: { maxTokens: 100 },
});

/** The path of an operation of Haiku's, as AWS SDKs encode it. */
export const pathOf = (operation: string): string =>
  `/model/${encodeURIComponent(HAIKU)}/${operation}`;

/** The event of a Converse request of the key `ci`. */
export const eventOf = (
  rest: Partial<HttpEvent> & { readonly method?: string; readonly operation?: string } = {},
): HttpEvent => ({
  rawPath: pathOf(rest.operation ?? 'converse'),
  headers: { authorization: `Bearer ${KEY_TEXT}` },
  requestContext: { http: { method: rest.method ?? 'POST' } },
  body: CONVERSE_BODY,
  isBase64Encoded: false,
  ...rest,
});

/** The answer to invocation `r-1`, which has a minute from noon on. */
export const answerTo = (gateway: HttpGateway, event: HttpEvent) =>
  gateway.answer(event, { requestId: 'r-1', deadlineAtMs: NOON_MS + 60_000 });

/** The answer, its body read and its work done. */
export async function exchange(gateway: HttpGateway, event: HttpEvent) {
  const { answer, done } = await answerTo(gateway, event);
  const bytes = await bytesOf(answer);
  await done;
  return { answer, text: bytes.toString(), bytes };
}

const bytesOf = async ({ body }: HttpAnswer): Promise<Buffer> =>
  body instanceof Readable ? buffer(body) : Buffer.from(body);
