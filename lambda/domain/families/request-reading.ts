/**
 * One reading of a request body: what is refused in it, and what costs more than its bytes.
 *
 * Owns:      the overheads of the input bound, and the wording of `unpriced_field`.
 * Invariant: what is not known is refused. `allowFields` lets unknown members pass, but nothing
 *            that is known to change the price.
 */
import { HardcapError } from '../errors.ts';
import type { Serving } from '../price.ts';
import { isJsonObject, type JsonObject, type JsonValue, numberOf } from '../request-body.ts';
import type { Unit, UnitCounts } from '../unit.ts';

/** The setting that lets unknown members pass; the name that people see. */
export const ALLOW_FIELDS_SETTING = 'HARDCAP_ALLOW_FIELDS';

/**
 * Tokens that a template may add round what the body's bytes stand for. They are upper bounds: a
 * message costs some 4 tokens, a tool some 20, and the tool preambles that Anthropic publishes are
 * 290 to 810 tokens (https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview).
 */
export const OVERHEAD_TOKENS = {
  request: 64,
  message: 16,
  block: 8,
  tool: 64,
  /** Once for a request that has tools at all. */
  toolPreamble: 1_000,
  /** A tool whose definition the vendor writes (bash, text editor, computer, memory). */
  vendorTool: 3_000,
  thinking: 200,
  /** The instructions that a required output format adds. */
  outputFormat: 1_000,
  /** The instructions for citing search results; their marks are in the overhead of a block. */
  citations: 1_000,
} as const;

/** Every tier that Bedrock or a vendor's body names, and what it costs as. */
export const TIERS: Readonly<Record<string, Serving['tier']>> = {
  default: 'default',
  standard: 'default',
  standard_only: 'default',
  flex: 'default',
  // Fixed by contract; what overflows is billed by the token, at the default price.
  reserved: 'default',
  priority: 'priority',
};

export const LATENCIES: Readonly<Record<string, Serving['latency']>> = {
  standard: 'standard',
  optimized: 'optimized',
};

/** Collects what one request may cost beside its bytes; throws at what cannot be priced. */
export class RequestReading {
  readonly #allowFields: ReadonlySet<string>;
  #overheadTokens: number = OVERHEAD_TOKENS.request;
  #imageBytes = 0;
  #hasImages = false;
  #hasTools = false;
  #mayThink = false;
  #fillsWindow = false;
  #tier: Serving['tier'] = 'default';
  #latency: Serving['latency'] = 'standard';
  #servingField = '';
  #guardrailField = '';
  readonly #imageTokens: number | 'window';
  readonly #modelIds: readonly string[];
  readonly #units: Partial<Record<Unit, number>> = {};

  /**
   * @param allowFields dotted paths or bare names that may pass although they are not known
   * @param imageTokens the most tokens that one image makes of the model that is asked
   * @param modelIds the spellings of the model that is asked
   */
  constructor(
    allowFields: ReadonlySet<string>,
    imageTokens: number | 'window' = 'window',
    modelIds: readonly string[] = [],
  ) {
    this.#allowFields = allowFields;
    this.#imageTokens = imageTokens;
    this.#modelIds = modelIds;
  }

  /** Tokens beside those of the text. */
  get overheadTokens(): number {
    return this.#overheadTokens;
  }

  /** Bytes of the body that are image data: their tokens are in the overhead. */
  get imageBytes(): number {
    return this.#imageBytes;
  }

  /** Something in the request has no bound of its own but the model's context window. */
  get fillsWindow(): boolean {
    return this.#fillsWindow;
  }

  /** A setting of thinking was read, or one that nobody knows: there may be output unseen. */
  get mayThink(): boolean {
    return this.#mayThink;
  }

  /** Nothing was read that is counted by another rule than its text. */
  get isTextOnly(): boolean {
    return !this.#hasImages && !this.#fillsWindow;
  }

  /** How the request asks to be served, at its dearest. */
  get serving(): Serving {
    return { tier: this.#tier, latency: this.#latency };
  }

  /** The member that asks to be served at a dearer price; empty where none does. */
  get servingField(): string {
    return this.#servingField;
  }

  /** The member or header that asks for a guardrail; empty where none does. */
  get guardrailField(): string {
    return this.#guardrailField;
  }

  /** Whether an image was added, of whichever kind. */
  get hasImages(): boolean {
    return this.#hasImages;
  }

  /** What the request asks for that is billed by other units than tokens. */
  get units(): UnitCounts {
    return this.#units;
  }

  addUnits(unit: Unit, count: number): void {
    this.#units[unit] = (this.#units[unit] ?? 0) + count;
  }

  /** Notes a setting of thinking, whatever it says. */
  noteThinking(): void {
    this.#mayThink = true;
    this.addTokens(OVERHEAD_TOKENS.thinking);
  }

  /**
   * Notes a service tier; where several are named, the dearest holds.
   *
   * @throws HardcapError `unpriced_field` for a tier of unknown name; no setting lets it pass
   */
  askTier(value: JsonValue | undefined, path: string): void {
    this.checkPricedValue(value, Object.keys(TIERS), path);
    if (typeof value !== 'string' || TIERS[value] !== 'priority') return;
    this.#tier = 'priority';
    this.#servingField = path;
  }

  /** Notes optimised latency, as `askTier` does a tier. */
  askLatency(value: JsonValue | undefined, path: string): void {
    this.checkPricedValue(value, Object.keys(LATENCIES), path);
    if (value !== 'optimized') return;
    this.#latency = 'optimized';
    this.#servingField = path;
  }

  addTokens(count: number): void {
    this.#overheadTokens += count;
  }

  addTool(tokens: number): void {
    if (!this.#hasTools) this.#overheadTokens += OVERHEAD_TOKENS.toolPreamble;
    this.#hasTools = true;
    this.#overheadTokens += tokens;
  }

  /** Counts an image by its own bound instead of by the bytes of its base64 data. */
  addImage(data: JsonValue | undefined): void {
    this.#hasImages = true;
    if (this.#imageTokens === 'window') {
      this.#fillsWindow = true;
      return;
    }
    this.#overheadTokens += this.#imageTokens;
    // Only ASCII is taken off: other text is no base64, and may be longer once it is normalised.
    if (typeof data === 'string' && Buffer.byteLength(data) === data.length) {
      this.#imageBytes += data.length;
    }
  }

  fillWindow(): void {
    this.#fillsWindow = true;
  }

  /**
   * Refuses members that are not in `known`. A null is no value, so it passes.
   *
   * @param path of the object, dotted and with a dot at its end, or empty for the body
   * @throws HardcapError `unpriced_field`
   */
  checkMembers(object: JsonObject, known: ReadonlySet<string>, path: string): void {
    for (const name in object) {
      if (!known.has(name) && object[name] !== null) this.checkUnknown(path, name);
    }
  }

  /**
   * Refuses a member unless the setting names it, by its path or by its bare name.
   *
   * @param path of the object that holds it, as in `checkMembers`
   * @throws HardcapError `unpriced_field`
   */
  checkUnknown(path: string, name: string, reason = 'hardcap does not know what it costs'): void {
    const field = path + name;
    if (this.#allowFields.has(field) || this.#allowFields.has(name)) {
      this.#mayThink = true;
      return;
    }
    throw new HardcapError(
      'unpriced_field',
      `unpriced_field: "${shown(field)}": ${reason}; leave it out, or, where its cost is no ` +
        `matter, add "${shown(field)}" to ${ALLOW_FIELDS_SETTING}`,
      { details: { field: shown(field) } },
    );
  }

  /**
   * Refuses a block or tool of unknown type unless the setting lets it pass, which then counts as
   * a whole context window.
   *
   * @throws HardcapError `unpriced_field`
   */
  checkUnknownType(path: string, type: string, reason?: string): void {
    this.checkUnknown(path, type, reason);
    this.#fillsWindow = true;
  }

  /**
   * Refuses a body that names another model than its path: only one of the two was priced.
   *
   * @throws HardcapError `invalid_request`
   */
  checkModel(value: JsonValue | undefined, path: string): void {
    if (!isGiven(value) || this.#modelIds.some((id) => id === value)) return;
    throw invalidField(path, 'must be the model that the path names; leave it out');
  }

  /** Notes that a guardrail is asked for: its text units go by the body and the output. */
  noteGuardrail(path: string): void {
    this.#guardrailField = path;
  }

  /**
   * Refuses what is known to have a cost that cannot be bounded; no setting lets it pass.
   *
   * @throws HardcapError `unpriced_field`
   */
  refuse(path: string, reason: string): never {
    throw new HardcapError('unpriced_field', `unpriced_field: "${shown(path)}": ${reason}`, {
      details: { field: shown(path) },
    });
  }

  /**
   * Refuses a value that is known to change the price; no setting lets it pass.
   *
   * @throws HardcapError `unpriced_field` unless the value is absent or one of `priced`
   */
  checkPricedValue(value: JsonValue | undefined, priced: readonly string[], path: string): void {
    if (value === undefined || value === null) return;
    if (typeof value === 'string' && priced.includes(value)) return;
    throw new HardcapError(
      'unpriced_field',
      `unpriced_field: "${path}" may only be ${quoted(priced)}, as other values have prices ` +
        'that hardcap does not know; change it or leave it out',
      { details: { field: path } },
    );
  }

  /**
   * Refuses media that the request does not carry: its size is not to be seen here, and the
   * gateway must not read for a caller what only the gateway may read.
   *
   * @throws HardcapError `unpriced_field`
   */
  refuseRemoteMedia(path: string): never {
    throw new HardcapError(
      'unpriced_field',
      `unpriced_field: "${shown(path)}": media must be in the request as base64 bytes; an S3 ` +
        'location, URL or file id has a cost that cannot be seen',
      { details: { field: shown(path) } },
    );
  }
}

const SHOWN_CHARACTERS = 120;

/** Names come from the caller: cut short, as messages go into logs and answers. */
const shown = (path: string): string => path.slice(0, SHOWN_CHARACTERS);

const quoted = (values: readonly string[]): string =>
  values.map((value) => `"${value}"`).join(' or ');

/** Whether a member has a value: neither absent nor null. */
export const isGiven = (value: JsonValue | undefined): boolean =>
  value !== undefined && value !== null;

/** An `invalid_request` about one field. */
export const invalidField = (path: string, problem: string): HardcapError =>
  new HardcapError('invalid_request', `invalid_request: "${shown(path)}" ${problem}`, {
    details: { field: shown(path) },
  });

/**
 * A positive whole number, or undefined where the value is absent or null.
 *
 * @throws HardcapError `invalid_request` naming the field
 */
export function positiveInteger(
  value: JsonValue | undefined,
  path: string,
  of = 'tokens, such as 1024',
): number | undefined {
  if (!isGiven(value)) return undefined;
  const number = numberOf(value);
  if (number === undefined || !Number.isSafeInteger(number) || number < 1) {
    throw invalidField(path, `must be a positive whole number of ${of}`);
  }
  return number;
}

/**
 * The objects of an array member; none where it is absent or null.
 *
 * @throws HardcapError `invalid_request` for anything else: what cannot be read cannot be priced
 */
export function objectsOf(value: JsonValue | undefined, path: string): readonly JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isJsonObject)) {
    throw invalidField(path, 'must be an array of objects');
  }
  return value as readonly JsonObject[];
}

/**
 * An object member, or undefined where it is absent or null.
 *
 * @throws HardcapError `invalid_request` for anything else
 */
export function objectOf(value: JsonValue | undefined, path: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw invalidField(path, 'must be an object');
  return value;
}
