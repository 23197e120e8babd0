/**
 * What a person is told of settings that cannot be read, of listed prices, and of ended windows.
 */
import {
  dollars,
  instantText,
  percentOf,
  shownName,
  shownSplit,
  type Words,
  wordsOf,
} from './alert-text.ts';
import type { NanoUsd } from './money.ts';

/** A setting that cannot be read. */
export interface MalformedFacts {
  readonly kind: 'cap' | 'price' | 'alias';
  readonly id: string;
  readonly field: string;
  readonly problem: string;
}

const PARTITION = { cap: 'CAP', price: 'PRICE', alias: 'ALIAS' } as const;

const REFUSED = {
  cap: 'Requests that it could cover are refused until it can be read.',
  price: 'Requests to this model are refused until it can be read.',
  alias: 'Requests by this name are refused until it can be read.',
} as const;

/** Subject and message of a setting that cannot be read. */
export function malformedWords({ kind, id, field, problem }: MalformedFacts): Words {
  const name = shownName(id);
  return wordsOf(`hardcap: ${kind} ${name} cannot be read, requests are refused`, [
    `The ${kind} "${name}" in the settings cannot be read.`,
    '',
    `Attribute:  ${shownName(field)}`,
    `Problem:    it ${problem}`,
    '',
    REFUSED[kind],
    '',
    ...mendLines(kind, id, name),
  ]);
}

function mendLines(kind: MalformedFacts['kind'], id: string, name: string): string[] {
  if (kind === 'cap' && id.startsWith('ssm:')) {
    return [
      'It comes from Parameter Store: mend the parameter there, as the sync would undo a change in',
      'the settings table. It is read every minute, and holds 5 seconds later.',
    ];
  }
  return [
    'To mend it, change the item in the settings table (DynamoDB console, Explore items):',
    `  pk = ${PARTITION[kind]}, sk = ${name}`,
    ...commandLines(kind, id),
    'It holds within 5 seconds.',
  ];
}

/** Only of an id that a shell reads as it stands. */
function commandLines(kind: MalformedFacts['kind'], id: string): string[] {
  if (!/^[A-Za-z0-9._:-]+$/.test(id) || id.startsWith('auto:')) return [];
  const command = {
    cap: `cap set ${id} ...`,
    price: `prices set ${id} ...`,
    alias: `alias set ${id} <model>`,
  }[kind];
  return ['or by the command line:', `  hardcap ${command}`];
}

/** Subject and message of a listed price that rose and is taken. */
export function priceChangedWords(modelId: string, changes: string): Words {
  const name = shownName(modelId);
  return wordsOf(`hardcap: the price of ${name} rose`, [
    `AWS lists a higher price for ${name}. Requests are charged by it from now on.`,
    '',
    `US dollars, as listed:  ${changes}`,
    '',
    'If it is wrong, set the price by hand; yours goes before the list:',
    `  hardcap prices set ${name} --input <usd> --output <usd>`,
    'To see why a price holds:',
    `  hardcap prices explain ${name}`,
  ]);
}

/** Subject and message of a listed price that waits for an approval. */
export function priceProposedWords(modelId: string, reasons: string, changes: string): Words {
  const name = shownName(modelId);
  return wordsOf(`hardcap: a price of ${name} waits for your approval`, [
    `AWS lists other prices for ${name}. They do not hold before you approve them.`,
    '',
    `Why it waits:           ${reasons}`,
    `US dollars, as listed:  ${changes}`,
    '',
    "Compare them with AWS's price page, then one of:",
    `  hardcap prices approve ${name}`,
    `  hardcap prices reject ${name}`,
  ]);
}

/** A window that has ended, as its summary has it. */
export interface EndedWindowFacts {
  readonly capId: string;
  readonly split?: string;
  readonly endsAtMs: number;
  readonly timeZone: string;
  readonly settledNanoUsd: NanoUsd;
  readonly limitNanoUsd?: NanoUsd;
  readonly requests: number;
  readonly refusals: number;
  /** Whether a summary of it was told before. */
  readonly isCorrection: boolean;
}

/** Subject and message of a window that was summarised. */
export function endedWindowWords(facts: EndedWindowFacts): Words {
  const { capId, split, settledNanoUsd, limitNanoUsd, isCorrection } = facts;
  const name = `cap ${capId}${split === undefined ? '' : ` (${shownSplit(split)})`}`;
  const part = limitNanoUsd === undefined ? undefined : percentOf(settledNanoUsd, limitNanoUsd);
  const limit =
    limitNanoUsd === undefined
      ? ''
      : ` of ${dollars(limitNanoUsd, 'down')}${part === undefined ? '' : ` (${part} %)`}`;
  const verb = isCorrection ? 'spent, corrected,' : 'spent';
  return wordsOf(`hardcap: ${name} ${verb} ${dollars(settledNanoUsd)}${limit}`, [
    `The window of ${name} that ended ${instantText(facts.endsAtMs, facts.timeZone)}:`,
    '',
    `Spent:     ${dollars(settledNanoUsd)}${limit}`,
    `Requests:  ${facts.requests} admitted, ${facts.refusals} refused`,
    isCorrection ? '\nIt corrects what was told before: a request was settled late.' : undefined,
  ]);
}
