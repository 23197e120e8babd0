/**
 * The commands of the documentation, as their reader would run them: read out of a page, run in one
 * shell from its first to its last, and compared with what the page shows.
 *
 * A block of commands is run if the line above it is `<!-- run: local -->`, or
 * `<!-- run: local, exit 1 -->` where its last command fails. A `console` block right behind it is
 * what it prints, or a part of it; `...` stands for anything, and the time of day may differ.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { PROGRAM_ENVIRONMENT } from './program-environment.ts';

/** A block of commands, and what its page says of it. */
export interface DocumentedCommands {
  /** Line of the page where they begin. */
  readonly line: number;
  readonly commands: string;
  readonly exitCode: number;
  readonly shown: string | undefined;
}

export interface RanCommands {
  /** Of the last command, or, where that did, of the first that did not succeed. */
  readonly exitCode: number;
  readonly output: string;
}

const MARK = /^<!-- run: local(?:, exit (\d+))? -->$/;
const FENCE = '```';

/** The text of the fenced block that begins at `index`, if one of that kind does. */
function fenced(lines: readonly string[], index: number, kind: string): string | undefined {
  if (lines[index] !== `${FENCE}${kind}`) return undefined;
  const end = lines.indexOf(FENCE, index + 1);
  return end === -1 ? undefined : lines.slice(index + 1, end).join('\n');
}

/** @throws Error where a mark stands above anything but commands */
export function documentedCommands(page: string): readonly DocumentedCommands[] {
  const lines = page.split('\n');
  return lines.flatMap((text, index) => {
    const mark = MARK.exec(text);
    if (mark === null) return [];
    const commands = fenced(lines, index + 1, 'sh');
    if (commands === undefined) throw new Error(`line ${index + 1}: no commands below the mark`);
    const after = index + 1 + commands.split('\n').length + 2;
    const shown = fenced(lines, lines[after] === '' ? after + 1 : after, 'console');
    return [{ line: index + 3, commands, exitCode: Number(mark[1] ?? 0), shown }];
  });
}

const BEGIN = '<<< begin';
const END = '<<< end';
/** Of a command in the middle of a block; its last one gives the block's own exit code. */
const FAILED = '<<< failed';

/**
 * npm and npx, without the half second that each takes to look at its folder: the script
 * `hardcap` of package.json, and programs of the project.
 */
const PRELUDE = `
npm() {
  [ "$1" = run ] && shift; [ "$1" = -s ] && shift; [ "$1" = hardcap ] && shift
  [ "$1" = -- ] && shift && node bin/hardcap.ts "$@" ||
    { code=$?; printf '\\n${FAILED} %s\\n' "$code" >&2; return "$code"; }
}
npx() { "$@"; }
`;

/** The address of a gateway that was started without options, as every page has it. */
const SHOWN_URL = 'http://127.0.0.1:8787';

const script = (blocks: readonly DocumentedCommands[]): string =>
  [
    PRELUDE,
    ...blocks.map(
      ({ commands }) =>
        `printf '\\n${BEGIN}\\n'\n{\n${commands}\n} 2>&1\nprintf '\\n${END} %s\\n' "$?"`,
    ),
  ].join('\n');

/** Runs all blocks of a page in one shell, on the gateway at `url` that publishes in `dataDir`. */
export async function runDocumented(
  blocks: readonly DocumentedCommands[],
  gateway: { readonly url: string; readonly dataDir: string },
): Promise<readonly RanCommands[]> {
  const text = script(blocks).replaceAll(SHOWN_URL, gateway.url);
  const child = spawn('sh', ['-c', text], {
    cwd: path.resolve('.'),
    env: {
      ...PROGRAM_ENVIRONMENT,
      PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
      HOME: gateway.dataDir,
      USER: 'reader',
      NO_COLOR: '1',
      HARDCAP_DATA_DIR: gateway.dataDir,
      HARDCAP_CATALOGUE_MAX_AGE_DAYS: '3650',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  await new Promise((resolve) => child.on('close', resolve));
  return output
    .replaceAll(gateway.url, SHOWN_URL)
    .split(`\n${BEGIN}\n`)
    .slice(1)
    .map((part) => {
      const [told = '', code = ''] = part.split(`\n${END} `);
      const failed = told.split(`\n${FAILED} `)[1] ?? '0';
      return { output: told, exitCode: Number.parseInt(code, 10) || Number.parseInt(failed, 10) };
    });
}

/** Any run of blanks is one, as pages wrap long lines. */
export const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\\\.\\\.\\\./g, '.*?'],
  [/\d{4}-\d\d-\d\dT[\d:]+(?:\\\.\d+)?Z/g, String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`],
  [/resets in [\dhmd]+/g, String.raw`resets in [\dhmd]+`],
];

/** A pattern that what is printed must match for the page to be true. */
export function shownPattern(shown: string): RegExp {
  const plain = oneLine(shown).replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  return new RegExp(
    VOLATILE.reduce((text, [from, to]) => text.replaceAll(from, to), plain),
    's',
  );
}
