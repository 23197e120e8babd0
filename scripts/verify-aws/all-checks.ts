/**
 * Every check, in the order in which they run: free ones first, those that wait last.
 */
import type { Check } from './check.ts';
import { abortedStream } from './checks/aborted-stream.ts';
import { chat, countTokens, guardrailChecks, role } from './checks/access.ts';
import {
  allOld,
  coldStart,
  concurrency,
  functionSettings,
  modelsOffered,
  priceLists,
  wayRound,
} from './checks/account.ts';
import { clock, httpVersion } from './checks/connection.ts';
import { answerHeaders, authorization, errorHeaders, metadata } from './checks/headers.ts';
import { directLatency, idleSockets, latency } from './checks/latency.ts';
import { parallel, refusal, requestSize } from './checks/limits.ts';
import { paths } from './checks/paths.ts';
import { clientLeaves, streamIncremental } from './checks/streams.ts';

export const CHECKS: readonly Check[] = [
  httpVersion,
  clock,
  errorHeaders,
  functionSettings,
  concurrency,
  modelsOffered,
  authorization,
  paths,
  answerHeaders,
  role,
  streamIncremental,
  clientLeaves,
  refusal,
  requestSize,
  countTokens,
  metadata,
  chat,
  guardrailChecks,
  allOld,
  latency,
  directLatency,
  coldStart,
  parallel,
  wayRound,
  priceLists,
  idleSockets,
  abortedStream,
];
