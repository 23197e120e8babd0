/**
 * The routes of OpenAI's API that no cap can hold, or that Bedrock serves by another operation: each
 * is refused by name, and says why.
 */
import { HardcapError } from '../../../domain/errors.ts';

const STATE =
  'what was said is kept on the server, so that the input of a request, and what it costs, is not ' +
  'to be seen; use POST /openai/v1/chat/completions';
const LATER = 'its work is done later, and no answer tells what it used';
const INVOKE = 'call the model by InvokeModel, POST /model/{id}/invoke, in its own shape';
const SPEECH = 'speech tokens have prices of their own, which this release does not know';

/** By the first part of the path. */
const REASONS: Readonly<Record<string, string>> = {
  assistants: STATE,
  audio: SPEECH,
  batches: LATER,
  completions: 'it is OpenAI’s older form; use POST /openai/v1/chat/completions',
  containers: STATE,
  conversations: STATE,
  embeddings: INVOKE,
  evals: LATER,
  files: 'what is kept on the server is billed, and its size is not to be seen in a request',
  fine_tuning: LATER,
  images: INVOKE,
  moderations: 'Bedrock has no such operation; it has guardrails',
  realtime: SPEECH,
  responses: STATE,
  threads: STATE,
  uploads: 'what is kept on the server is billed, and its size is not to be seen in a request',
  vector_stores: STATE,
  videos: LATER,
};

const SERVED =
  'hardcap serves POST /openai/v1/chat/completions, GET /openai/v1/models and ' +
  'GET /openai/v1/models/{id}';

/**
 * Refuses a route below `/openai/v1`.
 *
 * @param rest of the path, behind `/openai/v1/`
 * @throws HardcapError `unknown_route`
 */
export function refuseOpenAiRoute(method: string, path: string, rest: string): never {
  const name = rest.split('/')[0] ?? '';
  const reason = Object.hasOwn(REASONS, name) ? REASONS[name] : undefined;
  throw new HardcapError(
    'unknown_route',
    reason === undefined
      ? `unknown_route: hardcap serves no ${method} ${path}; ${SERVED}`
      : `unknown_route: hardcap does not serve ${method} ${path}: ${reason}`,
  );
}
