/**
 * Which members, blocks, tools and headers each family lets through, and which it refuses by name.
 */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { prepareRequest } from '../../lambda/domain/estimate.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import type { JsonObject, JsonValue } from '../../lambda/domain/request-body.ts';

const modelOf = (family: Model['family']): Model => ({
  modelId: 'm',
  baseModelId: 'm',
  profileId: 'm',
  vendor: family,
  family,
  price: {
    modelId: 'm',
    version: 'test',
    tokens: { inputNanoUsdPerMillion: 1n, outputNanoUsdPerMillion: 1n },
  },
  contextWindowTokens: 200_000,
  maxOutputTokens: 1_000,
});

interface Asked {
  readonly family?: Model['family'];
  readonly operation?: Operation;
  readonly headers?: Readonly<Record<string, string>>;
  readonly allow?: readonly string[];
}

/** "ok", or the code and field of the refusal. */
function verdict(body: JsonObject, asked: Asked = {}): string {
  try {
    prepareRequest({
      operation: asked.operation ?? 'invoke',
      model: modelOf(asked.family ?? 'anthropic'),
      body,
      headers: asked.headers ?? {},
      allowFields: new Set(asked.allow),
    });
    return 'ok';
  } catch (error) {
    if (error instanceof HardcapError) return `${error.code} ${error.details.field}`;
    throw error;
  }
}

const native = (members: JsonObject): JsonObject => ({ messages: [], max_tokens: 1, ...members });
const user = (...content: JsonValue[]): JsonObject => ({
  messages: [{ role: 'user', content }],
});
const converse = { operation: 'converse' } as const;
const novaNative = { family: 'nova' } as const;

describe('the native body of Anthropic', () => {
  it('lets pass what a coding agent sends', () => {
    const body: JsonObject = {
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: ['context-1m-2025-08-07', 'interleaved-thinking-2025-05-14', 'anything-new'],
      max_tokens: 32_000,
      temperature: 1,
      top_k: 5,
      top_p: 0.9,
      stop_sequences: ['x'],
      metadata: { user_id: 'u' },
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high', format: { type: 'json_schema', schema: {} } },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      tools: [
        { name: 'Read', description: 'd', input_schema: { type: 'object', extra: { novel: 1 } } },
        { type: 'custom', name: 'Edit', input_schema: {} },
        { type: 'bash_20250124', name: 'bash' },
        { type: 'computer_20251124', name: 'computer', display_width_px: 1 },
      ],
      tool_choice: { type: 'auto' },
      messages: [
        { role: 'user', content: 'plain' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 't', signature: 's', novel: true },
            { type: 'redacted_thinking', data: 'd' },
            { type: 'text', text: 'x', citations: null },
            { type: 'tool_use', id: '1', name: 'Read', input: { type: 'hologram' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: '1', content: 'text' },
            { type: 'tool_result', tool_use_id: '2', content: [{ type: 'text', text: 'x' }] },
            { type: 'search_result', source: 's', title: 't', content: [{ type: 'text' }] },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
          ],
        },
      ],
    };

    expect(verdict(body)).toBe('ok');
  });

  it.each(['container', 'mcp_servers', 'inference_geo', 'fallbacks', 'compaction', 'thread', 'n'])(
    'refuses the member %s by name',
    (name) => {
      expect(verdict(native({ [name]: 'x' }))).toBe(`unpriced_field ${name}`);
      expect(verdict(native({ [name]: null }))).toBe('ok');
    },
  );

  it.each([
    ['speed', 'fast', 'standard'],
    ['service_tier', 'priority', 'standard_only'],
  ])('refuses another %s than those it can price, whatever the setting', (name, dear, priced) => {
    expect(verdict(native({ [name]: dear }), { allow: [name] })).toBe(`unpriced_field ${name}`);
    expect(verdict(native({ [name]: priced }))).toBe('ok');
  });

  it.each(['web_search_20250305', 'code_execution_20250825', 'tool_search_tool_regex_20251119'])(
    'refuses the server tool %s, unless the setting lets it pass',
    (type) => {
      const body = native({ tools: [{ type, name: 'x' }] });

      expect(verdict(body)).toBe(`unpriced_field tools.${type}`);
      expect(verdict(body, { allow: [type] })).toBe('ok');
    },
  );

  it('refuses an edit that runs the model once more', () => {
    const edits = [{ type: 'compact_20260112' }];

    expect(verdict(native({ context_management: { edits } }))).toBe(
      'unpriced_field context_management.edits.compact_20260112',
    );
  });

  it('refuses block types that it does not know, inside tool results and system as well', () => {
    const block = { type: 'hologram' };

    expect(verdict(native(user(block)))).toBe('unpriced_field messages.content.hologram');
    expect(verdict(native(user({ type: 'tool_result', content: [block] })))).toBe(
      'unpriced_field messages.content.tool_result.content.hologram',
    );
    expect(verdict(native({ system: [block] }))).toBe('unpriced_field system.hologram');
  });

  it.each([
    ['image', 'url'],
    ['image', 'file'],
    ['document', 'url'],
    ['document', 'file'],
  ])('refuses an %s by %s, whatever the setting', (type, sourceType) => {
    const field = `messages.content.${type}.source`;
    const body = native(user({ type, source: { type: sourceType, url: 'https://x' } }));

    expect(verdict(body, { allow: [field, 'source', type] })).toBe(`unpriced_field ${field}`);
  });

  it.each([
    ['messages', { messages: {} }],
    ['messages', { messages: ['x'] }],
    ['messages.content', { messages: [{ content: { type: 'text' } }] }],
    ['messages.content', { messages: [{ content: [{ text: 'no type' }] }] }],
    ['tools', { tools: [1] }],
    ['thinking.budget_tokens', { max_tokens: null, thinking: { budget_tokens: -5 } }],
  ] as const)('refuses what it cannot read: %s of %j', (field, members) => {
    expect(verdict(native(structuredClone(members) as unknown as JsonObject))).toBe(
      `invalid_request ${field}`,
    );
  });
});

describe('the Converse shape', () => {
  it('lets pass what its SDKs send', () => {
    const body: JsonObject = {
      messages: [
        {
          role: 'user',
          content: [
            { text: 'x' },
            { cachePoint: { type: 'default' } },
            { image: { format: 'png', source: { bytes: 'AA==' } } },
            { toolResult: { toolUseId: '1', content: [{ json: { audio: 1 } }, { text: 'x' }] } },
            { reasoningContent: { reasoningText: { text: 't', signature: 's' } } },
            { toolUse: { toolUseId: '1', name: 'n', input: { video: {} } } },
          ],
        },
      ],
      system: [{ text: 's' }, { cachePoint: { type: 'default', ttl: '5m' } }],
      inferenceConfig: { maxTokens: 1, temperature: 0, topP: 1, stopSequences: [] },
      toolConfig: {
        tools: [{ toolSpec: { name: 'n', inputSchema: { json: {} } } }, { cachePoint: {} }],
        toolChoice: { auto: {} },
      },
      additionalModelResponseFieldPaths: ['/stop_sequence'],
      requestMetadata: { a: 'b' },
      performanceConfig: { latency: 'standard' },
      serviceTier: { type: 'flex' },
      outputConfig: { textFormat: { type: 'json_schema' } },
    };

    expect(verdict(body, converse)).toBe('ok');
    expect(verdict(body, { ...converse, family: 'nova' })).toBe('ok');
  });

  it.each([
    [{ promptVariables: { a: { text: 'x' } } }, 'promptVariables'],
    [{ serviceTier: { type: 'priority' } }, 'serviceTier.type'],
    [{ serviceTier: { type: 'gold' } }, 'serviceTier.type'],
    [{ performanceConfig: { latency: 'optimized' } }, 'performanceConfig.latency'],
    [{ novel: 1 }, 'novel'],
    [{ inferenceConfig: { n: 2 } }, 'inferenceConfig.n'],
    [
      { toolConfig: { tools: [{ systemTool: { name: 'nova_grounding' } }] } },
      'toolConfig.tools.systemTool',
    ],
    [user({ audio: { source: { bytes: 'AA' } } }), 'messages.content.audio'],
    [
      user({ toolResult: { content: [{ hologram: {} }] } }),
      'messages.content.toolResult.content.hologram',
    ],
  ] as [JsonObject, string][])('refuses %j', (members, field) => {
    expect(verdict({ messages: [], ...members }, converse)).toBe(`unpriced_field ${field}`);
  });

  it.each(['image', 'document', 'video'])(
    'refuses %s by S3 location, whatever the setting',
    (kind) => {
      const body = user({ [kind]: { source: { s3Location: { uri: 's3://b/k' } } } });
      const field = `messages.content.${kind}.source.s3Location`;

      expect(verdict(body, { ...converse, allow: [field, 's3Location', kind] })).toBe(
        `unpriced_field ${field}`,
      );
    },
  );

  it('lets pass what the AI SDK sends beside it', () => {
    const body: JsonObject = {
      messages: [],
      anthropicBeta: ['context-1m-2025-08-07'],
      inferenceConfig: { topK: 5 },
    };

    expect(verdict(body, converse)).toBe('ok');
  });

  it("asks the family about the model's own fields", () => {
    const body = (fields: JsonObject): JsonObject => ({
      messages: [],
      additionalModelRequestFields: fields,
    });
    const forClaude: JsonObject = {
      anthropic_beta: ['computer-use-2025-01-24'],
      thinking: { type: 'enabled', budget_tokens: 1_024 },
      top_k: 1,
      tools: [{ type: 'computer_20250124', name: 'computer' }],
    };
    const forNova: JsonObject = {
      inferenceConfig: { topK: 20 },
      reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' },
    };
    const asNova = { ...converse, family: 'nova' } as const;

    expect(verdict(body(forClaude), converse)).toBe('ok');
    expect(verdict(body(forNova), asNova)).toBe('ok');
    expect(verdict(body({ max_tokens: 9 }), converse)).toBe(
      'unpriced_field additionalModelRequestFields.max_tokens',
    );
    expect(verdict(body({ tools: [{ type: 'web_search_20250305' }] }), converse)).toBe(
      'unpriced_field additionalModelRequestFields.tools.web_search_20250305',
    );
    expect(verdict(body({ speed: 'fast' }), converse)).toBe(
      'unpriced_field additionalModelRequestFields.speed',
    );
    expect(verdict(body({ inferenceConfig: { maxTokens: 9 } }), asNova)).toBe(
      'unpriced_field additionalModelRequestFields.inferenceConfig.maxTokens',
    );
    expect(verdict(body(forClaude), asNova)).toBe(
      'unpriced_field additionalModelRequestFields.anthropic_beta',
    );
  });
});

describe('an output limit in a place where another may not stand', () => {
  const asNova = { ...converse, family: 'nova' } as const;
  const limits = ['max_tokens', 'maxTokens', 'max_completion_tokens', 'max_new_tokens'];

  it.each(limits)('is refused as %s of the extra fields, though it is null or allowed', (name) => {
    for (const value of [null, 9]) {
      const fields: JsonObject = { [name]: value };
      const body: JsonObject = { messages: [], additionalModelRequestFields: fields };
      const nested: JsonObject = {
        messages: [],
        additionalModelRequestFields: { inferenceConfig: fields },
      };
      const path = 'unpriced_field additionalModelRequestFields.';

      expect(verdict(body, { ...converse, allow: [name] })).toBe(path + name);
      expect(verdict(body, { ...asNova, allow: [name] })).toBe(path + name);
      const inNested = verdict(nested, { ...asNova, allow: [name] });
      expect(inNested).toBe(`${path}inferenceConfig.${name}`);
    }
  });

  it('is refused under another vendor’s name, though it is allowed', () => {
    const allow = ['maxTokens', 'max_gen_len'];
    const config: JsonObject = { maxTokens: 1, max_gen_len: 9 };

    expect(verdict(native({ maxTokens: 9 }), { allow })).toBe('unpriced_field maxTokens');
    expect(verdict({ messages: [], inferenceConfig: config }, { ...novaNative, allow })).toBe(
      'unpriced_field inferenceConfig.max_gen_len',
    );
  });
});

describe('a tool that is added within the conversation', () => {
  const added = (tool: JsonObject) => native(user({ type: 'tool_addition', tool }));
  const tokensOf = (body: JsonObject, operation: Operation) =>
    prepareRequest({
      operation,
      model: modelOf('anthropic'),
      body,
      headers: {},
      allowFields: new Set(),
    }).inputTokens;

  it('counts as the window where it refers to a definition', () => {
    const reference: JsonObject = { tool: { type: 'tool', name: 'n' } };

    expect(tokensOf(added({ type: 'tool_reference', name: 'n' }), 'invoke')).toBe(200_000);
    expect(tokensOf(user({ toolAddition: reference }), 'converse')).toBe(200_000);
    expect(tokensOf(user({ toolRemoval: reference }), 'converse')).toBeLessThan(1_000);
    const removed = native(user({ type: 'tool_removal', tool: { type: 'tool_reference' } }));
    expect(tokensOf(removed, 'invoke')).toBeLessThan(1_000);
  });

  it('is looked at like any other where it is defined there', () => {
    const server: JsonObject = { type: 'web_search_20250305', name: 'web_search' };
    const own: JsonObject = { name: 'n', input_schema: {} };

    expect(verdict(added({ type: 'tool_definition', definition: own }))).toBe('ok');
    expect(verdict(added({ type: 'tool_definition', definition: server }))).toBe(
      'unpriced_field messages.content.web_search_20250305',
    );
    expect(verdict(added({ type: 'mcp_toolset_reference', server_name: 's' }))).toBe(
      'unpriced_field messages.content.tool_addition.mcp_toolset_reference',
    );
    expect(verdict(added({ type: { toString: 1 } }))).toBe(
      'unpriced_field messages.content.tool_addition.type',
    );
    const ofServer = { toolAddition: { tool: { name: 'n', serverName: 's' } } };
    expect(verdict(user(ofServer), converse)).toBe(
      'unpriced_field messages.content.toolAddition.tool.serverName',
    );
  });
});

describe('search results that are to be cited', () => {
  it('bring the instructions for it', () => {
    const plain: JsonObject = { source: 's', title: 't', content: [] };
    const tokensOf = (block: JsonObject, operation: Operation) =>
      prepareRequest({
        operation,
        model: modelOf('anthropic'),
        body: operation === 'invoke' ? native(user(block)) : user(block),
        headers: {},
        allowFields: new Set(),
      }).inputTokens;
    const cited: JsonObject = { ...plain, citations: { enabled: true } };
    const ofClaude = (block: JsonObject) => tokensOf({ type: 'search_result', ...block }, 'invoke');
    const ofConverse = (block: JsonObject) => tokensOf({ searchResult: block }, 'converse');

    expect(ofClaude(cited) - ofClaude(plain)).toBeGreaterThan(1_000);
    expect(ofConverse(cited) - ofConverse(plain)).toBeGreaterThan(1_000);
  });
});

describe('the native body of Nova', () => {
  it('lets pass what its documentation shows', () => {
    const body: JsonObject = {
      schemaVersion: 'messages-v1',
      system: [{ text: 's' }],
      messages: [
        { role: 'user', content: [{ image: { format: 'png', source: { bytes: 'AA==' } } }] },
      ],
      inferenceConfig: { maxTokens: 1, temperature: 0, topP: 1, topK: 1, stopSequences: [] },
      toolConfig: { tools: [{ toolSpec: { name: 'n' } }] },
    };

    expect(verdict(body, novaNative)).toBe('ok');
  });

  it.each([
    [{ max_tokens: 1 }, 'max_tokens'],
    [{ inferenceConfig: { max_tokens: 1 } }, 'inferenceConfig.max_tokens'],
    [user({ video: { source: { s3Location: {} } } }), 'messages.content.video.source.s3Location'],
  ] as [JsonObject, string][])('refuses %j', (members, field) => {
    expect(verdict({ messages: [], ...members }, novaNative)).toBe(`unpriced_field ${field}`);
  });
});

describe('headers that move the price', () => {
  it.each([
    ['x-amzn-bedrock-service-tier', 'priority'],
    ['X-Amzn-Bedrock-Service-Tier', 'gold'],
    ['x-amzn-bedrock-performanceconfig-latency', 'optimized'],
  ])('refuses %s: %s', (name, value) => {
    expect(verdict(native({}), { headers: { [name]: value } })).toBe(
      `unpriced_field ${name.toLowerCase()}`,
    );
  });

  it('lets pass those at their ordinary values, and all others', () => {
    const headers = {
      'x-amzn-bedrock-service-tier': 'default',
      'x-amzn-bedrock-performanceconfig-latency': 'standard',
      'content-type': 'application/json',
    };

    expect(verdict(native({}), { headers })).toBe('ok');
  });
});
