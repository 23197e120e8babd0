/**
 * Rules of what is deployed, not of its sources: both functions' bundles, built by the CDK, run in
 * processes of their own on an embedded DynamoDB and a simulated Bedrock.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, type Stage } from '../../scripts/rehearse/rehearsal.ts';
import { type Bundle, bundleOf, synthesize } from '../../scripts/rehearse/synthesized-bundles.ts';
import { converse, NOVA } from '../helpers/running-gateway.ts';

let outdir: string;
let stage: Stage;
let gateway: Bundle;
let rollover: Bundle;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'hardcap-bundles-'));
  stage = await openStage();
  await synthesize(outdir);
  gateway = await bundleOf(outdir, 'Gateway');
  rollover = await bundleOf(outdir, 'Rollover');
});
afterAll(async () => {
  await stage?.close();
  await rm(outdir, { recursive: true, force: true });
});

describe('the bundles of the functions', () => {
  it('answer, stream, refuse and settle as the sources do', async () => {
    const url = await stage.serve(gateway);

    const whole = await converse(url, stage.key, 'hello [[output=7]]', { modelId: NOVA });
    const client = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: url,
      token: { token: stage.key },
      authSchemePreference: ['httpBearerAuth'],
      requestHandler: new NodeHttpHandler(),
    });
    const { stream } = await client.send(
      new ConverseStreamCommand({
        modelId: NOVA,
        messages: [{ role: 'user', content: [{ text: 'hello [[output=9]]' }] }],
        inferenceConfig: { maxTokens: 20 },
      }),
    );
    const tokens: (number | undefined)[] = [];
    for await (const event of stream ?? []) tokens.push(event.metadata?.usage?.outputTokens);
    const refused = await converse(url, stage.key, 'hello', { headers: { authorization: 'no' } });
    const report = await stage.run(rollover);

    expect(whole.status).toBe(200);
    expect(await whole.json()).toMatchObject({ usage: { outputTokens: 7 } });
    const cost = Number(whole.headers.get('x-hardcap-cost-usd'));
    expect(cost).toBeGreaterThan(0);
    expect(cost).toBeLessThan(Number(whole.headers.get('x-hardcap-reserved-usd')));
    expect(tokens.at(-1)).toBe(9);
    expect(refused.status).toBe(401);
    // The gateway's counter, on which nothing is left to expire.
    expect(report).toMatchObject({ counters: 1, expired: 0, failed: 0, complete: true });
  });

  it.each([
    ['gateway', () => gateway],
    ['rollover', () => rollover],
  ])('of the %s names places in the sources where it fails', async (name, bundle) => {
    const failure = await stage.failure(bundle());

    expect(failure).toContain('HARDCAP_SETTINGS_TABLE');
    expect(failure).toMatch(new RegExp(`lambda/${name}/environment\\.ts:\\d+`));
  });
});
