/**
 * What the AWS Price List calls models and lines: exact tables, from usage type to price line.
 *
 * Invariant: a name that is not here is unmapped. Nothing is matched by likeness: `opus-5` is not
 *            `opus-5-5`.
 * Source:    usage types as public code shows them that reads the list; see docs/prices.md.
 */
import {
  type DimensionName,
  type LineName,
  type ListedAs,
  lineOf,
  parseDimension,
  type TokenLine,
} from '../../domain/price-listing.ts';
import type { Unit } from '../../domain/unit.ts';

/** Which model and line a row is of. */
export interface ListedName {
  readonly baseModelId: string;
  readonly listedAs: readonly ListedAs[];
  readonly line: LineName;
}

/** What a usage type names: a line, a guardrail's unit, or something that is no line of ours. */
export type NamedRow =
  | ({ readonly kind: 'line' } & ListedName)
  | { readonly kind: 'guardrail'; readonly unit: Unit }
  /** A tier that the gateway does not serve, or that never costs more than the standard one. */
  | { readonly kind: 'other-tier' };

interface AmazonModel {
  readonly baseModelId: string;
  /** For which ids a row without a mark holds. */
  readonly unmarked: readonly ListedAs[];
}

const SOURCE_REGION: readonly ListedAs[] = ['bare', 'geo'];

/** Amazon's own models by the middle of `USE1-NovaLite-input-tokens`. */
const AMAZON_MODELS: Readonly<Record<string, AmazonModel>> = {
  NovaMicro: { baseModelId: 'amazon.nova-micro-v1:0', unmarked: SOURCE_REGION },
  NovaLite: { baseModelId: 'amazon.nova-lite-v1:0', unmarked: SOURCE_REGION },
  NovaPro: { baseModelId: 'amazon.nova-pro-v1:0', unmarked: SOURCE_REGION },
  NovaPremier: { baseModelId: 'amazon.nova-premier-v1:0', unmarked: SOURCE_REGION },
  // The geographic profile costs a tenth more than the region's own, in rows of no known name.
  'Nova2.0Lite': { baseModelId: 'amazon.nova-2-lite-v1:0', unmarked: ['bare'] },
};

const AMAZON_LINES: Readonly<Record<string, TokenLine>> = {
  'input-tokens': 'input',
  'input-token-count': 'input',
  'output-tokens': 'output',
  'output-token-count': 'output',
  'cache-read-input-token-count': 'cache-read',
  'cache-write-input-token-count': 'cache-write-5m',
};

/** Marks at the end of Amazon's usage types. */
const OTHER_TIERS = new Set(['batch', 'flex']);
const GLOBAL_MARK = '-cross-region-global';

/** Third-party models by their service name, without ` (Amazon Bedrock Edition)`. */
const MODEL_BY_SERVICE_NAME: Readonly<Record<string, string>> = {
  'Claude Opus 4': 'anthropic.claude-opus-4-20250514-v1:0',
  'Claude Opus 4.1': 'anthropic.claude-opus-4-1-20250805-v1:0',
  'Claude Opus 4.5': 'anthropic.claude-opus-4-5-20251101-v1:0',
  'Claude Opus 4.6': 'anthropic.claude-opus-4-6-v1',
  'Claude Opus 4.7': 'anthropic.claude-opus-4-7',
  'Claude Opus 4.8': 'anthropic.claude-opus-4-8',
  'Claude Opus 5': 'anthropic.claude-opus-5',
  'Claude Opus 5.5': 'anthropic.claude-opus-5-5',
  'Claude Sonnet 4': 'anthropic.claude-sonnet-4-20250514-v1:0',
  'Claude Sonnet 4.5': 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  'Claude Sonnet 4.6': 'anthropic.claude-sonnet-4-6',
  'Claude Sonnet 5': 'anthropic.claude-sonnet-5',
  'Claude Sonnet 5.5': 'anthropic.claude-sonnet-5-5',
  'Claude Haiku 4.5': 'anthropic.claude-haiku-4-5-20251001-v1:0',
  'Claude Fable 5': 'anthropic.claude-fable-5',
};
const EDITION = / \(Amazon Bedrock Edition\)$/;

const GUARDRAIL_UNITS: Readonly<Record<string, Unit>> = {
  ContentPolicyUnitsConsumed: 'guardrail-content',
  TopicPolicyUnitsConsumed: 'guardrail-topic',
  SensitiveInformationPolicyUnitsConsumed: 'guardrail-sensitive-information',
  ContextualGroundingPolicyUnitsConsumed: 'guardrail-grounding',
  AutomatedReasoningPolicyUnitsConsumed: 'guardrail-automated-reasoning',
};

const REGION_CODE = /^[A-Z]{2,4}\d?-/;
const MARKETPLACE = /^MP:(.+)-Units$/;
/** Rows that hold the model's own id: `xai.grok-4.6-mantle-input-tokens-global-standard`. */
const WITH_ID = new RegExp(
  '^([a-z0-9]+\\.[a-z0-9.-]+?)(?:-mantle)?-(input|output)-tokens(-global)?' +
    '-(standard|priority|flex|batch)$',
);

/**
 * What a row is of; undefined where the tables do not know it. The region is the row's own
 * attribute, never read from the usage type.
 */
export function nameOfRow(
  usageType: string,
  serviceName: string | undefined,
): NamedRow | undefined {
  const text = usageType.replace(REGION_CODE, '');
  const [, dimension] = MARKETPLACE.exec(text) ?? [];
  if (dimension !== undefined) return marketplaceRow(dimension, serviceName);
  return guardrailRow(text) ?? rowWithId(text) ?? amazonRow(text);
}

function marketplaceRow(dimension: string, serviceName: string | undefined): NamedRow | undefined {
  const service = serviceName?.replace(EDITION, '') ?? '';
  const baseModelId = own(MODEL_BY_SERVICE_NAME, service);
  const parsed = parseDimension(dimension);
  return baseModelId === undefined || parsed === undefined
    ? undefined
    : thirdPartyRow(baseModelId, parsed);
}

/** A dimension of a third-party model: what is not global holds for its region and geography. */
export function thirdPartyRow(baseModelId: string, dimension: DimensionName): NamedRow {
  const line = lineOf(dimension);
  if (line === undefined) return { kind: 'other-tier' };
  const listedAs = dimension.isGlobal ? (['global'] as const) : SOURCE_REGION;
  return { kind: 'line', baseModelId, listedAs, line };
}

function guardrailRow(text: string): NamedRow | undefined {
  const [, name = ''] = /^Guardrail-(\w+)$/.exec(text) ?? [];
  const unit = own(GUARDRAIL_UNITS, name);
  return unit === undefined ? undefined : { kind: 'guardrail', unit };
}

function rowWithId(text: string): NamedRow | undefined {
  const [, baseModelId, direction, global, tier] = WITH_ID.exec(text) ?? [];
  if (baseModelId === undefined) return undefined;
  if (tier === 'flex' || tier === 'batch') return { kind: 'other-tier' };
  const base = direction === 'output' ? 'output' : 'input';
  return {
    kind: 'line',
    baseModelId,
    // The geographic profiles of these models have prices of their own.
    listedAs: [global === undefined ? 'bare' : 'global'],
    line: tier === 'priority' ? `priority-${base}` : base,
  };
}

function amazonRow(text: string): NamedRow | undefined {
  const dash = text.indexOf('-');
  const model = own(AMAZON_MODELS, text.slice(0, dash));
  if (model === undefined) return undefined;
  const isGlobal = text.endsWith(GLOBAL_MARK);
  const rest = text.slice(dash + 1, isGlobal ? -GLOBAL_MARK.length : undefined);
  const line = own(AMAZON_LINES, rest);
  if (line !== undefined) {
    const listedAs = isGlobal ? (['global'] as const) : model.unmarked;
    return { kind: 'line', baseModelId: model.baseModelId, listedAs, line };
  }
  const [, withoutTier = '', tier = ''] = /^(.+)-([a-z]+)$/.exec(rest) ?? [];
  const isOther = OTHER_TIERS.has(tier) && own(AMAZON_LINES, withoutTier) !== undefined;
  return isOther ? { kind: 'other-tier' } : undefined;
}

const own = <Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
