/**
 * A synthesised stack for tests: its template, its parts, and its intrinsics as plain text.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { inject } from 'vitest';
import type { HardcapProps } from '../../lib/hardcap.ts';
import { HardcapStack } from '../../lib/hardcap-stack.ts';

/** An app that does not bundle: tests of properties need no code, and bundling takes seconds. */
export const createApp = (context: Readonly<Record<string, unknown>> = {}): App =>
  new App({
    outdir: mkdtempSync(join(inject('synthesisFolder'), 'app-')),
    context: { 'aws:cdk:bundling-stacks': [], ...context },
  });

export const createStack = (hardcap: HardcapProps = {}): HardcapStack =>
  new HardcapStack(createApp(), 'Test', { hardcap });

const templates = new Map<string, Template>();

/** The stack's template with these settings: synthesised once, for all files, and only read. */
export function createTemplate(hardcap: HardcapProps = {}): Template {
  const settings = JSON.stringify(hardcap);
  const template = templates.get(settings) ?? Template.fromStack(createStack(hardcap));
  templates.set(settings, template);
  return template;
}

type Properties = Record<string, unknown>;

/** A resource with its logical id and its properties as text. */
export interface Resource {
  readonly id: string;
  readonly properties: Properties;
  readonly deletionPolicy: unknown;
}

/** All resources of a type, intrinsics flattened. */
export const resources = (template: Template, type: string): Resource[] =>
  Object.entries(template.findResources(type)).map(([id, resource]) => ({
    id,
    properties: flatten(resource.Properties ?? {}) as Properties,
    deletionPolicy: resource.DeletionPolicy,
  }));

/** The one resource of a type whose logical id matches. */
export function resource(template: Template, type: string, id: RegExp = /./): Resource {
  const found = resources(template, type).filter((candidate) => id.test(candidate.id));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} resources of ${type} match ${id}`);
  }
  return only;
}

/** `{Ref: X}` as `<X>`, an attribute as `<X.Arn>`, joins joined; all else as it stands. */
export function flatten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(flatten);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return `<${Ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  if (Array.isArray(join)) return (join[1] as unknown[]).map(flatten).join(String(join[0]));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, flatten(inner)]));
}

interface Statement {
  readonly Sid: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

/** A role's inline statements by sid; fails where the role has any other permission. */
export function statementsOf(template: Template, role: Resource): Record<string, Statement> {
  const attached = resources(template, 'AWS::IAM::Policy').filter(({ properties }) =>
    JSON.stringify(properties.Roles ?? []).includes(role.id),
  );
  if (attached.length > 0) throw new Error(`${role.id} has policies beside its inline one`);
  if (role.properties.ManagedPolicyArns !== undefined) {
    throw new Error(`${role.id} has managed policies`);
  }
  const policies = role.properties.Policies as { PolicyDocument: { Statement: Statement[] } }[];
  const statements = policies.flatMap((policy) => policy.PolicyDocument.Statement);
  return Object.fromEntries(statements.map((statement) => [statement.Sid, statement]));
}
