/**
 * The functions' bundles as the CDK makes them: by the app itself, not by a copy of its options.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const TEMPLATE = 'Hardcap.template.json';

/** One function of the template. */
export interface Bundle {
  /** The module that exports `handler`. */
  readonly file: string;
  /** Its environment; references to other resources are left out. */
  readonly variables: Readonly<Record<string, string>>;
}

interface FunctionResource {
  readonly Type: string;
  readonly Properties: {
    readonly Environment?: { readonly Variables: Readonly<Record<string, unknown>> };
    readonly Code: { readonly S3Key?: string };
  };
}

/** Synthesizes into `outdir`. @throws Error with what the CDK wrote, where it fails */
export async function synthesize(outdir: string): Promise<void> {
  await promisify(execFile)(process.execPath, ['bin/app.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', HOME: outdir, CDK_OUTDIR: outdir },
  });
}

/** The bundle of the one function whose logical id begins with `Hardcap<name>Function`. */
export async function bundleOf(outdir: string, name: string): Promise<Bundle> {
  const template = JSON.parse(await readFile(join(outdir, TEMPLATE), 'utf8')) as {
    readonly Resources: Readonly<Record<string, FunctionResource>>;
  };
  const [, resource] =
    Object.entries(template.Resources).find(
      ([id, { Type }]) =>
        Type === 'AWS::Lambda::Function' && id.startsWith(`Hardcap${name}Function`),
    ) ?? [];
  const key = resource?.Properties.Code.S3Key;
  if (resource === undefined || key === undefined) throw new Error(`no function ${name}`);
  const variables = Object.entries(resource.Properties.Environment?.Variables ?? {});
  return {
    // The cloud assembly keeps each asset in a folder named by the hash that will name its zip.
    file: join(outdir, `asset.${key.replace('.zip', '')}`, 'index.mjs'),
    variables: Object.fromEntries(
      variables.filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    ),
  };
}
