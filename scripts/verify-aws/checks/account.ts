/**
 * Checks of the account's side: the function, its cold starts, the ledger's store, the models that
 * are sold, the way round the gateway, and the price lists.
 */
import type { FunctionFacts } from '../../../bin/commands/doctor/account.ts';
import { CATALOGUE_ROWS } from '../../../lambda/domain/catalogue/rows.ts';
import { nanoUsd } from '../../../lambda/domain/money.ts';

import { type Check, differs, ok, type Scene, unseen, withAccount } from '../check.ts';

const URL_ACTIONS = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'];

export const functionSettings: Check = {
  id: 'function',
  section: '4',
  run(scene) {
    const expected =
      scene.authType === 'iam'
        ? 'RESPONSE_STREAM, AuthType AWS_IAM'
        : `RESPONSE_STREAM, AuthType NONE, everybody may ${URL_ACTIONS.join(' and ')}`;
    return withAccount(scene, expected, async (account) => {
      const facts = await account.gatewayFunction();
      const { runtime, architecture, authType, invokeMode, policyActions } = facts;
      const actions = policyActions.join(' ');
      const seen = `${runtime} ${architecture}, ${invokeMode}, ${authType}, ${actions}`;
      const missing = problemsOf(facts, scene);
      if (missing.length === 0) return ok(expected, seen);
      return differs(expected, seen, `deploy again: ${missing.join(', ')}`);
    });
  },
};

function problemsOf(facts: FunctionFacts, scene: Scene): string[] {
  const authType = scene.authType === 'iam' ? 'AWS_IAM' : 'NONE';
  const isMissing = (action: string) =>
    scene.authType === 'none' && !facts.policyActions.includes(action);
  return [
    ...(facts.invokeMode === 'RESPONSE_STREAM' ? [] : ['the URL does not stream']),
    ...(facts.authType === authType ? [] : [`AuthType is ${facts.authType}`]),
    ...URL_ACTIONS.filter(isMissing).map((action) => `no permission for ${action}`),
  ];
}

const LEAST_CONCURRENCY = 10;

export const concurrency: Check = {
  id: 'concurrency',
  section: '9',
  run(scene) {
    const expected = `the function may run ${LEAST_CONCURRENCY} times at once or more`;
    return withAccount(scene, expected, async (account) => {
      const { reservedConcurrency, accountConcurrency } = await account.gatewayFunction();
      const reserved = reservedConcurrency ?? 'none';
      const seen = `reserved ${reserved} of the account's ${accountConcurrency ?? '?'}`;
      const most = reservedConcurrency ?? accountConcurrency;
      if (most === undefined) return unseen(expected, seen, 'allow lambda:GetAccountSettings');
      if (most >= LEAST_CONCURRENCY) return ok(expected, seen);
      return differs(expected, seen, 'ask for a higher quota, or deploy with reservedConcurrency');
    });
  },
};

const MOST_COLD_START_MS = 2_000;

export const coldStart: Check = {
  id: 'cold-start',
  section: '-',
  run(scene) {
    const expected = `Init Duration <= ${MOST_COLD_START_MS} ms in the log of the last day`;
    return withAccount(scene, expected, async (account) => {
      const starts = await account.coldStartsMs();
      const worst = Math.max(...starts);
      if (starts.length === 0) return unseen(expected, 'no cold start', 'deploy, and run it again');
      const seen = `${starts.length} cold starts, the longest ${worst.toFixed(0)} ms`;
      if (worst <= MOST_COLD_START_MS) return ok(expected, seen);
      return differs(
        expected,
        seen,
        'raise memoryMb: a function starts with the CPU of its memory',
      );
    });
  },
};

export const allOld: Check = {
  id: 'all-old',
  section: '5',
  run(scene) {
    const expected = 'a refused write brings the item back';
    return withAccount(scene, expected, async (account) => {
      const brings = await account.refusedWriteBringsItem();
      if (brings === undefined) return unseen(expected, 'the ledger is empty', 'run it again');
      if (brings) return ok(expected, 'it does');
      return differs(expected, 'it does not', 'a refusal costs one read more; report it');
    });
  },
};

export const wayRound: Check = {
  id: 'way-round',
  section: '13',
  run(scene) {
    const expected = 'credentials other than the gateway may not call Bedrock';
    return withAccount(scene, expected, async (account) => {
      const { spendLimit } = scene.caller;
      const taken = spendLimit.take(ONE_TOKEN_MOST);
      try {
        const answer = await account.converse(scene.models.cheap);
        if (answer.kind === 'denied') return ok(expected, answer.message);
      } finally {
        spendLimit.give(taken, taken);
      }
      return unseen(expected, 'these may', 'attach DenyPolicy last, and run it again');
    });
  },
};

/** Far above one token of the cheapest model. */
const ONE_TOKEN_MOST = nanoUsd(100_000n);

export const modelsOffered: Check = {
  id: 'models',
  section: '-',
  run(scene) {
    const { models, region } = scene;
    const expected = `${models.cheap} and ${models.claude} are sold in ${region}`;
    return withAccount(scene, expected, async (account) => {
      const offered = await account.offeredModels(region);
      const sold = CATALOGUE_ROWS.filter((row) => idsOf(row).some((id) => offered.has(id)));
      const priced = new Set(CATALOGUE_ROWS.flatMap(idsOf));
      const unpriced = [...offered].filter((id) => !priced.has(id)).sort();
      const seen =
        `${sold.length} of the catalogue's ${CATALOGUE_ROWS.length} models; ` +
        `${unpriced.length} ids have no price (--json lists them)`;
      const missing = [models.cheap, models.claude].filter((id) => !offered.has(id));
      const details = [
        ...sold.map(({ baseModelId }) => `sold: ${baseModelId}`),
        ...unpriced.map((id) => `no price: ${id}`),
      ];
      if (missing.length === 0) return { ...ok(expected, seen), details };
      const todo = 'name others by --cheap-model and --claude-model';
      return { ...differs(expected, `${seen}; not ${missing.join(', ')}`, todo), details };
    });
  },
};

const idsOf = ({ baseModelId, offers }: (typeof CATALOGUE_ROWS)[number]): string[] =>
  offers
    .flatMap(({ soldAs }) => soldAs)
    .map((prefix) => (prefix === 'bare' ? baseModelId : `${prefix}.${baseModelId}`));

export const priceLists: Check = {
  id: 'price-lists',
  section: '14',
  run(scene) {
    const expected = 'every price list can be read';
    return withAccount(scene, expected, async (account) => {
      const { partsRead, partsFailed, taken, proposed, unmapped } = await account.readPrices();
      const seen =
        `${partsRead} parts read, ${partsFailed} failed; ${taken} to take, ` +
        `${proposed} to approve, ${unmapped.length} of no row`;
      const finding =
        partsFailed === 0 && partsRead > 0
          ? ok(expected, seen)
          : differs(expected, seen, 'may these credentials pricing:GetProducts? Else report it');
      return { ...finding, details: unmapped };
    });
  },
};
