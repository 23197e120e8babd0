/**
 * The question before a price that looks like a slip of the unit is written.
 */
import { askFirst } from './question.ts';

/**
 * Asks whether doubtful figures are right; resolves where there are none, or they are.
 *
 * @throws CliFailure where they are not, or nobody is there to be asked
 */
export async function askAbout(doubts: readonly string[], isSure: boolean): Promise<void> {
  if (doubts.length === 0) return;
  await askFirst(
    `${doubts.join('; ')}. Prices are US dollars for a million tokens, and for one unit`,
    isSure,
  );
}
