/**
 * Valid bodies of every model family, by InvokeModel and by Converse: what fuzzing starts from.
 *
 * A family that gets rules (families/registry.ts) must have a body here that is accepted.
 */
import type { FamilyName } from '../../lambda/domain/catalogue/catalogue-row.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';

/** Where a body holds a prompt, it is this one, so that tests can put another in its place. */
export const TEXT = 'Say hello to the 2 of us: Zoë & 花子 \ufdfa\n';
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg';
const SCHEMA = { type: 'object', properties: { city: { type: 'string', minLength: 1 } } };
const CHAT = [
  { role: 'user', content: TEXT },
  { role: 'assistant', content: 'Hello!' },
  { role: 'user', content: 'Again.' },
];
const OPENAI_TOOL = { type: 'function', function: { name: 'weather', parameters: SCHEMA } };

/** The Converse body that every family with text takes. */
export const CONVERSE_BODIES: readonly JsonObject[] = [
  { messages: [{ role: 'user', content: [{ text: TEXT }] }] },
  {
    system: [{ text: 'Be short.' }],
    messages: [
      { role: 'user', content: [{ text: TEXT }] },
      { role: 'assistant', content: [{ text: 'Hello!' }] },
      { role: 'user', content: [{ text: 'Again.' }] },
    ],
    inferenceConfig: { maxTokens: 300, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
    requestMetadata: { team: 'a' },
  },
  {
    messages: [
      {
        role: 'user',
        content: [
          { text: TEXT },
          { image: { format: 'png', source: { bytes: PIXEL } } },
          { cachePoint: { type: 'default', ttl: '1h' } },
        ],
      },
      {
        role: 'assistant',
        content: [{ toolUse: { toolUseId: 't1', name: 'weather', input: { city: 'Bern' } } }],
      },
      {
        role: 'user',
        content: [{ toolResult: { toolUseId: 't1', content: [{ json: { degrees: 21.5 } }] } }],
      },
    ],
    inferenceConfig: { maxTokens: 1_000 },
    toolConfig: { tools: [{ toolSpec: { name: 'weather', inputSchema: { json: SCHEMA } } }] },
    serviceTier: { type: 'default' },
    performanceConfig: { latency: 'standard' },
  },
];

const NOVA_SETTINGS = { maxTokens: 200, temperature: 0.1, topK: 20 };
const SAMPLING = { temperature: 0.5, top_p: 0.9 };

const OPENAI_BODIES: readonly JsonObject[] = [
  { messages: CHAT, max_completion_tokens: 100 },
  { messages: CHAT, max_tokens: 100, n: 2, ...SAMPLING },
  { messages: CHAT, tools: [OPENAI_TOOL], reasoning_effort: 'low' },
];

/** Native bodies; the first of a family is the plainest. */
export const NATIVE_BODIES: Readonly<Record<FamilyName, readonly JsonObject[]>> = {
  ai21: [
    { messages: CHAT, max_tokens: 100 },
    { messages: CHAT, max_tokens: 100, n: 2, ...SAMPLING },
  ],
  anthropic: [
    { anthropic_version: 'bedrock-2023-05-31', max_tokens: 100, messages: CHAT },
    { anthropic_version: 'bedrock-2023-05-31', messages: CHAT },
    {
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: ['context-1m-2025-08-07'],
      max_tokens: 4_096,
      system: [{ type: 'text', text: TEXT, cache_control: { type: 'ephemeral', ttl: '1h' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: TEXT },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
          ],
        },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't1', name: 'weather', input: {} }],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: '21' }] },
          ],
        },
      ],
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      tools: [{ name: 'weather', description: 'Now.', input_schema: SCHEMA }],
      temperature: 1.0,
      stop_sequences: ['END'],
    },
  ],
  guardrail: [
    { source: 'INPUT', content: [{ text: { text: TEXT } }] },
    {
      source: 'OUTPUT',
      outputScope: 'FULL',
      content: [
        { text: { text: TEXT, qualifiers: ['grounding_source'] } },
        { text: { text: 'why?', qualifiers: ['query'] } },
        { text: { text: TEXT, qualifiers: ['guard_content'] } },
      ],
    },
  ],
  'guardrail-checks': [
    {
      messages: [{ role: 'user', content: [{ text: TEXT }] }],
      checks: {
        contentFilter: { categories: [{ category: 'HATE' }] },
        promptAttack: { categories: [{ category: 'JAILBREAK' }] },
        sensitiveInformation: { entities: [{ type: 'EMAIL' }] },
      },
    },
  ],
  'anthropic-text': [{ prompt: `\n\nHuman: ${TEXT}\n\nAssistant:`, max_tokens_to_sample: 100 }],
  'cohere-command': [
    { message: TEXT, max_tokens: 100 },
    { message: TEXT, chat_history: [{ role: 'USER', message: 'Hi' }], max_tokens: 100 },
    { prompt: TEXT, max_tokens: 100, num_generations: 2 },
  ],
  'cohere-embed': [{ texts: [TEXT, 'two'], input_type: 'search_document' }],
  grok: [{ messages: CHAT, max_tokens: 100 }, { messages: CHAT }],
  llama: [
    { prompt: TEXT, max_gen_len: 100 },
    { prompt: TEXT, ...SAMPLING },
  ],
  marengo: [{ inputType: 'text', inputText: TEXT }],
  mistral: [
    { prompt: `<s>[INST] ${TEXT} [/INST]`, max_tokens: 100 },
    { messages: CHAT, max_tokens: 100, tools: [OPENAI_TOOL], tool_choice: 'auto' },
  ],
  nova: [
    { messages: [{ role: 'user', content: [{ text: TEXT }] }], inferenceConfig: NOVA_SETTINGS },
    {
      schemaVersion: 'messages-v1',
      system: [{ text: 'Be short.' }],
      messages: [
        {
          role: 'user',
          content: [{ image: { format: 'png', source: { bytes: PIXEL } } }, { text: TEXT }],
        },
      ],
      inferenceConfig: { max_new_tokens: 300 },
      toolConfig: { tools: [{ toolSpec: { name: 'weather', inputSchema: { json: SCHEMA } } }] },
    },
  ],
  'nova-embed': [
    {
      taskType: 'SINGLE_EMBEDDING',
      singleEmbeddingParams: {
        embeddingPurpose: 'GENERIC_INDEX',
        embeddingDimension: 1024,
        text: { truncationMode: 'END', value: TEXT },
      },
    },
  ],
  openai: OPENAI_BODIES,
  'openai-max-tokens': [{ messages: CHAT, max_tokens: 100 }, { messages: CHAT }],
  rerank: [
    { query: TEXT, documents: ['one', 'two'], top_n: 1, api_version: 2 },
    { query: TEXT, documents: ['one', 'two'] },
  ],
  stability: [
    { prompt: TEXT },
    { prompt: TEXT, mode: 'text-to-image', aspect_ratio: '1:1', seed: 0 },
  ],
  'titan-embed': [{ inputText: TEXT }, { inputText: TEXT, dimensions: 512, normalize: true }],
  'titan-image': [
    {
      taskType: 'TEXT_IMAGE',
      textToImageParams: { text: 'A cat.' },
      imageGenerationConfig: { numberOfImages: 2, quality: 'standard', width: 1024, height: 1024 },
    },
  ],
  'titan-text': [
    { inputText: TEXT, textGenerationConfig: { maxTokenCount: 100, temperature: 0 } },
    { inputText: TEXT },
  ],
};
