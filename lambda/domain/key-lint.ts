/**
 * Keys that no cap covers: their requests are refused, unless uncovered ones are let pass.
 */
import { allowsModel, type CallerKey, type Cap, enforces } from './cap.ts';
import { type Finding, holdsForKey, holdsForModel, isInForce, type LintInput } from './cap-lint.ts';
import type { KnownModel } from './known-models.ts';

/** A finding for each usable key that is refused for all its models, or for some. */
export const lintKeys = (input: LintInput): Finding[] =>
  input.keys.filter((key) => isInForce(key, input.nowMs)).flatMap((key) => lintKey(key, input));

/** What selects or splits by a tag of the request covers nobody, as the tag can be left out. */
const isRequestTagged = ({ selectors, splitBy }: Cap, key: CallerKey): boolean => {
  const [, kind, name = ''] = /^(tag|request-tag):(.*)$/su.exec(splitBy ?? '') ?? [];
  const isSplit = kind === 'request-tag' || (kind === 'tag' && !Object.hasOwn(key.tags, name));
  return selectors.requestTags !== undefined || isSplit;
};

const allows = (key: CallerKey, model: KnownModel): boolean =>
  allowsModel(key, { keyId: key.keyId, tags: {}, requestTags: {}, ...model });

function lintKey(key: CallerKey, { caps, models, nowMs }: LintInput): Finding[] {
  const covering = caps.filter(
    (cap) =>
      isInForce(cap, nowMs) && enforces(cap) && holdsForKey(cap, key) && !isRequestTagged(cap, key),
  );
  const coversAll = ({ selectors }: Cap) => (selectors.models ?? selectors.vendors) === undefined;
  if (covering.some(coversAll)) return [];
  const { keyId } = key;
  const fix = `make one (hardcap cap set <id> --keys ${keyId} --limit <usd> --window daily)`;
  if (covering.length === 0) {
    const message = `no block or clamp cap in force covers it, so all its requests are refused: ${fix}`;
    return [{ level: 'error', rule: 'key-uncovered', keyId, message }];
  }
  const usable = models.filter(
    (model) => model.maxOutputTokens !== undefined && allows(key, model),
  );
  const bare = usable.filter((model) => !covering.some((cap) => holdsForModel(cap, model)));
  const [first] = bare;
  if (first === undefined) return [];
  const message =
    `its caps cover ${usable.length - bare.length} of the ${usable.length} model ids that it may ` +
    `use; others, such as ${first.modelId}, are refused`;
  return [{ level: 'warning', rule: 'key-partly-uncovered', keyId, message }];
}
