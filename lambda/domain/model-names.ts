/**
 * Names of models as their vendors' own APIs have them, and the Bedrock id that each stands for.
 *
 * Invariant: a name is in the table or it is no name; nothing is guessed from how it is spelt.
 */
import { CATALOGUE_ROWS } from './catalogue/rows.ts';
import type { ProfilePrefix } from './model-id.ts';

/** Anthropic's names, dated and not; the base ids are the catalogue's. */
const BASE_MODEL_IDS: ReadonlyMap<string, string> = new Map([
  ['claude-3-haiku-20240307', 'anthropic.claude-3-haiku-20240307-v1:0'],
  ['claude-3-5-haiku-20241022', 'anthropic.claude-3-5-haiku-20241022-v1:0'],
  ['claude-3-5-haiku-latest', 'anthropic.claude-3-5-haiku-20241022-v1:0'],
  ['claude-3-7-sonnet-20250219', 'anthropic.claude-3-7-sonnet-20250219-v1:0'],
  ['claude-3-7-sonnet-latest', 'anthropic.claude-3-7-sonnet-20250219-v1:0'],
  ['claude-sonnet-4-0', 'anthropic.claude-sonnet-4-20250514-v1:0'],
  ['claude-sonnet-4-20250514', 'anthropic.claude-sonnet-4-20250514-v1:0'],
  ['claude-opus-4-0', 'anthropic.claude-opus-4-20250514-v1:0'],
  ['claude-opus-4-20250514', 'anthropic.claude-opus-4-20250514-v1:0'],
  ['claude-opus-4-1', 'anthropic.claude-opus-4-1-20250805-v1:0'],
  ['claude-opus-4-1-20250805', 'anthropic.claude-opus-4-1-20250805-v1:0'],
  ['claude-haiku-4-5', 'anthropic.claude-haiku-4-5-20251001-v1:0'],
  ['claude-haiku-4-5-20251001', 'anthropic.claude-haiku-4-5-20251001-v1:0'],
  ['claude-sonnet-4-5', 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['claude-sonnet-4-5-20250929', 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['claude-opus-4-5', 'anthropic.claude-opus-4-5-20251101-v1:0'],
  ['claude-opus-4-5-20251101', 'anthropic.claude-opus-4-5-20251101-v1:0'],
  ['claude-sonnet-4-6', 'anthropic.claude-sonnet-4-6'],
  ['claude-opus-4-6', 'anthropic.claude-opus-4-6-v1'],
  ['claude-opus-4-7', 'anthropic.claude-opus-4-7'],
  ['claude-opus-4-8', 'anthropic.claude-opus-4-8'],
  ['claude-sonnet-5', 'anthropic.claude-sonnet-5'],
  ['claude-opus-5', 'anthropic.claude-opus-5'],
  ['claude-sonnet-5-5', 'anthropic.claude-sonnet-5-5'],
  ['claude-opus-5-5', 'anthropic.claude-opus-5-5'],
  ['claude-fable-5', 'anthropic.claude-fable-5'],
  ['claude-fable-5-1', 'anthropic.claude-fable-5-1'],
]);

/** Every vendor name that stands for a Bedrock id. */
export const VENDOR_NAMES: readonly string[] = [...BASE_MODEL_IDS.keys()];

/** Profiles of the region's own geography first, as `global` may answer from anywhere. */
const PROFILES_BY_REGION: readonly (readonly [RegExp, readonly ProfilePrefix[]])[] = [
  [/^us-gov-/, ['us-gov']],
  [/^us-/, ['us', 'global']],
  [/^ca-/, ['ca', 'us', 'global']],
  [/^eu-/, ['eu', 'global']],
  [/^ap-northeast-[13]$/, ['jp', 'apac', 'global']],
  [/^ap-southeast-[24]$/, ['au', 'apac', 'global']],
  [/^ap-south-/, ['in', 'apac', 'global']],
  [/^ap-/, ['apac', 'global']],
  [/./, ['global']],
];

/** The profiles that a region can call, its own geography's first. */
export const profilesOfRegion = (region: string): readonly ProfilePrefix[] =>
  PROFILES_BY_REGION.find(([regions]) => regions.test(region))?.[1] ?? [];

/**
 * The Bedrock id that a vendor's name stands for in the called region: the region's own profile
 * where the catalogue sells one, else `global`, else the bare id. Any other text as it is.
 */
export function bedrockModelId(name: string, region: string): string {
  const baseModelId = BASE_MODEL_IDS.get(name);
  if (baseModelId === undefined) return name;
  const sold = CATALOGUE_ROWS.find((row) => row.baseModelId === baseModelId)?.offers ?? [];
  const isSoldAs = (profile: ProfilePrefix): boolean =>
    sold.some(({ soldAs }) => soldAs.includes(profile));
  const prefix = profilesOfRegion(region).find(isSoldAs);
  return prefix === undefined ? baseModelId : `${prefix}.${baseModelId}`;
}
