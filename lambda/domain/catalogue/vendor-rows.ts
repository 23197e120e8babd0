/**
 * The models and their prices as they are written, one file a vendor beside this.
 *
 * Owns:      what `npm run catalogue` writes to rows.data.json, which is what the code reads.
 * Invariant: one row a base model, and only ids that a source prices. Nothing is carried over from
 *            one model or profile to another but what a `note` says.
 */
import { AI21_ROWS } from './ai21.ts';
import { AMAZON_ROWS } from './amazon.ts';
import { ANTHROPIC_ROWS } from './anthropic.ts';
import { OLDER_ANTHROPIC_ROWS } from './anthropic-older.ts';
import type { CatalogueRow } from './catalogue-row.ts';
import { COHERE_ROWS } from './cohere.ts';
import { DEEPSEEK_ROWS } from './deepseek.ts';
import { GUARDRAIL_ROWS } from './guardrails.ts';
import { META_ROWS } from './meta.ts';
import { MISTRAL_ROWS } from './mistral.ts';
import { OPEN_WEIGHTS_ROWS } from './open-weights.ts';
import { OPENAI_ROWS } from './openai.ts';
import { QWEN_ROWS } from './qwen.ts';
import { STABILITY_ROWS } from './stability.ts';
import { VIDEO_ROWS } from './video.ts';
import { WRITER_XAI_ROWS } from './writer-xai.ts';

/** Every model that hardcap knows, and why it serves some of them not. */
export const VENDOR_ROWS: readonly CatalogueRow[] = [
  ...ANTHROPIC_ROWS,
  ...OLDER_ANTHROPIC_ROWS,
  ...AMAZON_ROWS,
  ...AI21_ROWS,
  ...COHERE_ROWS,
  ...DEEPSEEK_ROWS,
  ...META_ROWS,
  ...MISTRAL_ROWS,
  ...OPENAI_ROWS,
  ...QWEN_ROWS,
  ...STABILITY_ROWS,
  ...OPEN_WEIGHTS_ROWS,
  ...WRITER_XAI_ROWS,
  ...VIDEO_ROWS,
  ...GUARDRAIL_ROWS,
];
