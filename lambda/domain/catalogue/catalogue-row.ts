/**
 * The form of the catalogue's rows: one base model, who reads its requests, and what it costs.
 *
 * Windows are bounds: where a list has 128000 for what is 128 K, the row has 131,072. Output maxima
 * are none: they are what is written into a request that names no limit.
 * Not here: the figures (one file a vendor beside this), and how an id finds its row.
 */
import type { ProfilePrefix } from '../model-id.ts';
import type { Unit } from '../unit.ts';

/** Which rules read a model's requests and answers; `families/registry.ts` has each. */
export type FamilyName =
  | 'ai21'
  | 'anthropic'
  | 'anthropic-text'
  | 'cohere-command'
  | 'cohere-embed'
  // ApplyGuardrail and InvokeGuardrailChecks, which ask no model.
  | 'guardrail'
  | 'guardrail-checks'
  // xAI: as openai, but its output limit bounds no reasoning.
  | 'grok'
  | 'llama'
  | 'marengo'
  | 'mistral'
  | 'nova'
  | 'nova-embed'
  | 'openai'
  // DeepSeek and Writer: as openai, but `max_tokens` is the only name of the limit.
  | 'openai-max-tokens'
  | 'rerank'
  | 'stability'
  | 'titan-embed'
  | 'titan-image'
  | 'titan-text';

/** Decimal US dollars per million tokens; the last columns may be missing. */
export type UsdPerMillion = readonly [
  input: string,
  output: string,
  cacheRead?: string,
  cacheWrite5m?: string,
  cacheWrite1h?: string,
];

/** One price of a model, and the ids that it holds for. */
export interface Offer {
  /** Profile prefixes; `bare` is the id without one. */
  readonly soldAs: readonly ('bare' | ProfilePrefix)[];
  /** The called regions that a price is limited to; absent: all that no other offer names. */
  readonly regions?: readonly string[];
  /** Absent where nothing is billed by tokens: then `unitUsd` has a price. */
  readonly usd?: UsdPerMillion;
  /** Holds for the whole of a request with more input tokens than this, cached ones included. */
  readonly longContext?: { readonly thresholdTokens: number; readonly usd: UsdPerMillion };
  /** What the priority tier multiplies the token prices by, such as `1.75`. */
  readonly priority?: string;
  /** Token prices of latency-optimised serving. */
  readonly optimizedUsd?: UsdPerMillion;
  /** Decimal US dollars for one unit. */
  readonly unitUsd?: Readonly<Partial<Record<Unit, string>>>;
}

/** One base model. */
export interface CatalogueRow {
  readonly baseModelId: string;
  readonly vendor: string;
  /** Absent for a model that no operation of the gateway can serve; `unserved` says why. */
  readonly family?: FamilyName;
  readonly unserved?: string;
  /** The most input that any tier or beta reaches, in tokens: it bounds what is reserved. */
  readonly contextWindowTokens: number;
  /** In tokens, 0 where answers hold none; written into requests that name no maximum. */
  readonly maxOutputTokens: number;
  readonly offers: readonly Offer[];
  /**
   * Which price lists agree on it, and how sure it is; by how it is sold, where that differs. The
   * letters are those of `price-sources.ts`, which has the day of each; `none` is from memory.
   */
  readonly sources: string;
  /** What of the row is derived, and from what. */
  readonly note?: string;
}
