/**
 * Writes the paths in a bundle's source map from the project's root: `lambda/...`,
 * `node_modules/...`.
 *
 * esbuild writes them from the bundle's folder, so that the bundle's hash, and with it the
 * template, would change with the place of `cdk.out` and of the checkout. `cdk diff` is to show changes only.
 *
 * Usage: node relative-source-map.mjs <map file> <root>
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';

const [mapFile, root] = process.argv.slice(2);
const PACKAGES = '/node_modules/';

/** Packages may be linked from elsewhere: what counts is the path within them. */
const fromRoot = (source) => {
  const path = resolve(dirname(mapFile), source).split(sep).join('/');
  const packages = path.indexOf(PACKAGES);
  return packages >= 0 ? path.slice(packages + 1) : relative(root, path).split(sep).join('/');
};

const map = JSON.parse(readFileSync(mapFile, 'utf8'));
writeFileSync(mapFile, JSON.stringify({ ...map, sources: map.sources.map(fromRoot) }));
