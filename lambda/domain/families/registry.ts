/**
 * The families by name. A new family is one file beside this and one row here.
 */
import type { FamilyName } from '../catalogue/catalogue-row.ts';
import { ai21 } from './ai21.ts';
import { anthropic } from './anthropic.ts';
import { anthropicText } from './anthropic-text.ts';
import { cohereCommand } from './cohere-command.ts';
import { cohereEmbed } from './cohere-embed.ts';
import type { Family } from './family.ts';
import { guardrail, guardrailChecks } from './guardrail.ts';
import { llama } from './llama.ts';
import { marengo } from './marengo.ts';
import { mistral } from './mistral.ts';
import { nova } from './nova.ts';
import { novaEmbed } from './nova-embed.ts';
import { grok, openai, openaiMaxTokens } from './openai.ts';
import { rerank } from './rerank.ts';
import { stability } from './stability.ts';
import { titanEmbed } from './titan-embed.ts';
import { titanImage } from './titan-image.ts';
import { titanText } from './titan-text.ts';

/** What hardcap knows of each family that the catalogue names. */
export const FAMILIES: Readonly<Record<FamilyName, Family>> = {
  ai21,
  anthropic,
  'anthropic-text': anthropicText,
  'cohere-command': cohereCommand,
  'cohere-embed': cohereEmbed,
  grok,
  guardrail,
  'guardrail-checks': guardrailChecks,
  llama,
  marengo,
  mistral,
  nova,
  'nova-embed': novaEmbed,
  openai,
  'openai-max-tokens': openaiMaxTokens,
  rerank,
  stability,
  'titan-embed': titanEmbed,
  'titan-image': titanImage,
  'titan-text': titanText,
};
