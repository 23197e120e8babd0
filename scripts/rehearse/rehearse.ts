/**
 * `npm run rehearse`: synthesizes the app, and runs the bundles of gateway and rollover here.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStage, type Stage } from './rehearsal.ts';
import { bundleOf, synthesize } from './synthesized-bundles.ts';

const MODEL = 'us.amazon.nova-micro-v1:0';

async function ask(url: string, key: string, operation: string): Promise<void> {
  const answer = await fetch(`${url}/model/${encodeURIComponent(MODEL)}/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      messages: [{ role: 'user', content: [{ text: 'Say hello.' }] }],
      inferenceConfig: { maxTokens: 20 },
    }),
  });
  const { byteLength } = await answer.arrayBuffer();
  const reserved = answer.headers.get('x-hardcap-reserved-usd');
  process.stdout.write(
    `gateway  ${operation}: ${answer.status}, ${byteLength} bytes, reserved $${reserved}\n`,
  );
  if (answer.status !== 200) process.exitCode = 1;
}

async function rehearse(stage: Stage, outdir: string): Promise<void> {
  await synthesize(outdir);
  const url = await stage.serve(await bundleOf(outdir, 'Gateway'));
  await ask(url, stage.key, 'converse');
  await ask(url, stage.key, 'converse-stream');
  const report = await stage.run(await bundleOf(outdir, 'Rollover'));
  process.stdout.write(`rollover ${JSON.stringify(report)}\n`);
}

const outdir = await mkdtemp(join(tmpdir(), 'hardcap-rehearsal-'));
const stage = await openStage();
try {
  await rehearse(stage, outdir);
} finally {
  await stage.close();
  await rm(outdir, { recursive: true, force: true });
}
