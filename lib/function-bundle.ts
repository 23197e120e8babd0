/**
 * A function's code as it is deployed: its entry and what it imports, as ES modules for Node 24.
 *
 * What is imported with `import()` stays in files of its own, which are loaded when they are asked
 * for: above all the parts of the AWS SDK that a function's first request does not need.
 *
 * Invariant: the same bytes, and so the same template, wherever the project and `cdk.out` lie.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, type BuildResult, buildSync } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
/** Reads the maps when they are needed. */
const STACKS = 'lambda/adapters/telemetry/readable-stacks.ts';
/** Stands for a module of Node that takes long to load. */
const WEB_STREAMS = 'lambda/adapters/http/web-streams.ts';

/**
 * Packages that no first request of the gateway needs: those that a function imports are bundled
 * apart, with copies of what they share with it. In one bundle, the code that they share would hold
 * what any of them needs, and all of it would be loaded at the start.
 */
const LATER = [
  '@aws-sdk/client-bedrock',
  '@aws-sdk/client-bedrock-runtime',
  '@aws-sdk/credential-provider-http',
  '@aws-sdk/credential-provider-ini',
  '@aws-sdk/credential-provider-process',
  '@aws-sdk/credential-provider-sso',
  '@aws-sdk/credential-provider-web-identity',
  '@smithy/credential-provider-imds',
];
const LATER_FOLDER = 'later';
const laterFile = (name: string): string =>
  `./${LATER_FOLDER}/${name.slice(1).replaceAll('/', '-')}.mjs`;

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  mainFields: ['module', 'main'],
  minify: true,
  outExtension: { '.js': '.mjs' },
  // The paths in maps, and so the names of chunks, are those from the root, wherever it lies and
  // wherever packages are linked from. Nothing is written there.
  outdir: ROOT,
  preserveSymlinks: true,
  write: false,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Writes `index.mjs`, its chunks and their source maps into a folder.
 *
 * @param entry path of the file that exports `handler`, from the project's root
 */
export function bundleFunction(entry: string, folder: string): void {
  const main = buildSync({
    ...OPTIONS,
    stdin: { contents: `import './${STACKS}';\nexport * from './${entry}';`, resolveDir: ROOT },
    entryNames: 'index',
    // Beside the code and not in it: the platform reads data faster than literals.
    loader: { '.data.json': 'copy' },
    sourcemap: true,
    sourcesContent: false,
    alias: {
      ...Object.fromEntries(LATER.map((name) => [name, laterFile(name)])),
      'node:stream/web': `./${WEB_STREAMS}`,
    },
    external: LATER.map(laterFile),
    metafile: true,
  });
  writeOutputs(main.outputFiles, folder);
  const imports = Object.values(main.metafile.outputs).flatMap((output) => output.imports);
  const imported = new Set(imports.map(({ path }) => path));
  const later = LATER.filter((name) => imported.has(laterFile(name)));
  const packages = buildSync({
    ...OPTIONS,
    entryPoints: later.map((name) => ({ in: name, out: laterFile(name).replace('.mjs', '') })),
    chunkNames: `${LATER_FOLDER}/[name]-[hash]`,
  });
  writeOutputs(packages.outputFiles, folder);
}

function writeOutputs(files: NonNullable<BuildResult['outputFiles']>, folder: string): void {
  for (const { path, contents } of files) {
    const file = join(folder, relative(ROOT, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
}
