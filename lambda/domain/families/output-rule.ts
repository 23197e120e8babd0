/**
 * How a body limits and multiplies its output: the fields that a family honours, and all the
 * others that any vendor has for the same, which are refused.
 *
 * Invariant: one number bounds what may be written. Two fields that differ are refused, and so is
 *            a name that this family may not honour: it could be ignored, and the limit with it.
 */
import { HardcapError } from '../errors.ts';
import { type JsonObject, type JsonValue, numberOf } from '../request-body.ts';
import { converseShape } from './converse.ts';
import type { ConverseExtras, RequestShape } from './family.ts';
import { addRenderedTools } from './rendered-json.ts';
import { invalidField, isGiven, positiveInteger, type RequestReading } from './request-reading.ts';

/** The fields of one form of body that bound its output. */
export interface OutputRule {
  /** Names of the limit of one answer; the first is written into a body that has none. */
  readonly limits: readonly [string, ...string[]];
  /** Fields that multiply the answers, and the most that each may say. */
  readonly choices?: Readonly<Record<string, number>>;
}

/** Every name of an output limit that a vendor on Bedrock has, or has had. */
const LIMIT_NAMES: readonly string[] = [
  'max_tokens',
  'max_completion_tokens',
  'max_gen_len',
  'max_length',
  'max_new_tokens',
  'max_output_tokens',
  'max_tokens_to_sample',
  'maxNewTokens',
  'maxOutputTokens',
  'maxTokenCount',
  'maxTokens',
];

/** Every name of a field that asks for more than one answer. */
const CHOICE_NAMES: readonly string[] = [
  'best_of',
  'candidate_count',
  'candidateCount',
  'n',
  'num_generations',
  'num_return_sequences',
  'numResults',
  'use_beam_search',
];

/**
 * The limit that the honoured fields give, in tokens; undefined where none of them does.
 *
 * @param path of the object, with a dot at its end, or empty for the body
 * @throws HardcapError `invalid_request` where one is no positive integer or two differ
 */
export function limitFrom(object: JsonObject, rule: OutputRule, path = ''): number | undefined {
  let limit: number | undefined;
  let from = '';
  for (const name of rule.limits) {
    const given = positiveInteger(object[name], path + name);
    if (given === undefined) continue;
    if (limit !== undefined && limit !== given) {
      throw invalidField(
        path + name,
        `and "${path}${from}" are the same limit, but differ; give one of them`,
      );
    }
    limit = given;
    from = name;
  }
  return limit;
}

/** A copy whose every given limit is `tokens`; where none is given, the first name is. */
export function withLimit(object: JsonObject, rule: OutputRule, tokens: number): JsonObject {
  const copy = { ...object };
  const given = rule.limits.filter((name) => isGiven(object[name]));
  // A null beside the limit could be read as "no limit".
  for (const name of rule.limits) delete copy[name];
  for (const name of given.length > 0 ? given : [rule.limits[0]]) copy[name] = tokens;
  return copy;
}

/**
 * How many answers the object asks for; each may reach the limit.
 *
 * @throws HardcapError `invalid_request` where a field is no whole number within its bounds
 */
export function choicesFrom(object: JsonObject, rule: OutputRule, path = ''): number {
  let choices = 1;
  for (const [name, most] of Object.entries(rule.choices ?? {})) {
    choices *= boundedInteger(object[name], path + name, most);
  }
  return choices;
}

function boundedInteger(value: JsonValue | undefined, path: string, most: number): number {
  if (!isGiven(value)) return 1;
  const number = numberOf(value);
  if (number === undefined || !Number.isSafeInteger(number) || number < 1 || number > most) {
    throw invalidField(path, `must be a whole number from 1 to ${most}`);
  }
  return number;
}

/**
 * Refuses names of limits and multipliers other than those of the rule; no setting lets them pass.
 *
 * @throws HardcapError `unpriced_field`
 */
export function refuseOtherNames(object: JsonObject, rule: OutputRule, path = ''): void {
  for (const name of LIMIT_NAMES) {
    if (rule.limits.includes(name) || !isGiven(object[name])) continue;
    throw refusal(path + name, `the output limit is "${path}${rule.limits[0]}"; give it there`);
  }
  for (const name of CHOICE_NAMES) {
    if (rule.choices?.[name] !== undefined || !isGiven(object[name])) continue;
    throw refusal(path + name, MULTIPLIES);
  }
}

const MULTIPLIES = 'it may multiply the output, and is no field of this model; leave it out';

const refusal = (field: string, reason: string): HardcapError =>
  new HardcapError('unpriced_field', `unpriced_field: "${field}": ${reason}`, {
    details: { field },
  });

/** A native body whose limits stand in the body itself, by the rule of each form it may have. */
export const shapeByRule = (
  ruleOf: (body: JsonObject) => OutputRule,
  inspect: (body: JsonObject, reading: RequestReading) => void,
): RequestShape => ({
  inspect(body, reading) {
    refuseOtherNames(body, ruleOf(body));
    inspect(body, reading);
  },
  outputLimitOf: (body) => limitFrom(body, ruleOf(body)),
  withOutputLimit: (body, tokens) => withLimit(body, ruleOf(body), tokens),
  thinkingBudgetOf: () => 0,
  forbidsOutputLimit: () => false,
  choicesOf: (body) => choicesFrom(body, ruleOf(body)),
});

const EXTRAS_PATH = 'additionalModelRequestFields.';

/**
 * Refuses every output limit, null as well; no setting lets one pass. Of Converse's extras.
 *
 * @throws HardcapError `unpriced_field`
 */
export function refuseLimits(object: JsonObject, path: string): void {
  for (const name of LIMIT_NAMES) {
    if (object[name] === undefined) continue;
    throw refusal(path + name, 'give the output limit as "inferenceConfig.maxTokens"');
  }
}

/**
 * The extras of a family inside Converse: closed members, and no second output limit. A limit
 * there, even null, may replace the one of `inferenceConfig` where Bedrock joins the two.
 */
export function extrasByRule(
  members: ReadonlySet<string>,
  choices: Readonly<Record<string, number>> = {},
  inspect: (fields: JsonObject, reading: RequestReading, path: string) => void = () => {},
): ConverseExtras {
  const rule: OutputRule = { limits: ['inferenceConfig.maxTokens'], choices };
  return {
    inspect(fields, reading) {
      refuseLimits(fields, EXTRAS_PATH);
      for (const name of CHOICE_NAMES) {
        if (choices[name] !== undefined || !isGiven(fields[name])) continue;
        throw refusal(EXTRAS_PATH + name, MULTIPLIES);
      }
      reading.checkMembers(fields, members, EXTRAS_PATH);
      inspect(fields, reading, EXTRAS_PATH);
    },
    thinkingBudgetOf: () => 0,
    forbidsOutputLimit: () => false,
    choicesOf: (fields) => choicesFrom(fields, rule, EXTRAS_PATH),
  };
}

/** The shape, and the tokens that the model's own template may add to each request. */
export const withTemplate = (shape: RequestShape, tokens: number): RequestShape => ({
  ...shape,
  inspect(body, reading) {
    reading.addTokens(tokens);
    shape.inspect(body, reading);
  },
});

/** Converse of a family whose template writes tools as JSON and adds `tokens` of its own. */
export const converseByTemplate = (extras: ConverseExtras, tokens: number): RequestShape => {
  const shape = withTemplate(converseShape(extras), tokens);
  return {
    ...shape,
    inspect(body, reading) {
      shape.inspect(body, reading);
      addRenderedTools(body, reading);
    },
  };
};

/**
 * The shape of a model whose output limit does not bound all that is billed as output: a limit is
 * still checked and sent, but the bound is the window.
 */
export const boundByWindow = (shape: RequestShape): RequestShape => ({
  ...shape,
  outputLimitOf(body) {
    shape.outputLimitOf(body);
    return undefined;
  },
  forbidsOutputLimit: () => true,
});
