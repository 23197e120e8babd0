/**
 * Model ids: what Bedrock accepts in a path, taken apart into profile prefix and base model.
 *
 * Invariant: an id whose price cannot be told from its text is refused, never guessed.
 * Not here:  which models there are and what they cost (catalogue.ts).
 */
import { HardcapError } from './errors.ts';

/** The prefixes of Bedrock's own cross-region inference profiles, in the order of messages. */
export const PROFILE_PREFIXES = [
  'us',
  'eu',
  'apac',
  'jp',
  'au',
  'ca',
  'in',
  'us-gov',
  'global',
] as const;

export type ProfilePrefix = (typeof PROFILE_PREFIXES)[number];

/** Which of Bedrock's price lists holds: they differ for the same model. */
export type PriceScope = 'in-region' | 'geo' | 'global' | 'gov';

export interface ParsedModelId {
  /** The id as asked for: bare, with a profile prefix, or an ARN. */
  readonly modelId: string;
  /** Undefined for a bare id and a foundation model's ARN. */
  readonly prefix: ProfilePrefix | undefined;
  /** Without prefix and ARN, such as `amazon.nova-lite-v1:0`. */
  readonly baseModelId: string;
  readonly scope: PriceScope;
}

/** Bedrock's own bound on the length of a model id, in characters. */
export const MAX_MODEL_ID_CHARACTERS = 2048;

const SHOWN_CHARACTERS = 200;

/** `vendor.name`, with `-v1:0` and the like; each part is bounded as in Bedrock's own pattern. */
const DOTTED_ID = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}(?::[a-z0-9-]{1,63}){0,2}$/;
const BEDROCK_ARN =
  /^arn:(aws|aws-us-gov):bedrock:([a-z0-9-]{1,20}):(\d{12})?:([a-z-]{1,40})\/(.{1,2048})$/;

const APPLICATION_PROFILE = 'application-inference-profile';
const APPLICATION_PROFILE_ID = /^[A-Za-z0-9-]{1,64}$/;

/** Why an ARN of each of these types has no price by its text, and what to do. */
const UNPRICED_TYPES: Readonly<Record<string, string>> = {
  [APPLICATION_PROFILE]:
    'the text of an application inference profile does not tell its model; ask for the ' +
    'system profile or the model that it was made from',
  'provisioned-model':
    'provisioned throughput is billed by the hour, not by the token; call it outside hardcap',
  'custom-model':
    'a custom model has no list price; ask for a foundation model or a system inference profile',
  'custom-model-deployment':
    'a custom model has no list price; ask for a foundation model or a system inference profile',
  'imported-model':
    'an imported model is billed by the minute, not by the token; call it outside hardcap',
  prompt:
    'a stored prompt hides what is sent and so what it costs; send its text and model yourself',
  'prompt-router': 'a router chooses the model after the price must be known; ask for one model',
  'default-prompt-router':
    'a router chooses the model after the price must be known; ask for one model',
};

const ASK_INSTEAD =
  'ask for a foundation model id such as "amazon.nova-lite-v1:0", a system inference profile ' +
  'such as "us.amazon.nova-lite-v1:0", or the ARN of either';

/**
 * Takes a model id apart: a foundation model's id or ARN, or a system inference profile's.
 *
 * @throws HardcapError `model_not_priced` for every other id, saying what to ask for instead
 */
export function parseModelId(modelId: string): ParsedModelId {
  if (modelId.length > MAX_MODEL_ID_CHARACTERS) {
    throw notPriced(modelId, `the id is longer than ${MAX_MODEL_ID_CHARACTERS} characters`);
  }
  if (modelId.startsWith('arn:')) return parseArn(modelId);
  if (!DOTTED_ID.test(modelId)) {
    throw notPriced(modelId, `this is not the id of a model with a list price; ${ASK_INSTEAD}`);
  }
  const { prefix, baseModelId } = splitPrefix(modelId);
  return partsOf(modelId, prefix, baseModelId);
}

/** True for the ARN of an application inference profile, whose model only Bedrock can tell. */
export function isApplicationProfile(modelId: string): boolean {
  if (modelId.length > MAX_MODEL_ID_CHARACTERS) return false;
  const [, partition, region = '', account, type, id = ''] = BEDROCK_ARN.exec(modelId) ?? [];
  return (
    type === APPLICATION_PROFILE &&
    account !== undefined &&
    APPLICATION_PROFILE_ID.test(id) &&
    (partition === 'aws-us-gov') === region.startsWith('us-gov-')
  );
}

const HIDING_ARN =
  /^arn:[^:]*:bedrock:[^:]*:[^:]*:(?:prompt|prompt-router|default-prompt-router)\//;

/** True for an ARN of a stored prompt or a router, which choose what is sent, or to whom. */
export const hidesItsModel = (modelId: string): boolean => HIDING_ARN.test(modelId);

/** The region that an ARN names, of whatever service; undefined for an id and for an empty one. */
export const regionOfArn = (modelId: string): string | undefined =>
  modelId.startsWith('arn:') ? modelId.split(':', 4)[3] || undefined : undefined;

/** What an id is by its prefix; the ARN that it stands in, if any, is `modelId`. */
export const partsOf = (
  modelId: string,
  prefix: ProfilePrefix | undefined,
  baseModelId: string,
): ParsedModelId => ({ modelId, prefix, baseModelId, scope: scopeOf(prefix) });

/** The id as Bedrock lists it: with the profile prefix, and no ARN round it. */
export const profileIdOf = ({ prefix, baseModelId }: ParsedModelId): string =>
  prefix === undefined ? baseModelId : `${prefix}.${baseModelId}`;

/** The error for an id that has no price; the id is shown, cut where it is long. */
export function notPriced(modelId: string, problem: string): HardcapError {
  const shown = modelId.slice(0, SHOWN_CHARACTERS);
  return new HardcapError(
    'model_not_priced',
    `model_not_priced: ${JSON.stringify(shown)}: ${problem}`,
    { details: { model: shown } },
  );
}

const isProfilePrefix = (text: string): text is ProfilePrefix =>
  PROFILE_PREFIXES.some((prefix) => prefix === text);

function splitPrefix(id: string): Pick<ParsedModelId, 'prefix' | 'baseModelId'> {
  const dot = id.indexOf('.');
  const first = id.slice(0, dot);
  const rest = id.slice(dot + 1);
  // What follows a prefix must be a whole id again: "us.model" is a vendor called "us".
  return isProfilePrefix(first) && DOTTED_ID.test(rest)
    ? { prefix: first, baseModelId: rest }
    : { prefix: undefined, baseModelId: id };
}

function scopeOf(prefix: ProfilePrefix | undefined): PriceScope {
  switch (prefix) {
    case undefined:
      return 'in-region';
    case 'global':
      return 'global';
    case 'us-gov':
      return 'gov';
    default:
      return 'geo';
  }
}

function parseArn(arn: string): ParsedModelId {
  const [, partition, region = '', account, type = '', id = ''] = BEDROCK_ARN.exec(arn) ?? [];
  const known = Object.hasOwn(UNPRICED_TYPES, type) ? UNPRICED_TYPES[type] : undefined;
  if (known !== undefined) throw notPriced(arn, known);
  const { prefix, baseModelId } = splitPrefix(id);
  const isGov = partition === 'aws-us-gov';
  const isModel = type === 'foundation-model' && account === undefined && prefix === undefined;
  const isProfile = type === 'inference-profile' && prefix !== undefined;
  // GovCloud has prices of its own, so its ARNs hold no other partition's profiles, nor the
  // other way round.
  const isInItsPartition =
    isGov === region.startsWith('us-gov-') && (!isProfile || isGov === (prefix === 'us-gov'));
  if (!DOTTED_ID.test(id) || !(isModel || isProfile) || !isInItsPartition) {
    throw notPriced(arn, `this ARN names no model with a list price; ${ASK_INSTEAD}`);
  }
  return { modelId: arn, prefix, baseModelId, scope: isGov ? 'gov' : scopeOf(prefix) };
}
