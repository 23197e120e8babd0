/**
 * The families by name. A new family is one file beside this and one row here.
 */
import type { FamilyName } from '../catalogue/catalogue-row.ts';
import { ai21 } from './ai21.ts';
import { anthropic } from './anthropic.ts';
import { anthropicText } from './anthropic-text.ts';
import { cohereCommand } from './cohere-command.ts';
import type { Family } from './family.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { nova } from './nova.ts';
import { grok, openai, openaiMaxTokens } from './openai.ts';
import { titanText } from './titan-text.ts';

/** What hardcap knows of each family that the catalogue names. */
export const FAMILIES: Readonly<Partial<Record<FamilyName, Family>>> = {
  ai21,
  anthropic,
  'anthropic-text': anthropicText,
  'cohere-command': cohereCommand,
  grok,
  llama,
  mistral,
  nova,
  openai,
  'openai-max-tokens': openaiMaxTokens,
  'titan-text': titanText,
};

/** @throws RangeError for a family that has no row here: the catalogue's tests rule it out */
export function familyOf(name: FamilyName): Family {
  const family = FAMILIES[name];
  if (family === undefined) throw new RangeError(`no rules for the family "${name}"`);
  return family;
}
