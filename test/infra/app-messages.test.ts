/**
 * What the CDK app says to who deploys it: one message where a setting is wrong, and no notice of
 * the CDK's own where all is well.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'hardcap-app-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The app with this context, as the CDK's command line starts it; nothing is bundled. */
const synthesise = (
  context: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
) =>
  spawnSync(process.execPath, ['bin/app.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH ?? '',
      HOME: scratch,
      ...env,
      CDK_OUTDIR: join(scratch, 'cdk.out'),
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [], ...context }),
    },
  });

it.each([
  ['out of bounds', { memoryMb: '12' }, '"memoryMb" is "12"; allowed: a whole number of megabytes'],
  ['misspelt', { maxInFlght: '5' }, '"maxInFlght" is no setting; there are: regions,'],
])('a setting that is %s exits with 1 and one line that names it, without a stack', (...row) => {
  const [, context, message] = row;
  const { status, stdout, stderr } = synthesise(context);

  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^hardcap cannot be deployed with these settings: .*-c <name>=<value>\.\n$/,
  );
  expect(stderr).toContain(message);
});

it("refuses an edge in the region of the command line that takes no web ACL of CloudFront's", () => {
  const { status, stdout, stderr } = synthesise(
    { edge: 'cloudfront' },
    { CDK_DEFAULT_REGION: 'eu-west-1' },
  );

  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^hardcap cannot be deployed .* region is eu-west-1: .*\n$/);
  expect(stderr).toContain('"edgeWebAclArn"');
});

interface Flag {
  readonly userValue?: unknown;
  readonly recommendedValue: unknown;
  readonly unconfiguredBehavesLike?: { readonly v2?: unknown };
}

it('sets each feature flag that the CDK would else give notice of', () => {
  expect(synthesise({}).status).toBe(0);
  const { artifacts } = JSON.parse(
    readFileSync(join(scratch, 'cdk.out/manifest.json'), 'utf8'),
  ) as { artifacts: Record<string, { properties?: { flags?: Record<string, Flag> } }> };
  const flags = artifacts['aws-cdk-lib/feature-flag-report']?.properties?.flags ?? {};

  const unset = Object.entries(flags).filter(
    ([, { userValue, recommendedValue, unconfiguredBehavesLike }]) =>
      userValue === undefined && (unconfiguredBehavesLike?.v2 ?? false) !== recommendedValue,
  );

  expect(Object.keys(flags).length).toBeGreaterThan(50);
  expect(unset.map(([name]) => name)).toEqual([]);
});
