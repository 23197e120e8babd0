/**
 * Items that the sync writes of parameters, named `ssm:`, and what a parameter says of a cap.
 *
 * Owns:      the attributes of synced items. They hold the parameter as it is; it is understood
 *            here alone, by the rules of every cap item, each time the settings are read.
 * Invariant: what is not understood is malformed, and covers at least what it could have covered.
 */
import { parse as parseLossless } from 'lossless-json';
import * as z from 'zod/mini';
import type { Cap, MalformedCap, Selectors } from '../../domain/cap.ts';
import type { NanoUsd } from '../../domain/money.ts';
import type { Parameter } from '../../ports/parameters.ts';
import {
  type Fault,
  FIELD,
  type Form,
  firstFault,
  readEnteredUsd,
  SETTINGS_VERSION,
} from './setting-fields.ts';
import {
  isMalformed,
  PARTITION,
  parseCap,
  plainAttributes,
  type SettingItem,
  sortKeyOf,
} from './setting-items.ts';

/** Sort keys of synced items begin so, and of no other item that people make by hand. */
export const SYNCED_PREFIX = 'ssm:';

/** The most that SSM lets a parameter hold (an advanced one); larger files are no parameters. */
const MAX_VALUE_BYTES = 8_192;

/** What both a cap's id and a parameter's name may be. */
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** What a parameter says. */
export type ParameterReading =
  | {
      readonly kind: 'limit';
      readonly name: string;
      readonly source: string;
      readonly limitNanoUsd: NanoUsd;
    }
  | { readonly kind: 'cap'; readonly cap: Cap }
  | {
      readonly kind: 'malformed';
      readonly cap: MalformedCap;
      /** It was meant as the limit of the cap of this name, and covers what that one covers. */
      readonly limitOf?: string;
    };

/** The attributes of a parameter's item, but for its key and version. */
export function attributesOf(parameter: Parameter): Readonly<Record<string, string>> {
  const { source, type, value, fault } = parameter;
  if (value === undefined || Buffer.byteLength(value) <= MAX_VALUE_BYTES) {
    return {
      source,
      type,
      ...(value === undefined ? {} : { value }),
      ...(fault === undefined ? {} : { fault }),
    };
  }
  return { source, type, fault: `is larger than ${MAX_VALUE_BYTES} bytes; make it shorter` };
}

/** Whether an item is one that the sync wrote. */
export const isSynced = (item: SettingItem): boolean =>
  sortKeyOf(item).startsWith(SYNCED_PREFIX) && Object.hasOwn(item, 'source');

const TEXT = z.string('must be text');
const SYNCED = {
  v: FIELD.version,
  source: TEXT,
  type: TEXT,
  value: z.exactOptional(TEXT),
  fault: z.exactOptional(TEXT),
  run: z.exactOptional(TEXT),
};
const SYNCED_SCHEMA = z.strictObject(SYNCED);
const SYNCED_FORM: Form = { attributes: Object.keys(SYNCED) };

/** What a synced item says. Never throws. */
export function parseSynced(item: SettingItem): ParameterReading {
  const capId = sortKeyOf(item);
  const parsed = SYNCED_SCHEMA.safeParse(plainAttributes(item));
  if (!parsed.success) {
    const { field, problem } = firstFault(parsed.error, item, SYNCED_FORM);
    const advice = 'the item was changed by hand: the sync writes it anew within a minute';
    return malformed({ capId, field, problem: `${problem}; ${advice}` });
  }
  const { source, type, value, fault } = parsed.data;
  const name = capId.slice(SYNCED_PREFIX.length);
  return readParameter({
    name,
    source,
    type,
    ...(value === undefined ? {} : { value }),
    ...(fault === undefined ? {} : { fault }),
  });
}

/** What a parameter says. Never throws. */
export function readParameter(parameter: Parameter): ParameterReading {
  const { name, source, type } = parameter;
  const { value, fault } = attributesOf(parameter);
  const capId = SYNCED_PREFIX + name;
  if (fault !== undefined) {
    return malformed({ capId, field: 'parameter', problem: `${source} ${fault}` });
  }
  const reading = readValue(name, source, value);
  if (!NAME.test(name)) {
    // Which cap a limit was meant for cannot be told of a name that is none.
    const { selectors } = coverageOf(reading);
    const problem =
      "must be a cap's id, 1 to 64 of A-Z a-z 0-9 . _ -, and of no deeper level; " +
      `remove the ${source}, or make it anew by another name`;
    return malformed({ capId, field: 'name', problem }, { selectors });
  }
  if (type === 'String') return reading;
  const problem =
    `must be String and is ${type}, which hardcap does not read; ` +
    `delete the ${source}, and make it again with --type String`;
  return malformed({ capId, field: 'type', problem }, coverageOf(reading));
}

/** What it covers: by selectors, or as the limit of a cap; neither: it could cover all. */
interface Coverage {
  readonly selectors?: Selectors | undefined;
  readonly limitOf?: string | undefined;
}

function coverageOf(reading: ParameterReading): Coverage {
  if (reading.kind === 'limit') return { limitOf: reading.name };
  const { selectors } = reading.cap;
  return reading.kind === 'cap' ? { selectors } : { selectors, limitOf: reading.limitOf };
}

const malformed = (
  cap: Omit<MalformedCap, 'selectors'>,
  { selectors, limitOf }: Coverage = {},
): ParameterReading => ({
  kind: 'malformed',
  cap: selectors === undefined ? cap : { ...cap, selectors },
  ...(limitOf === undefined ? {} : { limitOf }),
});

function readValue(name: string, source: string, value: string | undefined): ParameterReading {
  const text = (value ?? '').trim();
  if (text.startsWith('{')) return readCapText(name, source, text);
  const limitNanoUsd = readEnteredUsd(text);
  if (limitNanoUsd !== undefined) return { kind: 'limit', name, source, limitNanoUsd };
  const problem =
    'must be a limit in dollars as a plain number such as 12.50, or the JSON of a cap; ' +
    `correct the ${source}`;
  const cap = { capId: SYNCED_PREFIX + name, field: 'value', problem };
  return malformed(cap, isMeantAsLimit(text) ? { limitOf: name } : {});
}

const CURRENCY = /usd/gi;
const ONLY_OF_A_NUMBER = /^[\s\d.,_'"eE+%$€£¥-]*$/;

/** Text of digits and what people write round an amount cannot have been meant to say more. */
const isMeantAsLimit = (text: string): boolean =>
  /\d/.test(text) && ONLY_OF_A_NUMBER.test(text.replace(CURRENCY, ''));

function readCapText(name: string, source: string, text: string): ParameterReading {
  const capId = SYNCED_PREFIX + name;
  const faulty = ({ field, problem }: Fault, selectors?: Selectors) =>
    malformed({ capId, field, problem: `${problem}; correct the ${source}` }, { selectors });
  try {
    // Numbers stay the text that they are: no amount becomes a float.
    const attributes = parseLossless(text, undefined, String) as SettingItem;
    // The name may be no cap's id, which is told apart from what the value says.
    const sk = `${SYNCED_PREFIX}x`;
    const cap = parseCap({ v: SETTINGS_VERSION, ...attributes, pk: PARTITION.cap, sk });
    const key = ['pk', 'sk'].find((attribute) => Object.hasOwn(attributes, attribute));
    if (key !== undefined) {
      return faulty({ field: key, problem: 'is given by the name; remove it' }, cap.selectors);
    }
    if (isMalformed(cap)) return faulty(cap, cap.selectors);
    const parameter = { source, limitNanoUsd: cap.limitNanoUsd };
    return { kind: 'cap', cap: { ...cap, capId, parameter } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return faulty({ field: 'value', problem: `is not JSON (${why})` });
  }
}
