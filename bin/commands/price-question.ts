/**
 * The question before a price that looks like a slip of the unit is written.
 */
import { createInterface } from 'node:readline/promises';
import { CliFailure, wrongUse } from './failure.ts';

/**
 * Asks whether doubtful figures are right; resolves where there are none, or they are.
 *
 * @throws CliFailure where they are not, or nobody is there to be asked
 */
export async function askAbout(doubts: readonly string[], isSure: boolean): Promise<void> {
  if (doubts.length === 0 || isSure) return;
  const text = `${doubts.join('; ')}. Prices are US dollars for a million tokens, and for one unit`;
  if (!process.stdin.isTTY) {
    throw wrongUse(`${text}. Nothing was written: correct it, or say --yes if it is right`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${text}. Is it right? (yes/no) `);
    if (answer.trim().toLowerCase() !== 'yes') throw new CliFailure('nothing was written');
  } finally {
    terminal.close();
  }
}
