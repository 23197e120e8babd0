/**
 * Asks a target so many times over so many connections, and says how long each answer took.
 *
 * A connection asks again as soon as its answer has ended. What is not the target's is kept out of
 * the times: answers are verified only when all have come.
 */
import { Agent, request } from 'node:http';
import type { Verify } from './answers.ts';
import type { Question } from './scenarios.ts';

/** One answer's times, in milliseconds from the moment that it was asked for. */
export interface Sample {
  readonly firstByteMs: number;
  readonly lastByteMs: number;
  /** When the answer was known to be whole. */
  readonly endMs: number;
  /** Between chunks of a paced answer; empty for others. */
  readonly gapsMs: readonly number[];
}

export interface Client {
  /** @throws Error where an answer is not 200, or not the right one */
  ask(question: Question, requests: number, verify: Verify): Promise<Sample[]>;
  close(): void;
}

/** Connections to one target, which stay open between batches. */
export function createClient(
  url: string,
  connections: number,
  headers: Readonly<Record<string, string>>,
): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    ask: async (question, requests, verify) => {
      let left = requests;
      const answers: Answer[] = [];
      const connection = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          answers.push(await askOnce(agent, url, headers, question));
        }
      };
      await Promise.all(Array.from({ length: connections }, connection));
      for (const { body } of answers) verify(body);
      return answers.map(({ sample }) => sample);
    },
    close: () => agent.destroy(),
  };
}

interface Answer {
  readonly sample: Sample;
  readonly body: Buffer;
}

function askOnce(
  agent: Agent,
  url: string,
  headers: Readonly<Record<string, string>>,
  question: Question,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    const arrivals: number[] = [];
    const chunks: Buffer[] = [];
    const sent = request(url + question.path, {
      agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': question.body.length,
        ...headers,
      },
    });
    sent.on('response', (response) => {
      response.on('data', (chunk: Buffer) => {
        arrivals.push(performance.now());
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        const endMs = performance.now() - startMs;
        const body = Buffer.concat(chunks);
        if (response.statusCode === 200)
          resolve({ sample: sampleOf(startMs, arrivals, endMs, question), body });
        else reject(new Error(`${url}: ${response.statusCode} ${body.toString().slice(0, 500)}`));
      });
    });
    sent.on('error', reject);
    sent.end(question.body);
  });
}

function sampleOf(
  startMs: number,
  arrivals: readonly number[],
  endMs: number,
  { isPaced }: Question,
): Sample {
  return {
    firstByteMs: (arrivals[0] ?? startMs) - startMs,
    lastByteMs: (arrivals.at(-1) ?? startMs) - startMs,
    endMs,
    gapsMs: isPaced ? arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at)) : [],
  };
}
