/**
 * A free operation (CountTokens): it needs a key that may use the model, and reserves nothing.
 */
import { HardcapError } from '../domain/errors.ts';
import { ZERO_USD } from '../domain/money.ts';
import { authenticate, chooseModel } from './admission.ts';
import type {
  GuardedAnswer,
  GuardedRequest,
  SpendGuardOptions,
  SpendGuardPorts,
} from './guarded-request.ts';
import { deadlineSignal, readWhole, toldOf } from './send-once.ts';

/**
 * Passes the client's own bytes on, once.
 *
 * @throws HardcapError unknown_key, model_not_priced, model_not_allowed, upstream_failed
 */
export async function passFreeRequest(
  ports: SpendGuardPorts,
  options: SpendGuardOptions,
  request: GuardedRequest,
  body: Uint8Array,
): Promise<GuardedAnswer> {
  const { settings, clock } = ports;
  const view = await settings.read(request.keyId, options.settingsMaxAgeMs);
  const key = authenticate(view, request.keyText, clock.nowMs());
  const { model } = chooseModel(view, key, request);
  const deadline = deadlineSignal(clock, request.deadlineAtMs);
  const startedMs = clock.elapsedMs();
  try {
    const response = await ports.upstream.send(
      {
        region: request.region,
        path: request.upstreamPath(model.modelId, model.baseModelId),
        headers: request.upstreamHeaders,
        body,
      },
      deadline.signal,
    );
    const answerBody = await readWhole(response, options.maxAnswerBytes);
    const upstreamMs = clock.elapsedMs() - startedMs;
    const nothingToDo = Promise.resolve();
    return {
      kind: 'complete',
      head: {
        status: response.status,
        headers: response.headers,
        reservedNanoUsd: ZERO_USD,
        cap: undefined,
        timings: { authMs: 0, estimateMs: 0, reserveMs: 0, upstreamMs },
      },
      body: answerBody,
      costNanoUsd: ZERO_USD,
      settled: nothingToDo,
      done: nothingToDo,
    };
  } catch (error) {
    const code = deadline.signal.aborted ? 'upstream_timeout' : 'upstream_failed';
    const message = `${code}: ${toldOf(error)}; nothing is charged`;
    throw new HardcapError(code, message, { cause: error });
  } finally {
    deadline.cancel();
  }
}
