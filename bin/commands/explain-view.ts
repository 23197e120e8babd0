/**
 * What an imagined request would meet, as text for people and as JSON for programs.
 *
 * Invariant: the JSON is exact; in the text what is needed is rounded up and what remains down.
 */
import type { Admission, Charge } from '../../lambda/application/admission.ts';
import { priceOf } from '../../lambda/application/room.ts';
import { type BoundLine, boundLines } from '../../lambda/domain/bound-lines.ts';
import { enforces } from '../../lambda/domain/cap.ts';
import {
  formatUsd,
  maxUsd,
  type NanoUsd,
  subtractUsd,
  ZERO_USD,
} from '../../lambda/domain/money.ts';
import { shownUsd } from '../../lambda/domain/shown-usd.ts';
import { timeLeft } from '../../lambda/domain/time-left.ts';
import type { CounterState } from '../../lambda/ports/ledger.ts';
import type { ImaginedAnswer } from './explain-gateway.ts';
import { printable } from './malformed-view.ts';
import { paragraph, table } from './output.ts';

/** An imagined request and its answer. */
export interface Explained extends ImaginedAnswer {
  readonly keyId: string;
  readonly model: string;
  readonly operation: string;
  readonly isStream: boolean;
  /** Whether the body was made up. */
  readonly isSample: boolean;
  readonly sent: Uint8Array;
  readonly nowMs: number;
}

const isoTime = (atMs: number): string => new Date(atMs).toISOString();

/** The admission as it would stand: fitted, where that was needed. */
const finalOf = ({ result, asked }: Explained): Admission | undefined =>
  result?.kind === 'reserved' ? result.reserved.admission : asked;

type Verdict = 'admitted' | 'clamped' | 'refused';

function verdictOf({ result }: Explained): Verdict {
  if (result?.kind !== 'reserved') return 'refused';
  return result.reserved.admission.prepared.limit?.isLowered === true ? 'clamped' : 'admitted';
}

interface WireBody {
  readonly __type?: string;
  readonly message?: string;
  readonly error?: { readonly message?: string; readonly type?: string };
}

function wireOf({ body, status, headers }: Explained) {
  let read: WireBody = {};
  try {
    read = JSON.parse(body);
  } catch {
    // A door may answer by something else than JSON; its headers tell enough.
  }
  const message = read.message ?? read.error?.message ?? '';
  const code = message.slice(0, Math.max(message.indexOf(':'), 0)) || headers['x-hardcap-reason'];
  const told = Object.entries(headers).filter(([name]) => name.startsWith('x-hardcap-'));
  return {
    status,
    code: code ?? null,
    type: headers['x-amzn-errortype'] ?? read.error?.type ?? null,
    message,
    headers: Object.fromEntries(told.filter(([name]) => name !== 'x-hardcap-request-id')),
  };
}

interface Binding {
  readonly charge: Charge;
  readonly state: CounterState;
  readonly remainingNanoUsd: NanoUsd;
  readonly neededNanoUsd: NanoUsd;
}

/** Each counter that the request would stand on: those that can refuse first, fullest first. */
function bindingsOf({ asked, books = [] }: Explained): Binding[] {
  if (asked === undefined) return [];
  const bindings = asked.charges.flatMap((charge, index) => {
    const state = books[index];
    if (state === undefined) return [];
    const left = subtractUsd(charge.limitNanoUsd, state.committedNanoUsd);
    return {
      charge,
      state,
      remainingNanoUsd: maxUsd(left, ZERO_USD),
      neededNanoUsd: charge.firstNanoUsd ?? asked.prepared.boundNanoUsd,
    };
  });
  return bindings.sort((a, b) => {
    if (a.charge.enforced !== b.charge.enforced) return a.charge.enforced ? -1 : 1;
    return a.remainingNanoUsd < b.remainingNanoUsd ? -1 : 1;
  });
}

const bindingJson = ({ charge, state, remainingNanoUsd, neededNanoUsd }: Binding) => ({
  cap: charge.cap.capId,
  action: charge.cap.action,
  enforced: enforces(charge.cap),
  counter: charge.counter.pk,
  window: charge.window.id,
  limitUsd: formatUsd(charge.limitNanoUsd),
  settledUsd: formatUsd(state.settledNanoUsd),
  reservedUsd: formatUsd(subtractUsd(state.committedNanoUsd, state.settledNanoUsd)),
  remainingUsd: formatUsd(remainingNanoUsd),
  inFlight: state.inFlight,
  neededUsd: formatUsd(neededNanoUsd),
  hasRoom: neededNanoUsd <= remainingNanoUsd,
  resetsAt: charge.window.endsAtMs === undefined ? null : isoTime(charge.window.endsAtMs),
});

const perMillion = ({ line }: BoundLine): boolean => line === 'input' || line === 'output';

function estimateJson(admission: Admission, bytes: number) {
  const { prepared, model } = admission;
  return {
    model: model.modelId,
    priceVersion: model.price.version,
    bodyBytes: bytes,
    sentBytes: prepared.body.byteLength,
    inputTokens: prepared.inputTokens,
    outputTokens: prepared.outputTokens,
    outputLimit: prepared.limit?.tokens ?? null,
    tier: prepared.serving.tier,
    latency: prepared.serving.latency,
    lines: boundLines(priceOf(admission), prepared).map((line) => ({
      line: line.line,
      count: line.count,
      rateUsd: formatUsd(line.rateNanoUsd),
      per: perMillion(line) ? 'million' : 'one',
      boundUsd: formatUsd(line.boundNanoUsd),
    })),
    boundUsd: formatUsd(prepared.boundNanoUsd),
  };
}

/** Exact figures; what the request did not come to is `null`. */
export function explainedJson(explained: Explained) {
  const { asked, keyId, model, operation, isStream, isSample, sent } = explained;
  const final = finalOf(explained);
  const verdict = verdictOf(explained);
  const isAdmitted = final !== undefined && verdict !== 'refused';
  return {
    verdict,
    key: keyId,
    model,
    operation,
    stream: isStream,
    bodyIsMadeUp: isSample,
    answer: verdict === 'refused' ? wireOf(explained) : null,
    caps: bindingsOf(explained).map(bindingJson),
    estimate: asked === undefined ? null : estimateJson(asked, sent.byteLength),
    reservation: isAdmitted
      ? {
          boundUsd: formatUsd(final.prepared.boundNanoUsd),
          maxTokens: final.prepared.limit?.tokens ?? null,
          caps: final.charges.map(({ cap, firstNanoUsd }) => ({
            cap: cap.capId,
            reservedUsd: formatUsd(firstNanoUsd ?? final.prepared.boundNanoUsd),
          })),
        }
      : null,
    notKnown: notKnown(explained),
  };
}

/** What this cannot tell. */
function notKnown(explained: Explained): string[] {
  const { wouldCount, asked, isSample } = explained;
  const isProgressive = asked?.charges.some(({ firstNanoUsd }) => firstNanoUsd !== undefined);
  return [
    'what other requests reserve or settle between now and the real request',
    ...(wouldCount
      ? [
          "what CountTokens would say: the gateway would ask Bedrock for the input's exact tokens " +
            'here, which may let the request in, or clamp it less',
        ]
      : []),
    ...(isProgressive === true
      ? ['whether a progressive cap still has room when the stream goes on: it may be cut']
      : []),
    ...(isSample ? ['what your own request costs: this one was made up (--body gives yours)'] : []),
    'settings of the deployed function that are not in this shell (HARDCAP_REGIONS, ' +
      'HARDCAP_ALLOW_FIELDS, HARDCAP_UNCOVERED ...): the defaults are taken',
    'whether Bedrock takes the request, and what it really costs, which is no more than the bound',
  ];
}

/** The verdict first, then why: caps, estimate, and what is not known. */
export function explainedText(explained: Explained): string {
  const parts = [
    verdictText(explained),
    capsText(explained),
    estimateText(explained),
    `Not known here:\n${notKnown(explained)
      .map((text) => paragraph(`- ${text}`))
      .join('\n')}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function verdictText(explained: Explained): string {
  const { keyId, model, operation, isStream, isSample, sent } = explained;
  const body = isSample
    ? `a body that was made up (${sent.byteLength} bytes)`
    : `${sent.byteLength} bytes`;
  const asked = `key ${keyId}, ${model}, ${operation}${isStream ? ', stream' : ''}, ${body}`;
  return [paragraph(printable(asked)), '', paragraph(printable(outcomeText(explained)))].join('\n');
}

function outcomeText(explained: Explained): string {
  const verdict = verdictOf(explained);
  const final = finalOf(explained);
  if (verdict === 'refused' || final === undefined) {
    const { status, code, message } = wireOf(explained);
    return `REFUSED with ${status} ${code}. The caller reads: ${message}`;
  }
  const { limit, boundNanoUsd } = final.prepared;
  const reserved = `$${formatUsd(boundNanoUsd)} would be reserved on each of its caps`;
  if (verdict === 'clamped') {
    return `CLAMPED: admitted with its output limit lowered to ${limit?.tokens} tokens. ${reserved}.`;
  }
  if (final.charges.some(({ firstNanoUsd }) => firstNanoUsd !== undefined)) {
    return `ADMITTED. Up to ${reserved}; a progressive cap reserves a first part of it.`;
  }
  return final.charges.length === 0
    ? `ADMITTED. No cap covers it; it may cost up to $${formatUsd(boundNanoUsd)}.`
    : `ADMITTED. ${reserved}.`;
}

function capsText(explained: Explained): string {
  const bindings = bindingsOf(explained);
  if (bindings.length === 0) return '';
  return table(
    [
      { title: 'CAP', width: 28 },
      { title: 'LIMIT', width: 12, align: 'right' },
      { title: 'REMAINING', width: 13, align: 'right' },
      { title: 'NEEDS', width: 13, align: 'right' },
      { title: 'RESETS IN', width: 14 },
    ],
    bindings.map((binding) => {
      const { charge, remainingNanoUsd, neededNanoUsd } = binding;
      const { cap, window, limitNanoUsd } = charge;
      const hasRoom = neededNanoUsd <= remainingNanoUsd;
      const effect = charge.enforced ? (hasRoom ? '' : ', no room') : ', warns only';
      const counter = charge.counter.pk.slice(`COUNTER#${cap.capId}`.length).replace(/^##?/, '');
      return [
        `${printable(`${cap.capId}${counter === '' ? '' : ` / ${counter}`}`)}\n└ ${cap.action}${effect}`,
        shownUsd(limitNanoUsd, 'down'),
        shownUsd(remainingNanoUsd, 'down'),
        shownUsd(neededNanoUsd, 'up'),
        window.endsAtMs === undefined ? 'never' : timeLeft(explained.nowMs, window.endsAtMs),
      ];
    }),
  );
}

function estimateText(explained: Explained): string {
  const admission = finalOf(explained);
  if (admission === undefined) return '';
  const { prepared, model } = admission;
  const { tier, latency } = prepared.serving;
  const lines = boundLines(priceOf(admission), prepared);
  const drawn = table(
    [
      { title: 'AT MOST', width: 36 },
      { title: 'COUNT', width: 12, align: 'right' },
      { title: 'RATE', width: 13, align: 'right' },
      { title: 'US DOLLARS', width: 16, align: 'right' },
    ],
    [
      ...lines.map((line) => [
        lineName(line, admission),
        String(line.count),
        formatUsd(line.rateNanoUsd),
        formatUsd(line.boundNanoUsd),
      ]),
      ['bound', '', '', formatUsd(prepared.boundNanoUsd)],
    ],
  );
  const served = `${tier} tier, ${latency} latency`;
  return `${drawn}\n${paragraph(
    printable(
      `Price of ${model.modelId}, version ${model.price.version}, ${served}: the dearest rate that ` +
        'the request can reach, for a million tokens or for one unit.',
    ),
  )}`;
}

function lineName({ line }: BoundLine, { prepared }: Admission): string {
  switch (line) {
    case 'input':
      return `input tokens (${prepared.body.byteLength} bytes go out)`;
    case 'output':
      return prepared.limit === undefined ? 'output tokens' : 'output tokens (its limit)';
    case 'rounding':
      return 'rounding up';
    default:
      return line;
  }
}
