/**
 * `hardcap cap`: the commands that set, show, raise, check and remove caps.
 *
 * Not here: what each does (cap-set.ts, cap-list.ts, and so on).
 */
import type { Command } from 'commander';
import { addLintCommand } from './cap-lint.ts';
import { addListCommand } from './cap-list.ts';
import { addRaiseCommand } from './cap-raise.ts';
import { addRemoveCommand } from './cap-remove.ts';
import { addSetCommand } from './cap-set.ts';
import { addShowCommand } from './cap-show.ts';

/** Adds the `cap` commands. */
export function addCapCommands(program: Command): void {
  const cap = program.command('cap').description('set, show, raise, check and remove caps');
  addSetCommand(cap);
  addListCommand(cap);
  addShowCommand(cap);
  addRaiseCommand(cap);
  addLintCommand(cap);
  addRemoveCommand(cap);
}
