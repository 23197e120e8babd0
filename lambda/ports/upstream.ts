/**
 * Bedrock as the application needs it: one request, sent once.
 */
export interface UpstreamRequest {
  readonly region: string;
  /** Path as it goes on the wire, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface UpstreamResponse {
  readonly status: number;
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Chunks as they arrive; reading throws where the connection breaks. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection; nothing more is read. */
  abort(): void;
}

/** The request did not get an answer. */
export class UpstreamFailure extends Error {
  /** `not-sent`: certain that Bedrock saw no request. `unknown`: it may have been billed. */
  readonly sent: 'not-sent' | 'unknown';

  constructor(sent: 'not-sent' | 'unknown', message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'UpstreamFailure';
    this.sent = sent;
  }
}

export interface Upstream {
  /** Begins a connection for a request that may follow. Where it fails, the send meets the same. */
  readonly open?: (region: string) => void;
  /**
   * Sends once and answers when the response's headers are there.
   *
   * @throws UpstreamFailure
   */
  send(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamResponse>;
}
