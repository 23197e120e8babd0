/** x */
import type { Command } from 'commander';
export function addLintCommand(_cap: Command): void {}
