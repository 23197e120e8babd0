/**
 * A request of OpenAI's chat completions as Converse asks it, for models that Bedrock does not
 * serve in OpenAI's shape.
 *
 * Invariant: what Converse has no counterpart for is refused by name; nothing that changes the
 *            answer is dropped.
 * Not here:  what the request costs: the Converse body is priced like any other.
 */
import { limitFrom, type OutputRule } from '../../../domain/families/output-rule.ts';
import {
  invalidField,
  isGiven,
  objectOf,
  objectsOf,
} from '../../../domain/families/request-reading.ts';
import { type JsonObject, type JsonValue, numberOf } from '../../../domain/request-body.ts';
import { metadataOfHeader } from '../../../domain/request-tags.ts';
import { type ConverseTalk, converseTalkOf, refuseMember } from './chat-messages.ts';

/** Members that are translated, or that the door reads itself. */
const TRANSLATED: ReadonlySet<string> = new Set([
  'max_completion_tokens',
  'max_tokens',
  'messages',
  'model',
  'reasoning_effort',
  'response_format',
  'service_tier',
  'stop',
  'stream',
  'stream_options',
  'temperature',
  'tool_choice',
  'tools',
  'top_p',
]);

/** Members that tell OpenAI of the caller; they change no answer and mean nothing to Bedrock. */
const OF_THE_CALLER: ReadonlySet<string> = new Set([
  'metadata',
  'prompt_cache_key',
  'safety_identifier',
  'user',
]);

/** Members that pass at the one value that asks for nothing. */
const NEUTRAL: Readonly<Record<string, (value: JsonValue | undefined) => boolean>> = {
  frequency_penalty: (value) => numberOf(value) === 0,
  logprobs: (value) => value === false,
  modalities: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
  n: (value) => numberOf(value) === 1,
  parallel_tool_calls: (value) => value === true,
  presence_penalty: (value) => numberOf(value) === 0,
  store: (value) => value === false,
};

const LIMITS: OutputRule = { limits: ['max_completion_tokens', 'max_tokens'] };

/**
 * The body of Converse, or of ConverseStream, which is the same.
 *
 * @param headers by lower-cased name: Bedrock's own, which name a guardrail or how to be served,
 *        are members in Converse
 * @throws HardcapError `invalid_request` naming the member that cannot be translated,
 *         `unpriced_field` for media that is not in the request
 */
export function converseBodyOf(
  asked: JsonObject,
  headers: Readonly<Record<string, string>> = {},
): JsonObject {
  for (const name in asked) refuseUntranslated(name, asked[name]);
  const talk = converseTalkOf(asked.messages);
  return {
    messages: talk.messages,
    ...(talk.system.length > 0 && { system: talk.system }),
    ...given('inferenceConfig', inferenceOf(asked)),
    ...given('toolConfig', toolConfigOf(asked, talk)),
    ...given('outputConfig', outputConfigOf(asked)),
    ...settingsOf(headers),
    ...given('serviceTier', serviceTierOf(asked.service_tier)),
  };
}

function settingsOf(headers: Readonly<Record<string, string>>): JsonObject {
  const header = (name: string) => headers[`x-amzn-bedrock-${name}`];
  const guardrail = {
    ...member('guardrailIdentifier', header('guardrailidentifier')),
    ...member('guardrailVersion', header('guardrailversion')),
  };
  const metadata = header('request-metadata');
  const isGuarded = Object.keys(guardrail).length > 0;
  return {
    ...given('guardrailConfig', {
      ...guardrail,
      ...(isGuarded && member('trace', header('trace')?.toLowerCase())),
    }),
    ...given('performanceConfig', member('latency', header('performanceconfig-latency'))),
    ...given('serviceTier', member('type', header('service-tier'))),
    ...given('requestMetadata', metadata === undefined ? {} : metadataOfHeader(metadata)),
  };
}

const member = (name: string, value: string | undefined): JsonObject =>
  value === undefined ? {} : { [name]: value };

function refuseUntranslated(name: string, value: JsonValue | undefined): void {
  if (!isGiven(value) || TRANSLATED.has(name) || OF_THE_CALLER.has(name)) return;
  const isNeutral = Object.hasOwn(NEUTRAL, name) ? NEUTRAL[name] : undefined;
  if (isNeutral?.(value) !== true) refuseMember(name);
}

/** The member, unless it has nothing in it. */
const given = (name: string, value: JsonObject): JsonObject =>
  Object.keys(value).length === 0 ? {} : { [name]: value };

function inferenceOf(asked: JsonObject): JsonObject {
  const maxTokens = limitFrom(asked, LIMITS);
  const stopSequences = stopsOf(asked.stop);
  return {
    ...(maxTokens !== undefined && { maxTokens }),
    ...numberAs('temperature', asked.temperature, 'temperature'),
    ...numberAs('topP', asked.top_p, 'top_p'),
    ...(stopSequences.length > 0 && { stopSequences }),
  };
}

function numberAs(name: string, value: JsonValue | undefined, path: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (numberOf(value) === undefined) throw invalidField(path, 'must be a number');
  return { [name]: value };
}

function stopsOf(stop: JsonValue | undefined): string[] {
  if (stop === undefined || stop === null) return [];
  const stops = Array.isArray(stop) ? stop : [stop];
  return stops.map((text) => {
    if (typeof text === 'string') return text;
    throw invalidField('stop', 'must be a string, or an array of strings');
  });
}

const TIERS: Readonly<Record<string, string>> = {
  default: 'default',
  flex: 'flex',
  priority: 'priority',
};

function serviceTierOf(tier: JsonValue | undefined): JsonObject {
  if (!isGiven(tier) || tier === 'auto') return {};
  const type = typeof tier === 'string' && Object.hasOwn(TIERS, tier) ? TIERS[tier] : undefined;
  if (type === undefined)
    throw invalidField('service_tier', oneOf(['auto', ...Object.keys(TIERS)]));
  return { type };
}

const oneOf = (values: readonly string[]): string =>
  `must be ${values.map((value) => `"${value}"`).join(' or ')}`;

/** Efforts that both sides know by one name. */
const EFFORTS: readonly string[] = ['low', 'medium', 'high', 'xhigh'];

function outputConfigOf({ reasoning_effort: effort, response_format: format }: JsonObject) {
  if (isGiven(effort) && !EFFORTS.some((known) => known === effort)) {
    throw invalidField('reasoning_effort', `${oneOf(EFFORTS)} for this model`);
  }
  const textFormat = textFormatOf(objectOf(format, 'response_format'));
  return {
    ...(typeof effort === 'string' && { effort }),
    ...(textFormat !== undefined && { textFormat }),
  };
}

function textFormatOf(format: JsonObject | undefined): JsonObject | undefined {
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type !== 'json_schema') {
    throw invalidField(
      'response_format.type',
      'may be "text" or "json_schema" for this model: Converse has no other',
    );
  }
  const path = 'response_format.json_schema';
  const { name, description, schema } = objectOf(format.json_schema, path) ?? {};
  const form = objectOf(schema, `${path}.schema`);
  if (form === undefined) throw invalidField(`${path}.schema`, 'must be an object');
  return {
    type: 'json_schema',
    structure: {
      // Converse holds to a schema always, as `strict` asks.
      jsonSchema: {
        schema: JSON.stringify(form),
        ...textAs('name', name, `${path}.name`),
        ...textAs('description', description, `${path}.description`),
      },
    },
  };
}

/** A text under its name; Bedrock refuses an empty one. */
function textAs(name: string, value: JsonValue | undefined, path: string): JsonObject {
  if (!isGiven(value) || value === '') return {};
  if (typeof value !== 'string') throw invalidField(path, 'must be a string');
  return { [name]: value };
}

function toolConfigOf(asked: JsonObject, talk: ConverseTalk): JsonObject {
  const tools = objectsOf(asked.tools, 'tools').map(toolOf);
  const choice = toolChoiceOf(asked.tool_choice);
  if (choice === 'none') {
    // Bedrock wants the tools of calls that were made, and cannot be told to make no more.
    if (talk.hasToolCalls) {
      throw invalidField('tool_choice', 'cannot be "none" for this model once tools were called');
    }
    return {};
  }
  if (tools.length === 0) return {};
  return { tools, ...(choice !== undefined && { toolChoice: choice }) };
}

const TOOL_MEMBERS: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'strict']);
const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };

function toolOf({ type, function: defined, ...rest }: JsonObject): JsonObject {
  if (type !== 'function') {
    throw invalidField('tools.type', 'must be "function" for this model; it has no other tools');
  }
  for (const name in rest) if (isGiven(rest[name])) refuseMember(`tools.${name}`);
  const tool = objectOf(defined, 'tools.function') ?? {};
  for (const name in tool) {
    if (!TOOL_MEMBERS.has(name) && isGiven(tool[name])) refuseMember(`tools.function.${name}`);
  }
  if (typeof tool.name !== 'string') throw invalidField('tools.function.name', 'must be a string');
  const parameters = objectOf(tool.parameters, 'tools.function.parameters');
  return {
    toolSpec: {
      name: tool.name,
      ...textAs('description', tool.description, 'tools.function.description'),
      inputSchema: { json: parameters ?? NO_PARAMETERS },
      ...(tool.strict === true && { strict: true }),
    },
  };
}

function toolChoiceOf(choice: JsonValue | undefined): JsonObject | 'none' | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (choice === 'none') return 'none';
  if (choice === 'auto') return { auto: {} };
  if (choice === 'required') return { any: {} };
  const { type, function: named } =
    typeof choice === 'string' ? {} : (objectOf(choice, PATH) ?? {});
  const name = type === 'function' ? objectOf(named, `${PATH}.function`)?.name : undefined;
  if (typeof name === 'string') return { tool: { name } };
  throw invalidField(PATH, 'must be "auto", "none", "required" or a function for this model');
}

const PATH = 'tool_choice';
