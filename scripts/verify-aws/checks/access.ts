/**
 * Checks of what the gateway's role may do at Bedrock: models, regions, counting, chat, guardrails.
 */
import type { Answer, Call } from '../caller.ts';
import { type Check, differs, ok, type Scene, unseen } from '../check.ts';
import { converse, invokeNova, jsonOf, modelPath, shortly } from '../requests.ts';

/** Every operation of the role, in every region. */
function callsOf({ models, region, otherRegions }: Scene): [string, Call][] {
  const named: [string, Call][] = [
    ['converse', converse(models.cheap)],
    ['converse-stream', converse(models.cheap, { operation: 'converse-stream' })],
    ['invoke', invokeNova(models.cheap)],
    ['invoke-stream', invokeNova(models.cheap, 'invoke-with-response-stream')],
    ['claude', converse(models.claude)],
  ];
  const elsewhere = otherRegions.map((name): [string, Call] => {
    const call = converse(models.bareCheap);
    return [name, { ...call, path: `/bedrock/${name}${call.path}` }];
  });
  return [
    ...named.map(([name, call]): [string, Call] => [`${region} ${name}`, call]),
    ...elsewhere,
  ];
}

export const role: Check = {
  id: 'role',
  section: '-',
  async run(scene) {
    const expected = 'no AccessDenied for any operation, in any region';
    const failed: string[] = [];
    const calls = callsOf(scene);
    for (const [name, call] of calls) {
      const answer = await scene.caller.call(call);
      if (answer.status !== 200) failed.push(`${name}: ${shortly(answer)}`);
    }
    if (failed.length === 0) return ok(expected, `${calls.length} of ${calls.length} answer 200`);
    return differs(
      expected,
      failed.join('; '),
      '"not authorized to perform" names what the role lacks: correct lib/bedrock-access.ts. ' +
        '"access to the model" is a matter of the account: enable it in the Bedrock console',
    );
  },
};

const TEXT = 'Say hello to the caps of this account.';

export const countTokens: Check = {
  id: 'count-tokens',
  section: '10',
  async run({ caller, models }) {
    const expected = 'a bare id is counted, its profile is refused; usage <= count + 2 %';
    const messages = [{ role: 'user', content: [{ text: TEXT }] }];
    const count = (id: string) =>
      caller.call({
        path: modelPath(id, 'count-tokens'),
        body: { input: { converse: { messages } } },
        isFree: true,
      });
    const bare = await count(models.bareClaude);
    const profile = await count(models.claude);
    const sent = await caller.call(converse(models.claude, { text: TEXT }));
    const counted = Number(jsonOf(bare.body).inputTokens);
    const used = usageOf(sent, 'inputTokens');
    const seen =
      `bare: ${bare.status === 200 ? `${counted} tokens` : shortly(bare)}; profile: ` +
      `${shortly(profile)}; used ${used ?? shortly(sent)}`;
    if (bare.status !== 200) {
      return differs(expected, seen, 'near a cap, requests keep their bound by bytes; report it');
    }
    if (used === undefined || used > Math.ceil(counted * COUNT_MARGIN)) {
      return differs(expected, seen, 'the bound by count is too low: stop using clamp; report it');
    }
    if (profile.status === 200) {
      return differs(expected, seen, 'correct local/simulated-requests.ts: profiles are counted');
    }
    return ok(expected, seen);
  },
};

const COUNT_MARGIN = 1.02;

function usageOf(answer: Answer, name: string): number | undefined {
  const { usage } = jsonOf(answer.body);
  if (typeof usage !== 'object' || usage === null) return undefined;
  const value: unknown = Object.entries(usage).find(([key]) => key === name)?.[1];
  return typeof value === 'number' ? value : undefined;
}

export const chat: Check = {
  id: 'chat',
  section: '15',
  async run({ caller, models }) {
    const expected = 'an answer with its cost, a stream to [DONE], and an error that is free';
    const ask = (more: object, text = 'Say hello.') =>
      caller.call({
        path: '/openai/v1/chat/completions',
        body: {
          model: models.chat,
          max_tokens: 50,
          messages: [{ role: 'user', content: text }],
          ...more,
        },
      });
    const whole = await ask({});
    if ([400, 404].includes(whole.status) && whole.headers['x-hardcap-reason'] === undefined) {
      return unseen(expected, shortly(whole), `is ${models.chat} sold in this region?`);
    }
    const stream = await ask({ stream: true });
    const error = await ask({ temperature: 9 }, 'Say hello. [[error=ValidationException]]');
    const text = stream.body.toString();
    const problems = [
      ...(whole.status === 200 ? [] : [`whole: ${shortly(whole)}`]),
      ...(whole.headers['x-hardcap-cost-usd'] === whole.headers['x-hardcap-reserved-usd']
        ? ['whole: charged in full, so its usage was not read']
        : []),
      ...(/data: \[DONE\]\s*$/.test(text) ? [] : [`stream: ${shortly(stream)}, no [DONE]`]),
      ...(/"choices":\s*\[\]/.test(text) ? ['stream: a chunk without choices'] : []),
      ...(error.status === 400 && Number(error.headers['x-hardcap-cost-usd']) === 0
        ? []
        : [`error: ${error.status}, cost ${error.headers['x-hardcap-cost-usd'] ?? 'not told'}`]),
    ];
    if (problems.length === 0) return ok(expected, '200, [DONE], 400 at no cost');
    return differs(
      expected,
      problems.join('; '),
      '403: add the action that is named to lib/bedrock-access.ts. An error that is charged: put ' +
        'its type into lambda/domain/openai-error.ts',
    );
  },
};

export const guardrailChecks: Check = {
  id: 'guardrail-checks',
  section: '17',
  async run({ caller }) {
    const expected = '200 with a usage, and the cost of its units';
    const answer = await caller.call({
      path: '/guardrail-checks/invoke',
      body: {
        messages: [{ role: 'user', content: [{ text: 'Say hello.' }] }],
        checks: { contentFilter: { categories: [{ category: 'HATE' }] } },
      },
    });
    const cost = answer.headers['x-hardcap-cost-usd'];
    const hasUsage = jsonOf(answer.body).usage !== undefined;
    if (answer.status === 200 && hasUsage && Number(cost) > 0) return ok(expected, `$${cost}`);
    return differs(
      expected,
      `${shortly(answer)}, cost ${cost ?? 'not told'}`,
      'the action bedrock:InvokeGuardrailChecks was presumed: where the message has another, ' +
        'correct lib/bedrock-access.ts and lib/deny-policy.ts',
    );
  },
};
