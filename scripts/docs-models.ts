/**
 * Writes docs/models.md, what is served, out of the code that serves it.
 *
 * `npm run docs:models` writes; a test fails where what is committed differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadDoors } from '../lambda/adapters/http/doors/door-of-path.ts';
import { UNSERVED_OPERATIONS } from '../lambda/adapters/http/route.ts';
import type {
  CatalogueRow,
  Offer,
  UsdPerMillion,
} from '../lambda/domain/catalogue/catalogue-row.ts';
import { GUARDRAIL_CHECKS_ID, GUARDRAIL_ID } from '../lambda/domain/catalogue/guardrails.ts';
import { CATALOGUE_ROWS, CATALOGUE_VERSION } from '../lambda/domain/catalogue/rows.ts';
import type { Family } from '../lambda/domain/families/family.ts';
import { FAMILIES } from '../lambda/domain/families/registry.ts';

const pageUrl = new URL('../docs/models.md', import.meta.url);
const DOORS = await loadDoors();

/** One operation of a table: its heading, and what a model's cell says. */
interface Column {
  readonly heading: string;
  /** A letter of `WHY` where the operation is refused. */
  cell(family: Family, row: CatalogueRow): 'yes' | 'translated' | 'free' | keyof typeof WHY;
}

/** Why a model that is served lacks an operation. */
const WHY = {
  a: 'Bedrock has no stream for it, and refuses it with an error that costs nothing.',
  b: 'Converse does not serve it: `invalid_request`, and Bedrock is not asked.',
  d: 'Its answers are no chat: `invalid_request`, and Bedrock is not asked.',
  c: 'The body is of Claude: any other model refuses what it does not know of it.',
} as const;

const COLUMNS: readonly Column[] = [
  { heading: 'InvokeModel', cell: () => 'yes' },
  { heading: 'its stream', cell: ({ hasNoOutputTokens }) => (hasNoOutputTokens ? 'a' : 'yes') },
  { heading: 'Converse', cell: ({ converse }) => (converse === undefined ? 'b' : 'yes') },
  { heading: 'its stream', cell: ({ converse }) => (converse === undefined ? 'b' : 'yes') },
  { heading: 'CountTokens', cell: () => 'free' },
  {
    heading: 'chat completions',
    cell({ chat, converse }) {
      if (chat !== undefined) return 'yes';
      return converse === undefined ? 'd' : 'translated';
    },
  },
  {
    heading: '`/v1/messages`',
    cell: (_family, { family }) => (family === 'anthropic' ? 'yes' : 'c'),
  },
];

const MARK = {
  yes: '✓',
  translated: '⇄',
  free: 'free',
  a: '– ᵃ',
  b: '– ᵇ',
  d: '– ᶜ',
  c: '– ᵈ',
} as const;

type ServedRow = CatalogueRow & { readonly family: NonNullable<CatalogueRow['family']> };

const isServed = (row: CatalogueRow): row is ServedRow => row.family !== undefined;
const MODELS = CATALOGUE_ROWS.filter(
  (row) => row.family === undefined || FAMILIES[row.family].operation === undefined,
);
const SERVED = MODELS.filter(isServed);
const UNSERVED = MODELS.filter((row) => row.family === undefined);

const cells = (row: ServedRow): readonly string[] =>
  COLUMNS.map(({ cell }) => MARK[cell(FAMILIES[row.family], row)]);

const line = (columns: readonly string[]): string => `| ${columns.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');

/** Dollars without the zeros at their end. */
const tokens = ([input, output, read, write5m, write1h]: UsdPerMillion): string => {
  const cached = [read, write5m, write1h].filter((price) => price !== undefined);
  return `${input} / ${output}${cached.length === 0 ? '' : `, cache ${cached.join(' / ')}`}`;
};

function priceOf(offer: Offer): string {
  const { usd, longContext, priority, optimizedUsd, unitUsd = {} } = offer;
  const parts = [
    ...(usd === undefined ? [] : [tokens(usd)]),
    ...(longContext === undefined
      ? []
      : [`above ${longContext.thresholdTokens}: ${tokens(longContext.usd)}`]),
    ...(priority === undefined ? [] : [`priority ×${priority}`]),
    ...(optimizedUsd === undefined ? [] : [`optimized ${tokens(optimizedUsd)}`]),
    ...Object.entries(unitUsd).map(([unit, price]) => `${price} a ${unit}`),
  ];
  return parts.join('; ');
}

function offerText(offer: Offer, isOnly: boolean): string {
  const where = offer.regions === undefined ? '' : ` in ${offer.regions.join(', ')}`;
  return isOnly && where === '' ? priceOf(offer) : `${soldAs(offer)}${where}: ${priceOf(offer)}`;
}

const soldAs = ({ soldAs: prefixes }: Offer): string => prefixes.join(' ');

const profilesOf = ({ offers }: CatalogueRow): string =>
  [...new Set(offers.flatMap(({ soldAs: prefixes }) => prefixes))].join(' ');

const modelRow = (row: ServedRow): readonly string[] => [
  `\`${row.baseModelId}\``,
  profilesOf(row),
  ...cells(row),
  row.offers.map((offer) => offerText(offer, row.offers.length === 1)).join('<br>'),
];

/** Vendors whose own spelling is not their id with a capital. */
const VENDORS: Readonly<Record<string, string>> = {
  ai21: 'AI21',
  deepseek: 'DeepSeek',
  minimax: 'MiniMax',
  moonshot: 'Moonshot AI (`moonshot.`)',
  moonshotai: 'Moonshot AI (`moonshotai.`)',
  nvidia: 'NVIDIA',
  openai: 'OpenAI',
  twelvelabs: 'TwelveLabs',
  xai: 'xAI',
  zai: 'Z.ai',
};

const titleOf = (vendor: string): string =>
  VENDORS[vendor] ?? `${vendor.slice(0, 1).toUpperCase()}${vendor.slice(1)}`;

function vendorSection(vendor: string): string {
  const rows = SERVED.filter((row) => row.vendor === vendor);
  const head = ['Base model', 'As', ...COLUMNS.map(({ heading }) => heading), 'US dollars'];
  return `### ${titleOf(vendor)}\n\n${table(head, rows.map(modelRow))}`;
}

const unservedTable = (): string =>
  table(
    ['Model', 'Refused by every operation, as'],
    UNSERVED.map(({ baseModelId, unserved = '' }) => [`\`${baseModelId}\``, unserved]),
  );

const footnotes = (): string =>
  [
    '✓ is priced and passed on. Where Bedrock does not offer it after all, in a region or of an ' +
      'old model, its own error costs nothing.',
    '⇄ is passed on too, translated to Converse and back ([openai.md](openai.md)).',
    ...Object.entries(WHY).map(
      ([letter, why]) => `${MARK[letter as keyof typeof WHY].slice(2)} ${why}`,
    ),
  ].join('\\\n');

const OUTCOMES = {
  reserved: 'served, under a reservation',
  free: 'served, free: a key, but no cap',
  listed: 'answered from settings and catalogue, to a valid key',
  answered: 'answered by the gateway itself, to anybody',
  refused: 'refused',
} as const;

function operationRows(): readonly (readonly string[])[] {
  return DOORS.flatMap(({ routes }) =>
    routes.map(({ method, path, outcome }) => {
      const unserved = UNSERVED_OPERATIONS.find(
        (one) => one.method === method && one.path === path,
      );
      const told =
        unserved === undefined
          ? OUTCOMES[outcome]
          : `501: ${unserved.operation} is not served, as ${unserved.why}`;
      return [`\`${method} ${path}\``, told];
    }),
  );
}

const guardrailTable = (): string =>
  table(
    ['Operation', 'Name in settings', 'US dollars a text unit of up to 1,000 characters'],
    [
      ['ApplyGuardrail', GUARDRAIL_ID] as const,
      ['InvokeGuardrailChecks', GUARDRAIL_CHECKS_ID] as const,
    ].map(([operation, id]) => {
      const row = CATALOGUE_ROWS.find(({ baseModelId }) => baseModelId === id);
      const [offer] = row?.offers ?? [];
      return [operation, `\`${id}\``, offer === undefined ? '' : priceOf(offer)];
    }),
  );

/** The text of docs/models.md. */
export function modelsPage(): string {
  const vendors = [...new Set(SERVED.map(({ vendor }) => vendor))].sort();
  return `<!-- Written by npm run docs:models. Change the catalogue, not this page. -->

# Models and operations

What hardcap serves, by the ${CATALOGUE_VERSION.replace('catalogue-', 'catalogue of ')}:
${SERVED.length} base models, each by its exact id. Everything else is refused as
\`model_not_priced\`, unless an operator's [price item](settings.md#prices) describes it.

[Overview](#overview) · [Operations](#operations) · [Guardrails](#guardrails) · [Models](#models) ·
[Refused](#refused)

## Overview

Models are told apart by their exact ids; a number says how many begin alike.

${overview()}

${footnotes()}

The ARN of such a model or profile works too, and that of an application inference profile made from
one. Any other id (a model that is not there, provisioned throughput, custom and imported models) is
refused as \`model_not_priced\`, unless a price item describes it; prompts and routers always are.

"Free" is CountTokens: it needs a key but no cap, and Bedrock counts for some models only.

## Operations

Each path stands at \`/\`, where the gateway's first region is called, and at \`/bedrock/{region}/\`.

${table(['Request', 'What comes of it'], operationRows())}

Everything else is \`unknown_route\`, 404. Nothing reaches Bedrock but by a row that says "served".

## Guardrails

Two operations ask no model. They have names of their own, of the vendor \`amazon\`, that caps
(\`models\`, \`vendors\`), keys (\`models\`) and price items speak of. A key that may use only some models
may use them only if its list names them: \`amazon.bedrock-guardrail*\` is both.

${guardrailTable()}

What policies a guardrail has is not in the request, so ApplyGuardrail is reserved for all of them:
what is settled is mostly a small part of it. Both are settled by the units that the answer counts,
and in full where it counts none. What is blocked is billed. Images are refused, as no source prices
them. A guardrail that a request to a model names is priced the same way, with that request.

## Models

Prices are US dollars a million tokens, input / output, then cache read / write for 5 minutes /
for 1 hour where they have prices of their own; or dollars a unit. \`bare\` is the id without a prefix. The marks are those
of the [overview](#overview).

${vendors.map(vendorSection).join('\n\n')}

## Refused

${unservedTable()}
`;
}

/** So few are named one by one. */
const MOST_NAMED = 4;

/** The ids, or the beginning that many of them have, with a star for the rest. */
function idsText(ids: readonly string[]): string {
  if (ids.length <= MOST_NAMED) return ids.map((id) => `\`${id}\``).join(' ');
  const [first = ''] = ids;
  let length = first.length;
  for (const id of ids) while (!id.startsWith(first.slice(0, length))) length -= 1;
  const beginning = first.slice(0, length).replace(/[^.-]*$/, '');
  return `\`${beginning}*\` (${ids.length})`;
}

/** A line for each vendor's family. */
export function overview(): string {
  const groups = Map.groupBy(SERVED, ({ vendor, family }) => `${vendor} ${family}`);
  const served = [...groups.values()].flatMap((rows) => {
    const [first] = rows;
    const ids = rows.map(({ baseModelId }) => baseModelId);
    return first === undefined ? [] : [[titleOf(first.vendor), idsText(ids), ...cells(first)]];
  });
  return table(['Vendor', 'Base models', ...COLUMNS.map(({ heading }) => heading)], served);
}

/** What is committed, and what should be. */
export function page(): { readonly written: string; readonly expected: string } {
  return { written: readFileSync(pageUrl, 'utf8'), expected: modelsPage() };
}

if (import.meta.main) writeFileSync(pageUrl, modelsPage());
