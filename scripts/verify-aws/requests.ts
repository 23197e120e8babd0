/**
 * The requests that the checks send: tiny, and with words that the simulated Bedrock obeys.
 */
import type { Call } from './caller.ts';

/** `/model/<id>/<operation>` with the id encoded as the SDKs do it. */
export const modelPath = (modelId: string, operation: string): string =>
  `/model/${encodeURIComponent(modelId)}/${operation}`;

export interface Asked {
  readonly text?: string;
  readonly maxTokens?: number;
  readonly operation?: 'converse' | 'converse-stream';
}

/** A Converse request of a few tokens. */
export const converse = (modelId: string, asked: Asked = {}): Call => ({
  path: modelPath(modelId, asked.operation ?? 'converse'),
  body: {
    messages: [{ role: 'user', content: [{ text: asked.text ?? 'Say hello.' }] }],
    inferenceConfig: { maxTokens: asked.maxTokens ?? 5 },
  },
});

/** An InvokeModel request in Nova's shape. */
export const invokeNova = (modelId: string, operation = 'invoke'): Call => ({
  path: modelPath(modelId, operation),
  body: {
    messages: [{ role: 'user', content: [{ text: 'Say hello.' }] }],
    inferenceConfig: { maxTokens: 5 },
  },
});

/** An InvokeModel request in Anthropic's shape. */
export const invokeClaude = (modelId: string): Call => ({
  path: modelPath(modelId, 'invoke'),
  body: {
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'Say hello.' }],
  },
});

/** `200`, or the status with the error's type and the first words of its message. */
export function shortly(answer: {
  readonly status: number;
  readonly body: Buffer;
  readonly broken?: string;
}): string {
  if (answer.status === 0) return `no answer (${answer.broken})`;
  if (answer.status < 400) return String(answer.status);
  const { __type: type, message, Message } = jsonOf(answer.body);
  const words = [type, message ?? Message].filter((part) => typeof part === 'string').join(': ');
  return words === '' ? String(answer.status) : `${answer.status} ${words.slice(0, MAX_WORDS)}`;
}

const MAX_WORDS = 160;

/** The body as an object; empty where it is none. */
export function jsonOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
