/**
 * Rules of where Bedrock is: as the SDK's own client would find it, whatever the environment says.
 */
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bedrockUrl } from '../../lambda/adapters/upstream/bedrock-signing.ts';

afterEach(() => vi.unstubAllEnvs());

describe('the URL of Bedrock', () => {
  it.each([
    'us-east-1',
    'eu-central-2',
    'ap-southeast-7',
    'us-gov-west-1',
    'cn-north-1',
    'us-iso-east-1',
    'eusc-de-east-1',
    'us-nowhere-9',
  ])('of %s is the one that the rules of the SDK give', (region) => {
    vi.stubEnv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'https://hardcap.example.com');
    const { config } = new BedrockRuntimeClient({ region });

    const { url } = config.endpointProvider({
      Region: region,
      UseFIPS: false,
      UseDualStack: false,
    });

    expect(bedrockUrl(region).href).toBe(url.href);
  });
});
