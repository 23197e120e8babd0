/**
 * Questions before something is done that cannot be undone, or that looks like a slip.
 *
 * Invariant: without a yes nothing is done; where nobody is there to be asked, --yes says it.
 */
import confirm from '@inquirer/confirm';
import { CliFailure, wrongUse } from './failure.ts';

/**
 * Resolves where the answer is yes, or was given by --yes.
 *
 * @param text what will happen, without a question mark
 * @throws CliFailure where it is no, or nobody is there to be asked
 */
export async function askFirst(text: string, isSure: boolean): Promise<void> {
  if (isSure) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw wrongUse(`${text}. Nothing was changed: say --yes to go on`);
  }
  if (!(await answerTo(`${text}. Go on?`))) throw new CliFailure('nothing was changed');
}

async function answerTo(message: string): Promise<boolean> {
  try {
    // Results alone go to stdout.
    return await confirm({ message, default: false }, { output: process.stderr });
  } catch (error) {
    // Ctrl-C is a no.
    if (error instanceof Error && error.name === 'ExitPromptError') return false;
    throw error;
  }
}
