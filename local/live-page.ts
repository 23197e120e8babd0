/**
 * The page at `/` of the local gateway, beside the gateway and for browsers of this machine alone.
 *
 * Owns:      which requests are the page's: GET or HEAD of `/` by who accepts HTML, as no client
 *            of Bedrock does. All others are the gateway's, as on AWS.
 * Invariant: only a host of this machine is answered, so that no foreign name that is made to
 *            point here (DNS rebinding) can read what is spent; no other origin is allowed in.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../lambda/adapters/dynamodb/document-calls.ts';
import { createCounterReading } from '../lambda/adapters/ledger/counter-reading.ts';
import { createRecentJournal } from '../lambda/adapters/ledger/recent-journal.ts';
import {
  livePart,
  localPage,
  type PageContent,
  pageHeaders,
} from '../lambda/adapters/page/local-page.ts';
import { createDynamoCapItems } from '../lambda/adapters/settings/dynamo-cap-items.ts';
import { createDynamoKeyList } from '../lambda/adapters/settings/dynamo-key-list.ts';
import { readBoard } from '../lambda/application/cap-board.ts';
import { readRecentRequests } from '../lambda/application/recent-requests.ts';
import { type DualRequest, type DualResponse, joinedHeaders } from './dual-listener.ts';

export interface LivePageOptions {
  readonly client: DynamoDBDocumentClient;
  readonly settingsTable: string;
  readonly ledgerTable: string;
  /** Milliseconds that a reading of the settings may take. @default 2000 */
  readonly settingsTimeoutMs?: number;
  /** Milliseconds between two readings of an open page. */
  readonly refreshMs: number;
}

/** Answers the request and is true, where the request is the page's. */
export type LivePage = (request: DualRequest, response: DualResponse) => boolean;

const SCRIPT = readFileSync(path.join(import.meta.dirname, 'live-page.js'), 'utf8');
const HEADERS = pageHeaders(SCRIPT);

/** The page on these tables. */
export function createLivePage(options: LivePageOptions): LivePage {
  const read = contentReader(options);
  return (request, response) => {
    const { method, url = '' } = request;
    const headers = joinedHeaders(request);
    const isPage = (method === 'GET' || method === 'HEAD') && /^\/(\?|$)/.test(url);
    if (!isPage || !acceptsHtml(headers.accept)) return false;
    request.resume();
    if (!isThisMachine(headers.host)) {
      answer(response, 403, 'This page answers only at 127.0.0.1 and localhost.\n', {
        'content-type': 'text/plain; charset=utf-8',
      });
      return true;
    }
    const asked = new URL(url, 'http://localhost').searchParams;
    void read(asked).then((content) => {
      const life = { script: SCRIPT, refreshMs: options.refreshMs };
      const body = asked.get('part') === 'live' ? livePart(content) : localPage(content, life);
      answer(response, 200, method === 'HEAD' ? '' : body, HEADERS);
    });
    return true;
  };
}

const acceptsHtml = (accept = ''): boolean => /(^|[\s,])text\/html\b/i.test(accept);

const THIS_MACHINE = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

const isThisMachine = (host = ''): boolean => THIS_MACHINE.test(host);

function answer(
  response: DualResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}

/** Never rejects: a part that cannot be read says so in its place. */
function contentReader(options: LivePageOptions): (asked: URLSearchParams) => Promise<PageContent> {
  const { client, settingsTable, ledgerTable, settingsTimeoutMs } = options;
  const settings = {
    dynamo: documentCalls(client),
    tableName: settingsTable,
    ...(settingsTimeoutMs === undefined ? {} : { timeoutMs: settingsTimeoutMs }),
  };
  const ledger = { dynamo: documentCalls(client), tableName: ledgerTable, clock: systemClock };
  const boardPorts = {
    caps: createDynamoCapItems(settings),
    counters: createCounterReading(ledger),
    clock: systemClock,
  };
  const journalPorts = {
    keys: createDynamoKeyList(settings),
    journal: createRecentJournal(ledger),
  };
  return async (asked) => {
    const filter = asked.get('filter') ?? '';
    const chosen = asked.get('chosen') ?? undefined;
    const request = {
      filter,
      page: Number(asked.get('page') ?? 1),
      ...(chosen === undefined ? {} : { chosen }),
    };
    const [board, requests] = await Promise.all([
      readBoard(boardPorts, request).catch(problemOf),
      readRecentRequests(journalPorts, filter, systemClock.nowMs()).catch(problemOf),
    ]);
    return { filter, board, requests };
  };
}

const problemOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
