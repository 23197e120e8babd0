/**
 * Checks of the models that keys may use: that each has a price, that the account may use it, and
 * that prices are not old.
 */
import { isMalformed } from '../../../lambda/adapters/settings/setting-items.ts';
import { ENV } from '../../../lambda/contract.ts';
import { type CallerKey, globMatches } from '../../../lambda/domain/cap.ts';
import { findModel } from '../../../lambda/domain/catalogue.ts';
import { modelIdsIn } from '../../../lambda/domain/model-list.ts';
import { ageText, type ShownAge } from '../catalogue-age-view.ts';
import { printable } from '../malformed-view.ts';
import { type Check, type Finding, ok, someOf, warning } from './finding.ts';
import type { Scene, SettingsSeen } from './scene.ts';
import { gatewayOf } from './stack-parts.ts';

type Prices = SettingsSeen['prices'];

/** A pattern of a key's allow-list, and the keys that have it. */
interface Allowed {
  readonly glob: string;
  readonly keyIds: readonly string[];
}

function allowedOf(keys: SettingsSeen['keys']): Allowed[] {
  const byGlob = new Map<string, string[]>();
  for (const key of keys) {
    if (isMalformed(key)) continue;
    for (const glob of key.models ?? []) {
      byGlob.set(glob, [...(byGlob.get(glob) ?? []), key.keyId]);
    }
  }
  return [...byGlob].map(([glob, keyIds]) => ({ glob, keyIds }));
}

const isPattern = (glob: string): boolean => /[*?]/.test(glob);

/** Why the id has no price; undefined where it has one. */
function withoutPrice(modelId: string, prices: Prices, region: string): string | undefined {
  try {
    findModel(modelId, prices, region);
    return undefined;
  } catch (error) {
    return error instanceof Error
      ? error.message.replace(/^\w+: (?:"[^"]*": )?/, '')
      : String(error);
  }
}

/** Spellings of a model by which a pattern may name it: with its profile's prefix, and without. */
const spellings = (modelId: string): string[] => {
  const [, bare] = /^(?:us-gov|us|eu|apac|jp|au|ca|global)\.(.+)$/.exec(modelId) ?? [];
  return bare === undefined ? [modelId] : [modelId, bare];
};

const matches = (glob: string, modelId: string): boolean =>
  spellings(modelId).some((id) => globMatches(glob, id));

/**
 * Whether each allow-list names models that can be asked for.
 *
 * @param offered what the account is offered in the region; undefined where that is not known
 */
export function verdictOnPrices(
  { keys, prices }: Pick<SettingsSeen, 'keys' | 'prices'>,
  region: string,
  offered?: ReadonlySet<string>,
): readonly Finding[] {
  const allowed = allowedOf(keys);
  const ids = modelIdsIn(region, prices);
  const findings = allowed.flatMap(({ glob, keyIds }): Finding[] => {
    const who = `which ${someOf(keyIds)} may use`;
    if (!isPattern(glob) && !ids.some((id) => matches(glob, id))) {
      const problem = withoutPrice(glob, prices, region);
      if (problem === undefined) return [];
      return [
        warning(
          printable(`"${glob}", ${who}, is refused: ${problem}`),
          'hardcap prices list --all shows what has a price; hardcap key set <id> --models',
        ),
      ];
    }
    if (glob.startsWith('arn:') || ids.some((id) => matches(glob, id))) return [];
    return [
      warning(
        printable(`"${glob}", ${who}, matches no model that has a price in ${region}`),
        'hardcap prices list --all shows all ids; hardcap key set <id> --models',
      ),
    ];
  });
  if (findings.length > 0) return findings;
  return [allPriced({ keys, prices }, region, offered)];
}

function allPriced(
  { keys, prices }: Pick<SettingsSeen, 'keys' | 'prices'>,
  region: string,
  offered: ReadonlySet<string> | undefined,
): Finding {
  const readable = keys.filter((key): key is CallerKey => !isMalformed(key));
  const isAllowed = (modelId: string) =>
    readable.some(({ models }) => models?.some((glob) => matches(glob, modelId)) ?? true);
  const unpriced = [...(offered ?? [])]
    .filter(isAllowed)
    .filter((modelId) => withoutPrice(modelId, prices, region) !== undefined)
    .sort();
  const rest =
    unpriced.length === 0
      ? ''
      : `; ${unpriced.length} others that Bedrock offers are refused (--json names them)`;
  return ok(`what keys may use has a price in ${region}${rest}`, unpriced);
}

/** Of more models some are not asked for: each is a call. */
const MOST_ASKED = 40;
const AT_A_TIME = 5;

/** Bare ids of the models that allow-lists name, for which access is worth asking. */
export function modelsToAsk(
  { keys, prices }: Pick<SettingsSeen, 'keys' | 'prices'>,
  region: string,
): string[] {
  const globs = allowedOf(keys).map(({ glob }) => glob);
  const bare = modelIdsIn(region, prices)
    .filter((id) => globs.some((glob) => matches(glob, id)))
    .map((id) => spellings(id).at(-1) ?? id);
  return [...new Set(bare)];
}

/** Whether the account may use what keys may. */
export function verdictOnAccess(
  asked: readonly string[],
  obstacles: ReadonlyMap<string, string>,
  total: number,
): readonly Finding[] {
  if (total === 0) {
    return [ok('no key has an allow-list of models, so access was asked for none')];
  }
  const some = total > asked.length ? ` of the ${total} that keys may use` : '';
  if (obstacles.size === 0) {
    return [ok(`the account may use each of ${asked.length} models${some}`)];
  }
  const named = [...obstacles].map(([modelId, why]) => `${modelId} (${why})`);
  return [
    warning(
      `the account may not use ${someOf(named)}`,
      'enable access to them in the Bedrock console of that region, or take them off the keys',
      named,
    ),
  ];
}

async function askAccess(scene: Scene): Promise<readonly Finding[]> {
  const { account } = scene;
  if (account === undefined) return [];
  const region = await modelRegion(scene);
  const wanted = modelsToAsk(await scene.settings(), region);
  const asked = wanted.slice(0, MOST_ASKED);
  const obstacles = new Map<string, string>();
  for (let at = 0; at < asked.length; at += AT_A_TIME) {
    await Promise.all(
      asked.slice(at, at + AT_A_TIME).map(async (modelId) => {
        const why = await account.modelObstacle(region, modelId);
        if (why !== undefined) obstacles.set(modelId, why);
      }),
    );
  }
  return verdictOnAccess(asked, obstacles, wanted.length);
}

/** The region that the gateway calls by itself; that of the tables where it is not known. */
async function modelRegion(scene: Scene): Promise<string> {
  const settings = await gatewayOf(scene)
    ?.settings()
    .catch(() => undefined);
  return settings?.environment[ENV.regions]?.split(',')[0]?.trim() || scene.region;
}

/** Whether anybody looked at the prices of late. */
export const verdictOnAge = (age: ShownAge): readonly Finding[] =>
  age.isOld
    ? [
        warning(
          `prices are ${age.ageDays} days old, more than ${age.maxAgeDays}`,
          'hardcap prices refresh, or update hardcap: caps are as hard as their prices',
        ),
      ]
    : [ok(ageText(age).replace(/\.$/, ''))];

export const MODEL_CHECKS: readonly Check[] = [
  {
    id: 'prices',
    needs: 'tables',
    run: async (scene) => {
      const region = await modelRegion(scene);
      const [settings, offered] = await Promise.all([
        scene.settings(),
        // Who may not list models learns that by the check of their access.
        scene.account?.offeredModels(region).catch(() => undefined),
      ]);
      return verdictOnPrices(settings, region, offered);
    },
  },
  { id: 'price-age', needs: 'tables', run: async (scene) => verdictOnAge(await scene.age()) },
  { id: 'model-access', needs: 'account', run: askAccess },
];
