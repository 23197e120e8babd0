/**
 * ApplyGuardrail and InvokeGuardrailChecks of the simulated Bedrock.
 *
 * Its guardrail has two policies, content and sensitive information, and checks grounding where a
 * source is marked. Each text rounds up to whole units by itself, the dearest way to count.
 */
import type { UnitCounts } from '../lambda/domain/unit.ts';
import { type Directives, readDirectives } from './simulated-directives.ts';
import { BedrockError, invalid } from './simulated-errors.ts';
import { isObject, type Json, objectIn, requireMember } from './simulated-vendor.ts';

export interface GuardrailRoute {
  readonly operation: 'apply-guardrail' | 'invoke-guardrail-checks';
  /** The guardrail's id, decoded; the checks have none. */
  readonly name: string;
}

export interface GuardrailAnswer {
  readonly units: UnitCounts;
  readonly body: Json;
}

const APPLY = /^\/guardrail\/([^/]+)\/version\/(?:\d+|DRAFT)\/apply$/;
const CHARACTERS_PER_UNIT = 1_000;

/** The guardrail operation of a path; undefined where it is none. */
export function guardrailRouteOf(path: string): GuardrailRoute | undefined {
  if (path === '/guardrail-checks/invoke') {
    return { operation: 'invoke-guardrail-checks', name: 'guardrail-checks' };
  }
  const [, id] = APPLY.exec(path) ?? [];
  return id === undefined
    ? undefined
    : { operation: 'apply-guardrail', name: decodeURIComponent(id) };
}

/** @throws BedrockError for a malformed body, or where a directive asks for an error */
export function guardrailAnswer(operation: GuardrailRoute['operation'], body: Json) {
  return operation === 'apply-guardrail' ? applied(body) : checked(body);
}

const unitsOf = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + Math.ceil(text.length / CHARACTERS_PER_UNIT), 0);

function directivesOf(texts: readonly string[]): Directives {
  const directives = readDirectives(texts.join('\n'));
  const { error } = directives;
  if (error !== undefined) throw new BedrockError(error, `simulated ${error}`);
  return directives;
}

function blocksOf(body: Json, name: string): readonly Json[] {
  const value = requireMember(body, name);
  if (Array.isArray(value) && value.length > 0 && value.every(isObject)) return value;
  throw invalid(`Value at '${name}' failed to satisfy constraint`);
}

function applied(body: Json): GuardrailAnswer {
  requireMember(body, 'source');
  const blocks = blocksOf(body, 'content').map((block) => objectIn(block, 'text'));
  const texts = blocks.map(({ text }) => String(text));
  const directives = directivesOf(texts);
  const looked = unitsOf(texts);
  const isGrounded = blocks.some(({ qualifiers }) =>
    JSON.stringify(qualifiers ?? []).includes('"grounding_source"'),
  );
  const grounding = isGrounded ? looked : 0;
  const usage = {
    topicPolicyUnits: 0,
    contentPolicyUnits: looked,
    wordPolicyUnits: looked,
    sensitiveInformationPolicyUnits: looked,
    sensitiveInformationPolicyFreeUnits: 0,
    contextualGroundingPolicyUnits: grounding,
  };
  return {
    units: {
      'guardrail-content': looked,
      'guardrail-sensitive-information': looked,
      ...(isGrounded && { 'guardrail-grounding': grounding }),
    },
    body: {
      ...(!directives.hidesUsage && { usage }),
      action: directives.isBlocked ? 'GUARDRAIL_INTERVENED' : 'NONE',
      outputs: directives.isBlocked ? [{ text: 'This was blocked.' }] : [],
      assessments: [],
    },
  };
}

const CHECKS = [
  ['contentFilter', 'content-filter-check'],
  ['promptAttack', 'prompt-attack-check'],
  ['sensitiveInformation', 'sensitive-information-check'],
] as const;

function checked(body: Json): GuardrailAnswer {
  const texts = blocksOf(body, 'messages')
    .flatMap((message) => blocksOf(message, 'content'))
    .map(({ text }) => String(text));
  const asked = objectIn(body, 'checks');
  const directives = directivesOf(texts);
  const textUnits = unitsOf(texts);
  const ran = CHECKS.filter(([name]) => asked[name] !== undefined);
  if (ran.length === 0) throw invalid("Value at 'checks' failed to satisfy constraint: not null");
  return {
    units: Object.fromEntries(ran.map(([, unit]) => [unit, textUnits])),
    body: {
      results: Object.fromEntries(ran.map(([name]) => [name, { results: [] }])),
      ...(!directives.hidesUsage && {
        usage: Object.fromEntries(ran.map(([name]) => [name, { textUnits }])),
      }),
    },
  };
}
