/**
 * Rules of the whole app: cdk-nag has nothing to say, and what is bundled loads by itself.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { App } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import type { HardcapProps } from '../../lib/hardcap.ts';
import { HardcapStack } from '../../lib/hardcap-stack.ts';
import { createApp } from './stack-under-test.ts';

const ROOT = join(import.meta.dirname, '../..');

const findings = (app: App): string[] =>
  new AwsSolutionsChecks().validateScope(app).violations.map(({ ruleName }) => ruleName);

describe('cdk-nag', () => {
  it('finds nothing that is not acknowledged with a reason', () => {
    const app = createApp();
    new HardcapStack(app, 'Test', { hardcap: { regions: ['us-east-1', 'eu-west-1'] } });

    expect(findings(app)).toEqual([]);
  });

  it.each<[string, HardcapProps]>([
    ['signed URLs', { authType: 'iam' }],
    ['traces', { tracing: 'xray', priceRefresh: 'off' }],
    ["a customer's key", { kmsKeyArn: `arn:aws:kms:eu-west-1:123456789012:key/${'a'.repeat(36)}` }],
    ['old tables', { existingSettingsTable: 'old-settings', existingLedgerTable: 'old-ledger' }],
  ])('finds nothing more with %s', (_, hardcap) => {
    const app = createApp();
    new HardcapStack(app, 'Test', { hardcap });

    expect(findings(app)).toEqual([]);
  });

  it('still finds a permission that nobody acknowledged', () => {
    const app = createApp();
    const { hardcap } = new HardcapStack(app, 'Test');

    hardcap.gateway.role.addToPolicy(
      new PolicyStatement({ actions: ['s3:*'], resources: ['arn:aws:s3:::b/*'] }),
    );

    expect(findings(app)).toEqual([
      'AwsSolutions-IAM5[Action::s3:*]',
      'AwsSolutions-IAM5[Resource::arn:aws:s3:::b/*]',
    ]);
  });
});

/** Any connection is an error: neither the synthesis nor loading a bundle may need one. */
const NO_NETWORK = `
import net from 'node:net';
net.Socket.prototype.connect = () => { throw new Error('a connection was opened'); };
`;

const LOAD = `
globalThis.awslambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: { from: (stream) => stream },
};
const [, entry, ...later] = process.argv;
const { handler } = await import(entry);
for (const file of later) await import(file);
process.stdout.write(typeof handler);
`;

interface FunctionResource {
  readonly Properties: {
    readonly Environment: { readonly Variables: Record<string, unknown> };
    readonly Code: { readonly S3Key: string };
  };
}

/** A function's entry, its chunks, and the packages that it loads later. */
const codeBeside = (entry: string) =>
  readdirSync(dirname(entry), { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => join(dirname(entry), name))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

/** 450 KB is what is promised; this is near what there is, so that growth is seen. */
const MOST_START_CHARACTERS = 350_000;

/** What is loaded with an entry, by file; what `import()` asks for comes later. */
function loadedWith(file: string, loaded = new Map<string, string>()): ReadonlyMap<string, string> {
  if (loaded.has(file)) return loaded;
  const text = readFileSync(file, 'utf8');
  loaded.set(file, text);
  if (!file.endsWith('.mjs')) return loaded;
  for (const [, name = ''] of text.matchAll(/(?:from|import)"(\.\/[^"]+)"/g)) {
    loadedWith(join(dirname(file), name), loaded);
  }
  return loaded;
}

describe('the app as it is deployed', () => {
  let scratch: string;
  let noNetwork: string;
  let functions: Record<string, FunctionResource>;

  const run = (args: readonly string[], env: Record<string, string>, cwd = ROOT) =>
    spawnSync(process.execPath, args, {
      cwd,
      encoding: 'utf8',
      // No credentials, profile or region of whoever runs the test.
      env: { PATH: process.env.PATH ?? '', HOME: scratch, ...env },
    });

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'hardcap-app-'));
    const preload = join(scratch, 'no-network.mjs');
    writeFileSync(preload, NO_NETWORK);
    noNetwork = `--import=${pathToFileURL(preload).href}`;
    const synthesis = run([noNetwork, 'bin/app.ts'], { CDK_OUTDIR: join(scratch, 'cdk.out') });
    expect(synthesis.stderr).not.toContain('ERROR');
    expect(synthesis.status).toBe(0);
    const template = JSON.parse(
      readFileSync(join(scratch, 'cdk.out/Hardcap.template.json'), 'utf8'),
    ) as { Resources: Record<string, { Type: string }> };
    functions = Object.fromEntries(
      Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::Lambda::Function'),
    ) as unknown as typeof functions;
  });

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('is the same from and into other folders, so that cdk diff shows changes only', () => {
    const copy = join(scratch, 'elsewhere/of/another/name');
    mkdirSync(copy, { recursive: true });
    for (const part of ['bin', 'lambda', 'lib', 'scripts', 'package.json', 'package-lock.json']) {
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

    const again = run(
      [noNetwork, 'bin/app.ts'],
      { CDK_OUTDIR: join(scratch, 'a/second/out') },
      copy,
    );

    expect(again.status).toBe(0);
    const templateIn = (folder: string) =>
      readFileSync(join(scratch, folder, 'Hardcap.template.json'), 'utf8');
    // The names of the bundles in it are hashes of what is in them.
    expect(templateIn('a/second/out')).toBe(templateIn('cdk.out'));
    expect(templateIn('cdk.out')).not.toContain(ROOT);
  });

  const bundleOf = (name: RegExp) => {
    const [, resource] = Object.entries(functions).find(([id]) => name.test(id)) ?? [];
    if (resource === undefined) throw new Error(`no function matches ${name}`);
    const { Code, Environment } = resource.Properties;
    // The cloud assembly keeps each asset in a folder named by the hash that will name its zip.
    const folder = `asset.${Code.S3Key.replace('.zip', '')}`;
    return {
      file: join(scratch, 'cdk.out', folder, 'index.mjs'),
      variables: Environment.Variables,
    };
  };

  it('starts the gateway without the clients and doors that its first request may not need', () => {
    const { file } = bundleOf(/Gateway/);

    const all = codeBeside(file).reduce((sum, { text }) => sum + text.length, 0);
    const loaded = [...loadedWith(file)].filter(([name]) => name.endsWith('.mjs'));
    const atStart = loaded.reduce((sum, [, text]) => sum + text.length, 0);
    expect(atStart).toBeLessThan(MOST_START_CHARACTERS);
    expect(all).toBeGreaterThan(2 * atStart);
  });

  it('names places in the sources where a function fails', () => {
    const { file } = bundleOf(/Gateway/);

    const failed = run([noNetwork, '--input-type=module', '--eval', LOAD, file], {});

    expect(failed.status).not.toBe(0);
    expect(failed.stderr).toMatch(/is not set\n +at .*lambda\/gateway\/environment\.ts:\d+:\d+/);
    expect(failed.stderr).toMatch(/lambda\/gateway\/handler\.ts:\d+:\d+/);
  });

  it('gives the gateway its catalogue as data beside the code, in one file', () => {
    const loaded = [...loadedWith(bundleOf(/Gateway/).file)];

    const isData = ([name]: readonly [string, string]) => name.endsWith('.json');
    const data = loaded.filter(isData);
    const code = loaded.filter((file) => !isData(file)).map(([, text]) => text);
    expect(data.map(([, text]) => text.match(/"baseModelId":/g)?.length)).toEqual([
      CATALOGUE_ROWS.length,
    ]);
    expect(code.join('')).not.toMatch(/contextWindowTokens:\d/);
  });

  describe.each([/Gateway/, /Rollover/, /Widget/, /AlertsMailer/, /SsmSync/])(
    'the bundle of %s',
    (name) => {
      it('exports its handler, and loads all that is asked for later, without network', () => {
        const { file, variables } = bundleOf(name);
        const later = codeBeside(file).map((one) => one.file);
        // A reference to a table stands in the template where its name will be.
        const env = Object.fromEntries(
          Object.entries(variables).map(([key, value]) => [
            key,
            typeof value === 'string' ? value : 'a-table',
          ]),
        );

        const loaded = run([noNetwork, '--input-type=module', '--eval', LOAD, file, ...later], {
          ...env,
          AWS_REGION: 'us-east-1',
        });

        expect(loaded.stderr).toBe('');
        expect(loaded.stdout).toBe('function');
      });

      it('brings its own AWS SDK and leaves nothing to the runtime but Node itself', async () => {
        const { metafile } = await build({
          entryPoints: [bundleOf(name).file],
          bundle: true,
          packages: 'external',
          platform: 'node',
          format: 'esm',
          write: false,
          metafile: true,
        });

        const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
        const modules = [...new Set(imports.map(({ path }) => path))];
        expect(modules).toContain('node:https');
        expect(modules.filter((module) => !isBuiltin(module))).toEqual([]);
      });

      it('never calls require, which an ESM bundle does not have', () => {
        // esbuild puts this message into a bundle where such a call is left, and throws it there.
        for (const { text } of codeBeside(bundleOf(name).file)) {
          expect(text).not.toContain('Dynamic require of');
        }
      });

      it('is small enough to start fast, and has a source map', () => {
        const code = codeBeside(bundleOf(name).file);

        const sizes = code.map(({ text }) => text.length);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_500_000);
        // No code of ours is in what is loaded later.
        const own = code.filter(({ file }) => !dirname(file).endsWith('/later'));
        for (const { file } of own) expect(statSync(`${file}.map`).size).toBeGreaterThan(0);
      });
    },
  );
});
