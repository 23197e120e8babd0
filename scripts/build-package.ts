/**
 * Builds what `npm pack` ships: the command line as one file, and the licences of all that is in it.
 *
 * The sources are TypeScript, which Node runs by leaving the types out; it refuses to do so inside
 * node_modules. So the package is a bundle, and needs no other package.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.join(import.meta.dirname, '..');
const OUT = path.join(ROOT, 'dist');
const BUNDLE = 'hardcap.mjs';
const LICENCES = 'THIRD-PARTY.txt';

/** The oldest Node that `engines` of package.json allows. */
const TARGET = 'node20';

/** Packages of CommonJS ask for Node's modules by `require`, which a module does not have. */
const REQUIRE =
  "import { createRequire as createRequireOfPackage } from 'node:module';\n" +
  'const require = createRequireOfPackage(import.meta.url);';

/** The folder of the package that a bundled file is of; undefined for a file of ours. */
const packageFolder = (file: string): string | undefined =>
  /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];

/** Bundles the command line; gives the folders of the packages in it. */
async function bundle(): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['bin/hardcap.ts'],
    outfile: path.join(OUT, BUNDLE),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: TARGET,
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
    // Names stay, so that the trace of an error can be read and told.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const folders = Object.keys(metafile.inputs).map(packageFolder);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

interface Licence {
  /** `name version (licence)` of each package that comes under this text. */
  readonly packages: string[];
  readonly text: string;
}

const NO_TEXT = 'The package comes with no text of its licence; the one that it names holds.';
const IS_LICENCE = /^(licen[cs]e|copying|notice)/i;

function licenceOf(folder: string): { readonly title: string; readonly text: string } {
  const { name, version, license } = JSON.parse(
    readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'),
  );
  if (typeof license !== 'string') {
    throw new Error(`${folder}/package.json names no licence: find out, before it is shipped`);
  }
  const texts = readdirSync(path.join(ROOT, folder))
    .filter((file) => IS_LICENCE.test(file))
    .sort()
    .map((file) => readFileSync(path.join(ROOT, folder, file), 'utf8').trim());
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') || NO_TEXT };
}

/** Every licence once, under the names of the packages that it holds for. */
function licencesText(folders: readonly string[]): string {
  const licences = new Map<string, Licence>();
  for (const folder of folders) {
    const { title, text } = licenceOf(folder);
    const licence = licences.get(text) ?? { packages: [], text };
    if (!licence.packages.includes(title)) licence.packages.push(title);
    licences.set(text, licence);
  }
  const parts = [...licences.values()].map(
    ({ packages, text }) => `${packages.join('\n')}\n\n${text}`,
  );
  return `${BUNDLE} contains parts of these packages.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
writeFileSync(path.join(OUT, LICENCES), licencesText(await bundle()));
