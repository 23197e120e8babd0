/**
 * A door: one API's shape of requests, answers, errors and streams, in front of the one money path.
 *
 * A door reads a request into what Bedrock is asked, and writes what comes back in its own shape.
 * Invariant: a door never reaches Bedrock or the ledger; what it lets in goes through the spend
 *            guard.
 */
import type { Model } from '../../../domain/catalogue.ts';
import type { Operation } from '../../../domain/operation.ts';
import type { JsonObject } from '../../../domain/request-body.ts';
import type { AnswerSink, FrameReader, StreamError } from '../../../ports/stream.ts';
import type { ErrorAnswer, WireError } from '../error-response.ts';

/** A request as a door reads it. */
export interface DoorRequest {
  readonly method: string;
  /** Undecoded, its repeated slashes made one; without the query. */
  readonly path: string;
  /** By lower-cased name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first is the one of a path that names none. */
  readonly regions: readonly string[];
  /**
   * The body as it came, of a request that presents what has the form of a key.
   *
   * @throws HardcapError `unknown_key`, `body_too_large`, `invalid_request`
   */
  readonly bytes: () => Uint8Array;
}

/** What a request asks of Bedrock, and how its answer is to be written. */
export interface Entry {
  readonly operation: Operation;
  /** As the client named the model, decoded, or what the door's table made of that. */
  readonly modelId: string;
  /** What the client wrote, where the table made `modelId` of it: an alias for it goes first. */
  readonly namedAs?: string;
  readonly region: string;
  /** What is priced and sent; empty for a free operation, whose `freeBytes` are passed on. */
  readonly body: JsonObject;
  readonly freeBytes?: Uint8Array;
  readonly upstreamPath: (modelId: string, baseModelId: string) => string;
  /** Built from nothing: no header of the client's passes on unread. */
  readonly upstreamHeaders: Readonly<Record<string, string>>;
  /** Reads the stream that Bedrock answers with; absent: an event stream of AWS's. */
  readonly createFrameReader?: () => FrameReader;
  /** Absent: Bedrock's own answer, byte for byte. */
  readonly form?: AnswerForm;
}

/** The head of Bedrock's answer. */
export interface UpstreamHead {
  readonly status: number;
  /** By lower-cased name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a door writes what Bedrock answered. */
export interface AnswerForm {
  /** A whole answer, an error of Bedrock's included; its headers replace Bedrock's. */
  whole(
    head: UpstreamHead,
    body: Uint8Array,
  ): { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array };
  /** Headers that replace Bedrock's on a stream. */
  readonly streamHeaders: Readonly<Record<string, string>>;
  /** Takes Bedrock's whole frames, and gives the client its own form of them. */
  streamSink(client: AnswerSink, head: UpstreamHead): AnswerSink;
}

/** An answer that needs no money path. */
export interface Immediate {
  readonly immediate: ErrorAnswer;
}

/** One of a door's paths, and what comes of a request there. */
export interface DoorRoute {
  readonly method: string;
  /** With names in braces for what varies, such as `/model/{modelId}/invoke`; no region. */
  readonly path: string;
  /**
   * Bedrock is asked only under a reservation (`reserved`), or only for what is free, or never:
   * a key is shown what it may use (`listed`), anybody gets an answer, or nobody does (`refused`).
   */
  readonly outcome: 'reserved' | 'free' | 'listed' | 'answered' | 'refused';
}

/** A question that reads settings alone: which models the key may use. */
export interface Listing {
  readonly region: string;
  /** One model alone; absent: all. */
  readonly modelId?: string;
  /** As in `Entry`. */
  readonly namedAs?: string;
  readonly write: (models: readonly Model[]) => ErrorAnswer;
}

export interface Door {
  /** Every path that it answers by anything but `unknown_route`. */
  readonly routes: readonly DoorRoute[];
  /** @throws HardcapError where the request cannot be let in, `unknown_route` included */
  enter(request: DoorRequest): Entry | Immediate | Listing;
  /** Before the first byte. */
  errorAnswer(error: WireError): ErrorAnswer;
  /** Within a running stream. */
  streamError(error: StreamError): Uint8Array;
}
