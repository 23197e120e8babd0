/**
 * What an import would change, for people and programs: one block an item, one line an attribute.
 */
import { styleText } from 'node:util';
import { printable } from './malformed-view.ts';
import { paragraph } from './output.ts';
import type { AttributeChange, ImportPlan, PlannedChange } from './settings-plan.ts';
import { SECTIONS, type Section } from './settings-sections.ts';

const SIGN = { make: '+', change: '~', remove: '-' } as const;
const COLOUR = { '+': 'green', '~': 'yellow', '-': 'red' } as const;

/** Where it is printed: coloured where that shows it; NO_COLOR is obeyed. */
type Stream = NodeJS.WriteStream;

const signed = (sign: keyof typeof COLOUR, text: string, stream: Stream): string =>
  styleText(COLOUR[sign], `${sign} ${text}`, { stream });

const nameOf = ({ section, id }: Pick<PlannedChange, 'section' | 'id'>): string =>
  printable(`${SECTIONS[section].word} ${id}`);

/** The whole plan as JSON. */
export const planJson = (plan: ImportPlan) => ({
  changes: plan.changes.map(({ action, section, id, attributes, startsAtZero }) => ({
    action,
    kind: SECTIONS[section].word,
    id,
    attributes: Object.fromEntries(
      attributes.map(({ name, before, after }) => [
        name,
        { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
      ]),
    ),
    ...(startsAtZero ? { startsAtZero } : {}),
  })),
  unchanged: plan.unchanged,
  notInFile: plan.notInFile,
  cannotBeMade: plan.cannotBeMade,
});

/** The whole plan in words. */
export function planText(plan: ImportPlan, stream: Stream): string {
  const blocks = plan.changes.map((change) => changeText(change, stream));
  const same = plan.unchanged === 0 ? [] : [`${plan.unchanged} unchanged.`];
  const kept =
    plan.notInFile.length === 0
      ? []
      : [`Not in the file, and kept (--prune removes them): ${named(plan.notInFile)}.`];
  const notes = [...same, ...kept].map((text) => paragraph(printable(text)));
  return [...blocks, ...(notes.length === 0 ? [] : [notes.join('\n')])].join('\n\n');
}

const MAX_NAMED = 20;

/** The first names, and how many more; all of them are in the JSON. */
const named = (names: readonly string[]): string =>
  names.length <= MAX_NAMED
    ? names.join(', ')
    : `${names.slice(0, MAX_NAMED).join(', ')} and ${names.length - MAX_NAMED} more`;

function changeText(change: PlannedChange, stream: Stream): string {
  const { action, attributes, startsAtZero } = change;
  const lines = [
    signed(SIGN[action], nameOf(change), stream),
    ...attributes.map((attribute) => attributeText(attribute, stream)),
    ...(startsAtZero
      ? ['    It counts anew, from zero: what was spent in the running window is not in it.']
      : []),
  ];
  return lines.join('\n');
}

function attributeText({ name, before, after }: AttributeChange, stream: Stream): string {
  const sign = before === undefined ? '+' : after === undefined ? '-' : '~';
  const values = [before, after].filter((value) => value !== undefined).join(' → ');
  return `    ${signed(sign, printable(`${name}: ${values}`), stream)}`;
}

const DONE = { make: 'made', change: 'changed', remove: 'removed' } as const;

/** `make 2 caps, 1 key; change 1 cap`, or, `isDone`, `made 2 caps, 1 key; changed 1 cap`. */
export function planSummary({ changes }: ImportPlan, isDone = false): string {
  const sections = Object.keys(SECTIONS) as Section[];
  const parts = (['make', 'change', 'remove'] as const).flatMap((action) => {
    const counts = sections.flatMap((section) => {
      const { length } = changes.filter((one) => one.action === action && one.section === section);
      if (length === 0) return [];
      return [`${length} ${length === 1 ? SECTIONS[section].word : section}`];
    });
    return counts.length === 0 ? [] : [`${isDone ? DONE[action] : action} ${counts.join(', ')}`];
  });
  return parts.join('; ');
}
