/**
 * ApplyGuardrail and InvokeGuardrailChecks: text that is looked at, billed by the text unit.
 *
 * What a guardrail has is not in the request, so every policy is reserved for; of the checks, those
 * that are asked for. Answers tell what was counted.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html
 *         and API_runtime_InvokeGuardrailChecks.html beside it.
 */
import { mostGuardrailUnits, mostTextUnits } from '../guardrail.ts';
import type { Operation } from '../operation.ts';
import type { JsonObject } from '../request-body.ts';
import type { Unit, UnitCounts } from '../unit.ts';
import { unitsOfGuardrailUsage } from './answer-signals.ts';
import type { Family } from './family.ts';
import { createSilentMeter, inputOnlyShape, textOf } from './input-only.ts';
import { isGiven, objectOf, objectsOf, type RequestReading } from './request-reading.ts';
import { countOf, memberObject, refuseUnknownCounts } from './usage-reading.ts';

const MEMBERS: ReadonlySet<string> = new Set(['content', 'outputScope', 'source']);
const TEXT_MEMBERS: ReadonlySet<string> = new Set(['qualifiers', 'text']);
const CHECKS_MEMBERS: ReadonlySet<string> = new Set(['checks', 'messages']);

const OTHER_CONTENT = 'only text has a length that is to be seen; leave it out';

/** How much text there is, and in how many pieces. */
interface Texts {
  bytes: number;
  count: number;
}

function addText(texts: Texts, text: string): void {
  texts.bytes += Buffer.byteLength(text);
  texts.count += 1;
}

/** Blocks hold one thing each; all but text is refused, whatever the settings let pass. */
function refuseOtherContent(block: JsonObject, path: string, reading: RequestReading): void {
  for (const kind in block) {
    if (kind !== 'text' && isGiven(block[kind])) reading.refuse(`${path}.${kind}`, OTHER_CONTENT);
  }
}

function inspectApply(body: JsonObject, reading: RequestReading): void {
  reading.checkMembers(body, MEMBERS, '');
  const texts: Texts = { bytes: 0, count: 0 };
  for (const block of objectsOf(body.content, 'content')) {
    refuseOtherContent(block, 'content', reading);
    const text = objectOf(block.text, 'content.text') ?? {};
    reading.checkMembers(text, TEXT_MEMBERS, 'content.text.');
    addText(texts, textOf(text, 'text', 'content.text.text') ?? '');
  }
  const looked = { inputBytes: texts.bytes, inputTexts: texts.count, isStreamed: false };
  for (const [unit, most] of Object.entries(mostGuardrailUnits(looked, 0))) {
    reading.addUnits(unit as Unit, most);
  }
}

/** The checks by their names in request and usage, and what each is billed as. */
const CHECKS: ReadonlyMap<string, Unit> = new Map([
  ['contentFilter', 'content-filter-check'],
  ['promptAttack', 'prompt-attack-check'],
  ['sensitiveInformation', 'sensitive-information-check'],
]);

function inspectChecks(body: JsonObject, reading: RequestReading): void {
  reading.checkMembers(body, CHECKS_MEMBERS, '');
  const texts: Texts = { bytes: 0, count: 0 };
  for (const message of objectsOf(body.messages, 'messages')) {
    for (const block of objectsOf(message.content, 'messages.content')) {
      refuseOtherContent(block, 'messages.content', reading);
      addText(texts, textOf(block, 'text', 'messages.content.text') ?? '');
    }
  }
  const checks = objectOf(body.checks, 'checks') ?? {};
  for (const name in checks) {
    if (!isGiven(checks[name])) continue;
    const unit = CHECKS.get(name) ?? reading.refuse(`checks.${name}`, 'this check has no price');
    reading.addUnits(unit, mostTextUnits(texts.bytes, texts.count));
  }
}

/** @throws UnreadableUsage */
function unitsOfChecks(answer: JsonObject): UnitCounts | undefined {
  const usage = memberObject(answer, 'usage');
  if (usage === undefined) return undefined;
  refuseUnknownCounts(usage, new Set(CHECKS.keys()));
  const units: Partial<Record<Unit, number>> = {};
  for (const [name, unit] of CHECKS) {
    const textUnits = countOf(memberObject(usage, name) ?? {}, 'textUnits');
    if (textUnits !== undefined) units[unit] = textUnits;
  }
  return units;
}

/** @throws UnreadableUsage */
function unitsOfApply(answer: JsonObject): UnitCounts | undefined {
  const usage = memberObject(answer, 'usage');
  return usage && unitsOfGuardrailUsage(usage);
}

const lookedAt = (
  operation: Operation,
  inspect: Family['native']['inspect'],
  unitsOfAnswer: NonNullable<Family['unitsOfAnswer']>,
): Family => ({
  operation,
  imageTokens: 0,
  hasNoOutputTokens: true,
  native: inputOnlyShape(inspect),
  unitsOfAnswer,
  countsOfAnswer: () => undefined,
  createStreamMeter: createSilentMeter,
});

/** ApplyGuardrail. */
export const guardrail: Family = lookedAt('apply-guardrail', inspectApply, unitsOfApply);

/** InvokeGuardrailChecks. */
export const guardrailChecks: Family = lookedAt(
  'invoke-guardrail-checks',
  inspectChecks,
  unitsOfChecks,
);
