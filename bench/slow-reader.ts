/**
 * How much memory a client costs that asks for 64 MB and does not read them.
 *
 * It stands still until all buffers are full, then reads on to the end, and every byte is checked.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { floodFrames } from './answers.ts';
import type { Program } from './programs.ts';
import { FLOOD } from './scenarios.ts';

/** Long enough for a gateway that does not hold back to have taken all of it. */
export const STANDSTILL_MS = 700;

/**
 * Bytes by which the program's resident memory has grown while the client stood still.
 *
 * @throws Error where an answer is not 200, or not the right one
 */
export async function slowReaderGrowth(
  program: Program,
  url: string,
  headers: Readonly<Record<string, string>>,
  standstillMs: number,
): Promise<number> {
  const before = await program.measure(true);
  const sent = request(url + FLOOD.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  });
  sent.end(FLOOD.body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`);
  await sleep(standstillMs);
  const after = await program.measure(true);
  let sum = 0;
  for await (const chunk of response) sum = crc32(chunk, sum);
  if (sum !== floodSum()) throw new Error(`${url}: what was read slowly is another answer`);
  return after.residentBytes - before.residentBytes;
}

function floodSum(): number {
  let sum = 0;
  for (const frame of floodFrames()) sum = crc32(frame, sum);
  return sum;
}
