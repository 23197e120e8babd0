/**
 * The simulated Converse, which every text model speaks, and Nova's own body, which is like it.
 */
import { type BilledTokens, NO_TOKENS } from './simulated-book.ts';
import {
  type Asked,
  type AskedGuardrail,
  countMember,
  invocationMetrics,
  type Json,
  lastUserText,
  messagesOf,
  objectIn,
  optional,
  promptTokens,
  type Told,
  type ToldCall,
  type ToldGuardrail,
  textsOf,
  type VendorShape,
} from './simulated-vendor.ts';

const LATENCY_MS = 40;

/** One event of a ConverseStream. */
export interface ConverseEvent {
  readonly type: string;
  readonly payload: Json;
  readonly isDelta: boolean;
}

/** What a Converse body asks. @throws BedrockError */
export function readConverse(body: Json): Asked {
  const messages = messagesOf(body);
  const config = objectIn(body, 'inferenceConfig');
  const maxTokens = countMember(config, 'maxTokens') ?? countMember(config, 'max_new_tokens');
  const contents = messages.map(({ content }) => content);
  const tier = objectIn(body, 'serviceTier').type;
  return {
    directiveText: lastUserText(messages),
    promptTokens: promptTokens(body.system, body.toolConfig, ...contents),
    ...optional('maxTokens', maxTokens),
    ...optional('guardrail', guardrailOf(body, contents)),
    ...(typeof tier === 'string' && { tier }),
  };
}

function guardrailOf(body: Json, contents: readonly unknown[]): AskedGuardrail | undefined {
  if (body.guardrailConfig === undefined) return undefined;
  const { guardrailIdentifier, trace } = objectIn(body, 'guardrailConfig');
  return {
    id: String(guardrailIdentifier),
    hasTrace: trace === 'enabled' || trace === 'enabled_full',
    inputCharacters: contents.flatMap(textsOf).join('').length,
  };
}

/** The body of a Converse answer, its usage in Converse's words. */
export const converseAnswer = (told: Told): Json => ({
  ...answerWith(told, converseUsage),
  metrics: { latencyMs: LATENCY_MS },
  ...beside(told),
});

/** What stands beside the usage, in an answer and in a stream's last event. */
const beside = ({ tier, guardrail }: Told): Json => ({
  ...(tier !== undefined && { serviceTier: { type: tier } }),
  ...(guardrail?.hasTrace && { trace: { guardrail: guardrailTrace(guardrail) } }),
});

function guardrailTrace({ id, inputUnits, outputUnits }: ToldGuardrail): Json {
  const assessment = (contentPolicyUnits: number): Json => ({
    invocationMetrics: {
      guardrailProcessingLatency: LATENCY_MS,
      usage: {
        topicPolicyUnits: 0,
        contentPolicyUnits,
        wordPolicyUnits: 0,
        sensitiveInformationPolicyUnits: 0,
        sensitiveInformationPolicyFreeUnits: 0,
        contextualGroundingPolicyUnits: 0,
      },
    },
  });
  return {
    inputAssessment: { [id]: assessment(inputUnits) },
    outputAssessments: { [id]: [assessment(outputUnits)] },
  };
}

const toolUseOf = ({ id, name, input }: ToldCall): Json => ({
  toolUse: { toolUseId: id, name, input },
});

const answerWith = (told: Told, usageOf: (tokens: BilledTokens) => Json): Json => ({
  output: {
    message: {
      role: 'assistant',
      content: [{ text: told.text }, ...told.calls.map(toolUseOf)],
    },
  },
  stopReason: told.stopReason,
  ...(!told.hidesUsage && { usage: usageOf(told.tokens) }),
});

/** The events of a ConverseStream, the usage last. */
export const converseEvents = (told: Told): readonly ConverseEvent[] =>
  eventsWith(told, converseUsage, beside(told));

function eventsWith(
  told: Told,
  usageOf: (tokens: BilledTokens) => Json,
  metadata: Json,
): readonly ConverseEvent[] {
  const event = (type: string, payload: Json): ConverseEvent => ({
    type,
    payload,
    isDelta: type === 'contentBlockDelta',
  });
  return [
    event('messageStart', { role: 'assistant' }),
    ...told.deltas.map((text) =>
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { text } }),
    ),
    event('contentBlockStop', { contentBlockIndex: 0 }),
    ...told.calls.flatMap((call, index) =>
      callEvents(call, index + 1).map(([type, payload]) => ({ type, payload, isDelta: false })),
    ),
    event('messageStop', { stopReason: told.stopReason }),
    event('metadata', {
      ...(!told.hidesUsage && { usage: usageOf(told.tokens) }),
      metrics: { latencyMs: LATENCY_MS },
      ...metadata,
    }),
  ];
}

/** A call in a stream: its input comes as text, in two parts. */
function callEvents(
  { id, name, input }: ToldCall,
  contentBlockIndex: number,
): readonly (readonly [type: string, payload: Json])[] {
  const text = JSON.stringify(input);
  const half = Math.ceil(text.length / 2);
  return [
    ['contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId: id, name } } }],
    ...[text.slice(0, half), text.slice(half)].map(
      (part) =>
        ['contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input: part } } }] as const,
    ),
    ['contentBlockStop', { contentBlockIndex }],
  ];
}

/** Cache writes by their time to live, 1 h first, as the API reference has them. */
function converseUsage(tokens: BilledTokens): Json {
  const { cacheWrite5mTokens, cacheWrite1hTokens } = tokens;
  const details = [
    { ttl: '1h', inputTokens: cacheWrite1hTokens },
    { ttl: '5m', inputTokens: cacheWrite5mTokens },
  ].filter(({ inputTokens }) => inputTokens > 0);
  return {
    inputTokens: tokens.inputTokens,
    outputTokens: tokens.outputTokens,
    totalTokens: totalOf(tokens),
    cacheReadInputTokens: tokens.cacheReadTokens,
    cacheWriteInputTokens: cacheWrite5mTokens + cacheWrite1hTokens,
    cacheDetails: details,
  };
}

const novaUsage = (tokens: BilledTokens): Json => ({
  inputTokens: tokens.inputTokens,
  outputTokens: tokens.outputTokens,
  totalTokens: totalOf(tokens),
  cacheReadInputTokenCount: tokens.cacheReadTokens,
  cacheWriteInputTokenCount: tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens,
});

const totalOf = (tokens: BilledTokens): number =>
  Object.keys(NO_TOKENS).reduce((sum, line) => sum + tokens[line as keyof BilledTokens], 0);

const METRICS = 'amazon-bedrock-invocationMetrics';

export const novaShape: VendorShape = {
  read: readConverse,
  answer: (told) => answerWith(told, novaUsage),
  chunks: (told) =>
    eventsWith(told, novaUsage, invocationMetrics(told)).map(({ type, payload, isDelta }) => {
      // Each of Converse's events is the one member of a chunk's JSON; Bedrock's metrics stand
      // beside it.
      const { [METRICS]: metrics, ...rest } = payload;
      const json = { [type]: rest, ...(metrics !== undefined && { [METRICS]: metrics }) };
      return { json, isDelta };
    }),
};
