/**
 * `hardcap cap lint`: what looks wrong in the caps, and which keys no cap covers.
 *
 * Exit codes: 1 where there is an error, 0 where there are warnings alone or nothing.
 */
import type { Command } from 'commander';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { AUTO_PRICE_PREFIX, parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import {
  isMalformed,
  PARTITION,
  parseKey,
  sortKeyOf,
} from '../../lambda/adapters/settings/setting-items.ts';
import type { CallerKey } from '../../lambda/domain/cap.ts';
import { type Finding, lintCaps } from '../../lambda/domain/cap-lint.ts';
import { lintKeys } from '../../lambda/domain/key-lint.ts';
import { knownModels } from '../../lambda/domain/known-models.ts';
import { CliFailure } from './failure.ts';
import { printable } from './malformed-view.ts';
import { paragraph } from './output.ts';
import { withProgress } from './progress.ts';
import { openSession, type Session } from './session.ts';
import { listItems } from './settings-store.ts';

/** Adds `cap lint`. */
export function addLintCommand(cap: Command): void {
  cap
    .command('lint')
    .description('look for caps that hold nobody, shadow each other, or leave keys uncovered')
    .action(async (_options: unknown, command: Command) => lint(await openSession(command)));
}

async function lint({ connection, output, nowMs }: Session): Promise<void> {
  const [capItems, keyItems, priceItems] = await withProgress('reading the settings', () =>
    Promise.all([
      listItems(connection, PARTITION.cap),
      listItems(connection, PARTITION.key),
      listItems(connection, PARTITION.price),
    ]),
  );
  const { caps, malformedCaps } = readCaps(capItems);
  const keys = keyItems.map(parseKey).filter((key): key is CallerKey => !isMalformed(key));
  // An operator's row comes last, and wins.
  const prices = priceItems
    .toSorted((a, b) => Number(isAuto(sortKeyOf(b))) - Number(isAuto(sortKeyOf(a))))
    .map(parsePrice);
  const models = knownModels(new Map(prices.map((price) => [price.modelId, price])));
  const input = { caps, malformedCaps, keys, models, nowMs };
  const findings = [...lintCaps(input), ...lintKeys(input)];
  const errors = findings.filter(({ level }) => level === 'error').length;
  const warnings = findings.length - errors;
  const json = { errors, warnings, findings };
  output.result(json, () => {
    const counted = `${caps.length + malformedCaps.length} caps and ${keys.length} keys`;
    if (findings.length === 0) return `nothing looks wrong: ${counted} of ${connection.name}`;
    const lines = findings.map((finding) => paragraph(printable(findingText(finding))));
    return [...lines, '', `${errors} errors and ${warnings} warnings in ${counted}`].join('\n');
  });
  if (errors > 0)
    throw new CliFailure(`${errors} errors in the caps, by which requests are refused`);
}

const isAuto = (id: string): boolean => id.startsWith(AUTO_PRICE_PREFIX);

function findingText({ level, rule, capId, keyId, message }: Finding): string {
  const whose = capId === undefined ? `key ${keyId}: ` : `cap ${capId} `;
  return `${level} [${rule}] ${whose}${message}`;
}
