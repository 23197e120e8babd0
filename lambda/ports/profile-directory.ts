/**
 * Bedrock's own knowledge of application inference profiles, whose ARNs do not tell their model.
 */

/** What Bedrock says of one profile. */
export type ProfileAnswer =
  | {
      readonly kind: 'found';
      /** ARNs of the models that it routes to, one for each region. */
      readonly modelArns: readonly string[];
    }
  /** There is no such profile, or this account may not read it. */
  | { readonly kind: 'unknown'; readonly problem: string }
  /** Nothing is known now: throttled, too slow, or a fault. */
  | { readonly kind: 'unavailable'; readonly problem: string };

export interface ProfileDirectory {
  /** The answer at hand; undefined where Bedrock must be asked. No I/O. */
  peek(arn: string): ProfileAnswer | undefined;
  /** Asks Bedrock of this region, once for all who ask for the same ARN together. Never rejects. */
  lookUp(arn: string, region: string): Promise<ProfileAnswer>;
}
