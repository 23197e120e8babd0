/**
 * Every relative link of the documentation leads to a file that is there, and every anchor to a
 * heading of it.
 *
 * Source: GitHub makes an anchor of a heading's text by taking what is no letter, digit, hyphen,
 *         underscore or blank away, blanks to hyphens, and a number behind one that is there already.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const markdownIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name));

const PAGES = ['.', 'docs', 'docs/decisions', 'examples', 'bench']
  .filter((folder) => existsSync(folder))
  .flatMap(markdownIn);

/** What is code is no link, and a heading within it no heading. */
const withoutCode = (text: string): string => text.replaceAll(/^(```|~~~).*?^\1/gms, '');

const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');

function anchorsIn(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const anchor = anchorOf(heading);
    let name = anchor;
    for (let copy = 1; anchors.has(name); copy += 1) name = `${anchor}-${copy}`;
    anchors.add(name);
  }
  return anchors;
}

const targetsIn = (text: string): string[] =>
  [...withoutCode(text).matchAll(/\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** What is wrong with a link of `page`; undefined where it leads somewhere. */
function faultOf(page: string, target: string): string | undefined {
  const [file = '', anchor] = target.split('#');
  const aim = file === '' ? page : path.join(path.dirname(page), decodeURIComponent(file));
  if (!existsSync(aim)) return `${target}: no such file`;
  if (anchor === undefined || !aim.endsWith('.md')) return undefined;
  return anchorsIn(readFileSync(aim, 'utf8')).has(anchor)
    ? undefined
    : `${target}: no such heading`;
}

describe('every relative link leads somewhere', () => {
  it.each(PAGES)('in %s', (page) => {
    const targets = targetsIn(readFileSync(page, 'utf8'));
    expect(targets.flatMap((target) => faultOf(page, target) ?? [])).toEqual([]);
  });
});

describe('the anchor of a heading', () => {
  it.each([
    ['The stack’s settings', 'the-stacks-settings'],
    ['12. The bill', '12-the-bill'],
    ['`cap set`, and what it asks', 'cap-set-and-what-it-asks'],
    ['[A link](to/there.md) here', 'a-link-here'],
  ])('of %j is %j', (heading, anchor) => {
    expect(anchorOf(heading)).toBe(anchor);
  });

  it('has a number where the same heading comes again', () => {
    expect([...anchorsIn('# A\n## A\n```sh\n# A\n```\n### A\n')]).toEqual(['a', 'a-1', 'a-2']);
  });
});

it('every page of docs/ is in its index', () => {
  const index = targetsIn(readFileSync('docs/README.md', 'utf8'));
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md');
  expect(pages.filter((name) => !index.some((target) => target.split('#')[0] === name))).toEqual(
    [],
  );
});
