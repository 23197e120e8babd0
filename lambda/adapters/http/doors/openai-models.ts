/**
 * Models as OpenAI lists them, each with what it costs here in the member `hardcap`.
 */
import type { Model } from '../../../domain/catalogue.ts';
import { formatUsd, nanoUsd } from '../../../domain/money.ts';
import type { Price, TokenPrices } from '../../../domain/price.ts';
import type { UnitPrices } from '../../../domain/unit.ts';
import type { ErrorAnswer } from '../error-response.ts';

const answer = (body: object): ErrorAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** The list that `GET /models` answers. */
export const openAiModelList = (models: readonly Model[]): ErrorAnswer =>
  answer({ object: 'list', data: models.map(openAiModel) });

/** One model, as `GET /models/{id}` answers it. */
export const openAiModelAnswer = ([model]: readonly Model[]): ErrorAnswer =>
  answer(model === undefined ? {} : openAiModel(model));

/** `created` is 0: the catalogue does not know when a model came. */
const openAiModel = (model: Model): object => ({
  id: model.modelId,
  object: 'model',
  created: 0,
  owned_by: model.vendor,
  hardcap: {
    ...pricesOf(model.price),
    price_version: model.price.version,
    context_window_tokens: model.contextWindowTokens,
    max_output_tokens: model.maxOutputTokens,
  },
});

function pricesOf({ tokens, longContext, units, free }: Price): object {
  if (free === true) return { free: true };
  return {
    usd_per_million_tokens: tokenPrices(tokens),
    ...(longContext && {
      long_context: {
        above_input_tokens: longContext.thresholdTokens,
        usd_per_million_tokens: tokenPrices(longContext.tokens),
      },
    }),
    ...unitPrices(units ?? {}),
  };
}

/** Dollars as decimal text; a line that the model has not is left out. */
function tokenPrices(prices: TokenPrices): Readonly<Record<string, string>> {
  const lines = {
    input: prices.inputNanoUsdPerMillion,
    output: prices.outputNanoUsdPerMillion,
    cache_read: prices.cacheReadNanoUsdPerMillion,
    cache_write_5m: prices.cacheWrite5mNanoUsdPerMillion,
    cache_write_1h: prices.cacheWrite1hNanoUsdPerMillion,
  };
  return Object.fromEntries(
    Object.entries(lines).flatMap(([line, rate]) =>
      rate === undefined || rate === 0n ? [] : [[line, formatUsd(nanoUsd(rate))]],
    ),
  );
}

/** Guardrails cost the same with every model, and are named by the request: not of the model. */
function unitPrices(units: UnitPrices): object {
  const own = Object.entries(units).filter(([unit]) => !unit.startsWith('guardrail-'));
  if (own.length === 0) return {};
  const prices = own.map(([unit, price]) => [unit.replaceAll('-', '_'), formatUsd(price)]);
  return { usd_per_unit: Object.fromEntries(prices) };
}
