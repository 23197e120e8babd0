/**
 * The simulated models that take a prompt as one text: Llama, Mistral's old ones, Titan Text,
 * Claude 2, Cohere Command and Jurassic.
 */
import {
  type Asked,
  countMember,
  deltasThenEnd,
  type Json,
  objectIn,
  optional,
  type Told,
  textMember,
  tokensOfBytes,
  type VendorShape,
} from './simulated-vendor.ts';

/** A prompt under `promptName`, limited by `limitName` of `limits`. */
function readPrompt(body: Json, promptName: string, limits: Json, limitName: string): Asked {
  const prompt = textMember(body, promptName);
  return {
    directiveText: prompt,
    promptTokens: tokensOfBytes(Buffer.byteLength(prompt)),
    ...optional('maxTokens', countMember(limits, limitName)),
  };
}

const stopped = ({ stopReason }: Told, ended: string, cut: string): string =>
  stopReason === 'max_tokens' ? cut : ended;

/** As many copies of an answer as were asked for. */
const copies = (told: Told, copy: Json): readonly Json[] =>
  Array.from({ length: told.choices }, () => copy);

const llamaCounts = ({ tokens, hidesUsage }: Told): Json =>
  hidesUsage
    ? {}
    : { prompt_token_count: tokens.inputTokens, generation_token_count: tokens.outputTokens };

export const llamaShape: VendorShape = {
  read: (body) => readPrompt(body, 'prompt', body, 'max_gen_len'),
  answer: (told) => ({
    generation: told.text,
    ...llamaCounts(told),
    stop_reason: stopped(told, 'stop', 'length'),
  }),
  chunks: (told) =>
    deltasThenEnd(told, (generation) => ({ generation, stop_reason: null }), {
      generation: '',
      ...llamaCounts(told),
      stop_reason: stopped(told, 'stop', 'length'),
    }),
};

export const mistralTextShape: VendorShape = {
  read: (body) => readPrompt(body, 'prompt', body, 'max_tokens'),
  answer: (told) => ({
    outputs: [{ text: told.text, stop_reason: stopped(told, 'stop', 'length') }],
  }),
  chunks: (told) =>
    deltasThenEnd(told, (text) => ({ outputs: [{ text, stop_reason: null }] }), {
      outputs: [{ text: '', stop_reason: stopped(told, 'stop', 'length') }],
    }),
};

export const titanTextShape: VendorShape = {
  read: (body) =>
    readPrompt(body, 'inputText', objectIn(body, 'textGenerationConfig'), 'maxTokenCount'),
  answer: (told) => {
    const { tokens, hidesUsage } = told;
    const completionReason = stopped(told, 'FINISH', 'LENGTH');
    return {
      ...(!hidesUsage && { inputTextTokenCount: tokens.inputTokens }),
      results: [
        {
          outputText: told.text,
          completionReason,
          ...(!hidesUsage && { tokenCount: tokens.outputTokens }),
        },
      ],
    };
  },
  chunks: (told) =>
    deltasThenEnd(told, (outputText, index) => ({ outputText, index, completionReason: null }), {
      outputText: '',
      index: told.deltas.length,
      completionReason: stopped(told, 'FINISH', 'LENGTH'),
      ...(!told.hidesUsage && {
        inputTextTokenCount: told.tokens.inputTokens,
        totalOutputTextTokenCount: told.tokens.outputTokens,
      }),
    }),
};

export const anthropicTextShape: VendorShape = {
  read: (body) => readPrompt(body, 'prompt', body, 'max_tokens_to_sample'),
  answer: (told) => ({
    type: 'completion',
    completion: told.text,
    stop_reason: stopped(told, 'stop_sequence', 'max_tokens'),
    stop: null,
  }),
  chunks: (told) =>
    deltasThenEnd(told, (completion) => ({ type: 'completion', completion, stop_reason: null }), {
      type: 'completion',
      completion: '',
      stop_reason: stopped(told, 'stop_sequence', 'max_tokens'),
    }),
};

export const commandShape: VendorShape = {
  read: (body) => ({
    ...readPrompt(body, 'prompt', body, 'max_tokens'),
    ...optional('choices', countMember(body, 'num_generations')),
  }),
  answer: (told) => ({
    id: 'simulated',
    generations: copies(told, {
      text: told.text,
      finish_reason: stopped(told, 'COMPLETE', 'MAX_TOKENS'),
    }),
  }),
  chunks: (told) =>
    deltasThenEnd(told, (text) => ({ text, is_finished: false }), {
      is_finished: true,
      finish_reason: stopped(told, 'COMPLETE', 'MAX_TOKENS'),
    }),
};

export const jurassicShape: VendorShape = {
  read: (body) => ({
    ...readPrompt(body, 'prompt', body, 'maxTokens'),
    ...optional('choices', countMember(body, 'numResults')),
  }),
  answer: (told) => ({
    id: 1,
    completions: copies(told, {
      data: { text: told.text },
      finishReason: { reason: stopped(told, 'endoftext', 'length') },
    }),
  }),
};
