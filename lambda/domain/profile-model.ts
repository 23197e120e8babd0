/**
 * The model behind an application inference profile, by the model ARNs that Bedrock lists for it.
 *
 * Bedrock lists where a profile routes to, not which system profile it was made from, so that this
 * is told by the regions: only a global profile routes to a model without a region.
 * Invariant: what regions cannot tell apart is all kept, for the dearest of it to be the price.
 */
import { notPriced, type ProfilePrefix, parseModelId, regionOfArn } from './model-id.ts';

/** How a model is sold: `bare` is without a profile. */
export type SoldAs = 'bare' | ProfilePrefix;

/** What a profile that an account made stands for. */
export interface ProfileModel {
  readonly baseModelId: string;
  /** What it may be billed as; not empty, and one where its regions tell it. */
  readonly soldAs: readonly SoldAs[];
}

const MODEL_ARN = /^arn:(aws|aws-us-gov):bedrock:([a-z0-9-]{0,20})::foundation-model\/(.+)$/;

/** More regions than Bedrock has. */
const MAX_MODEL_ARNS = 100;

/**
 * The one model of a profile.
 *
 * @param arn the profile's own, whose region is where it is called
 * @param modelArns the models that it routes to, one for each region
 * @throws HardcapError `model_not_priced` where it has none, several, or one that has no list price
 */
export function modelOfProfile(arn: string, modelArns: readonly string[]): ProfileModel {
  const home = regionOfArn(arn) ?? '';
  const baseModelIds = new Set<string>();
  const regions = new Set<string>();
  for (const modelArn of modelArns.slice(0, MAX_MODEL_ARNS)) {
    const [, partition, region = '', id = ''] = MODEL_ARN.exec(modelArn) ?? [];
    if (!isBaseModelId(id) || (partition === 'aws-us-gov') !== home.startsWith('us-gov-')) {
      throw notPriced(arn, 'this profile leads to a model that has no list price');
    }
    baseModelIds.add(id);
    regions.add(region);
  }
  const [baseModelId, ...others] = baseModelIds;
  if (baseModelId === undefined || modelArns.length > MAX_MODEL_ARNS) {
    throw notPriced(arn, 'Bedrock names no model of this profile, or too many');
  }
  if (others.length > 0) {
    throw notPriced(arn, 'this profile leads to several models; ask for one of them');
  }
  return { baseModelId, soldAs: soldAs(home, regions) };
}

function isBaseModelId(id: string): boolean {
  try {
    return parseModelId(id).baseModelId === id;
  } catch {
    return false;
  }
}

const GEO_PREFIXES: readonly SoldAs[] = ['us', 'eu', 'apac', 'jp', 'au', 'ca', 'in'];

/** Prefixes of the profiles that route within Asia and the Pacific: their regions overlap. */
const PACIFIC_PREFIXES: readonly SoldAs[] = ['apac', 'jp', 'au', 'in'];

function soldAs(home: string, regions: ReadonlySet<string>): readonly SoldAs[] {
  if (regions.has('')) return ['global'];
  if (regions.size === 1 && regions.has(home)) return ['bare'];
  const areWithin = (start: string) => [...regions].every((region) => region.startsWith(start));
  if (areWithin('us-gov-')) return ['us-gov'];
  if (areWithin('us-')) return ['us'];
  if (areWithin('eu-')) return ['eu'];
  if (areWithin('ap-')) return PACIFIC_PREFIXES;
  return GEO_PREFIXES;
}
