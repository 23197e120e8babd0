/**
 * Rules of the template as CloudFormation, Lambda and IAM will read it, which no construct checks:
 * what is referred to exists, and what has a largest size is within it.
 */
import { describe, expect, it } from 'vitest';
import { createTemplate } from './stack-under-test.ts';

/** CloudFormation's largest template; the CDK puts all of them into its bucket. */
const MAX_TEMPLATE_BYTES = 1_000_000;
/** Lambda's largest environment. */
const MAX_ENVIRONMENT_BYTES = 4_096;
/** IAM's largest sum of a role's inline policies, white space not counted. */
const MAX_POLICY_CHARACTERS = 10_240;

const SIX_REGIONS = [
  ...['us-east-1', 'us-east-2', 'us-west-2'],
  ...['eu-central-1', 'eu-west-1', 'ap-southeast-2'],
];

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
}

interface TemplateJson {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Parameters?: Readonly<Record<string, unknown>>;
}

const templates = [
  ['by default', createTemplate()],
  ['in six regions', createTemplate({ regions: SIX_REGIONS, alarmEmail: 'a@example.com' })],
] as const;

/** Logical ids in `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn`, wherever they stand. */
function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]): string[] => {
    if (name === 'Ref' && typeof inner === 'string') return [inner];
    if (name === 'Fn::GetAtt') return [String(Array.isArray(inner) ? inner[0] : inner)];
    if (name === 'DependsOn') return [inner].flat().map(String);
    if (name === 'Fn::Sub') {
      const text = String(Array.isArray(inner) ? inner[0] : inner);
      return [...text.matchAll(/\$\{([A-Za-z0-9]+)(?:\.[A-Za-z.]+)?\}/g)].map(([, id = '']) => id);
    }
    return referencesIn(inner);
  });
}

const ofType = ({ Resources }: TemplateJson, type: string): [string, Resource][] =>
  Object.entries(Resources).filter(([, { Type }]) => Type === type);

describe.each(templates)('the template %s', (_name, template) => {
  const json = template.toJSON() as TemplateJson;

  it('refers to nothing that is not in it', () => {
    const known = new Set([...Object.keys(json.Resources), ...Object.keys(json.Parameters ?? {})]);

    const references = referencesIn(json);

    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((id) => !known.has(id) && !id.startsWith('AWS::'))).toEqual([]);
  });

  it('is within the bound of a template that comes from a bucket, as all of the CDK do', () => {
    expect(JSON.stringify(json).length).toBeLessThan(MAX_TEMPLATE_BYTES);
  });

  it("keeps each function's environment within Lambda's bound", () => {
    for (const [, { Properties }] of ofType(json, 'AWS::Lambda::Function')) {
      expect(JSON.stringify(Properties?.Environment ?? {}).length).toBeLessThan(
        MAX_ENVIRONMENT_BYTES,
      );
    }
  });

  it("keeps each role's policies within IAM's bound", () => {
    for (const [, { Properties }] of ofType(json, 'AWS::IAM::Role')) {
      expect(JSON.stringify(Properties?.Policies ?? []).length).toBeLessThan(MAX_POLICY_CHARACTERS);
    }
  });
});
