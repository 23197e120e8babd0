/**
 * Bedrock's free count of a request's input tokens, as the application needs it.
 */
export interface CountRequest {
  readonly region: string;
  /** Without profile prefix: CountTokens knows no profiles. */
  readonly baseModelId: string;
  readonly form: 'converse' | 'invokeModel';
  /** JSON in UTF-8, counted as it is. */
  readonly body: Uint8Array;
  /** How long an answer is waited for. */
  readonly timeoutMs: number;
}

export type CountOutcome =
  | { readonly kind: 'counted'; readonly inputTokens: number }
  /** The model cannot be counted here, whatever is asked. */
  | { readonly kind: 'unsupported'; readonly why: string }
  /** This request could not be counted; the model may be. */
  | { readonly kind: 'rejected'; readonly why: string }
  /** No answer in time, or none that can be used. */
  | { readonly kind: 'unavailable'; readonly why: string };

export interface TokenCounter {
  /** Asks once, within the time; never throws. `why` holds nothing of the request's text. */
  count(request: CountRequest): Promise<CountOutcome>;
}
