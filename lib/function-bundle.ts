/**
 * A function's code as it is deployed: its entry and what it imports, as ES modules for Node 24.
 *
 * What is imported with `import()` stays in files of its own, which are loaded when they are asked
 * for: above all the parts of the AWS SDK that a function's first request does not need.
 *
 * Invariant: the same bytes, and so the same template, wherever the project and `cdk.out` lie.
 */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
/** Reads the maps when they are needed. */
const STACKS = 'lambda/adapters/telemetry/readable-stacks.ts';

/**
 * Writes `index.mjs`, its chunks and their source maps into a folder.
 *
 * @param entry path of the file that exports `handler`, from the project's root
 */
export function bundleFunction(entry: string, folder: string): void {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    stdin: { contents: `import './${STACKS}';\nexport * from './${entry}';`, resolveDir: ROOT },
    entryNames: 'index',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Beside the code and not in it: the platform reads data faster than literals.
    loader: { '.data.json': 'copy' },
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    outExtension: { '.js': '.mjs' },
    // The paths in maps, and so the names of chunks, are those from the root, wherever it lies and
    // wherever packages are linked from. Nothing is written there.
    outdir: ROOT,
    preserveSymlinks: true,
    write: false,
    logLevel: 'warning',
  });
  for (const { path, contents } of outputFiles) {
    writeFileSync(join(folder, basename(path)), contents);
  }
}
