/**
 * The chunks of an answer: all of them in order, then its end or its error, and no more than asked.
 */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../lambda/adapters/upstream/answer-chunks.ts';
import { settleDown } from '../helpers/fake-ports.ts';

const MAX_WAITING_BYTES = 64 * 1_024;

const created = (highWaterMark = 1) => new Readable({ highWaterMark, read: () => undefined });
const iteratorOf = (source: Readable) => chunksOf(source)[Symbol.asyncIterator]();

async function textOf(source: Readable): Promise<string> {
  let text = '';
  for await (const chunk of chunksOf(source)) text += Buffer.from(chunk).toString();
  return text;
}

describe('chunks', () => {
  it('come in order, whether they were there before or are waited for', async () => {
    const source = created();
    source.push('a');
    const reading = textOf(source);
    await settleDown();
    source.push('b');
    source.push('c');
    await settleDown();
    source.push('d');
    source.push(null);

    expect(await reading).toBe('abcd');
  });

  it('end at once where there are none', async () => {
    const source = created();
    source.push(null);

    expect(await textOf(source)).toBe('');
  });

  it('that nobody asks for wait up to the bound; then the source is not read', async () => {
    let made = 0;
    const source = new Readable({
      highWaterMark: 1,
      read() {
        made += 1;
        this.push(made > 100 ? null : Buffer.alloc(10_000, 'x'));
      },
    });
    const iterator = iteratorOf(source);
    await settleDown();
    const madeAtFirst = made;
    let bytes = 0;
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
      bytes += step.value.byteLength;
    }

    expect(madeAtFirst * 10_000).toBeGreaterThanOrEqual(MAX_WAITING_BYTES);
    expect(madeAtFirst * 10_000).toBeLessThanOrEqual(MAX_WAITING_BYTES + 2 * 10_000);
    expect(bytes).toBe(1_000_000);
  });
});

describe('a source that breaks', () => {
  it('gives what came before, and then its error', async () => {
    const source = created();
    source.push('a');
    const iterator = iteratorOf(source);
    await settleDown();
    source.destroy(new Error('reset'));
    await settleDown();

    expect(await iterator.next()).toMatchObject({ done: false });
    await expect(iterator.next()).rejects.toThrow('reset');
  });

  it.each([
    ['before it was read', undefined],
    ['by an error before it was read', new Error('reset')],
  ])('%s throws where it is read', async (_, error) => {
    const source = created();
    source.on('error', () => undefined);
    source.destroy(error);
    await settleDown();

    await expect(textOf(source)).rejects.toThrow();
  });

  it('by being closed ends a wait for its next chunk', async () => {
    const source = created();
    const waiting = iteratorOf(source).next();
    await settleDown();
    source.destroy();

    await expect(waiting).rejects.toThrow();
  });
});

describe('a reader that stops', () => {
  it('has the source destroyed', async () => {
    const source = created();
    source.push('a');
    for await (const _ of chunksOf(source)) break;

    expect(source.destroyed).toBe(true);
  });
});
