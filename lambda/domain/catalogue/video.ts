/**
 * TwelveLabs and Luma: models of video.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const VIDEO_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'luma.ray-v2:0',
    vendor: 'luma',
    unserved: 'it is served by asynchronous calls alone, which hardcap does not pass on',
    contextWindowTokens: 8_192,
    maxOutputTokens: 0,
    offers: [],
    sources: 'none low',
    note: '0.75 (540p) or 1.50 (720p) a second of video, from memory.',
  },
  {
    baseModelId: 'twelvelabs.marengo-embed-2-7-v1:0',
    vendor: 'twelvelabs',
    family: 'marengo',
    contextWindowTokens: 77,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare', 'us', 'eu'], unitUsd: { 'text-request': '0.00007' } }],
    sources: 'L med',
    note:
      'L reads 0.00007 as a price per token; A has it per text request. What images, audio ' +
      'and video cost is in no source, so they are not priced.',
  },
  {
    baseModelId: 'twelvelabs.pegasus-1-2-v1:0',
    vendor: 'twelvelabs',
    unserved: 'it is billed by the seconds of a video, which cannot be told from the request',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 4_096,
    offers: [],
    sources: 'L low',
    note: '0.00049 a second of video read, 7.5 a million tokens written.',
  },
];
