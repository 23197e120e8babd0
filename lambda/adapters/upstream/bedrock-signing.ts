/**
 * Where Bedrock Runtime is, and signing for it, by the parts that BedrockRuntimeClient is made of.
 *
 * That client itself, with the shapes of all its operations and its HTTP/2, is loaded only for
 * CountTokens: no request needs it to be signed, and an instance starts sooner without it.
 */
import { partition } from '@aws-sdk/core/client';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';

const SIGNING_NAME = 'bedrock';

export type Credentials = SignatureV4Init['credentials'];

/**
 * Bedrock of a region. An environment that points AWS SDKs at hardcap
 * (AWS_ENDPOINT_URL_BEDROCK_RUNTIME) must not point hardcap at itself, so none is read.
 */
export const bedrockUrl = (region: string): URL =>
  new URL(`https://bedrock-runtime.${region}.${partition(region).dnsSuffix}`);

/** @returns the signer of a region, always the same one; credentials are asked for when it signs */
export function createSigners(credentials: Credentials): (region: string) => SignatureV4 {
  const signers = new Map<string, SignatureV4>();
  return (region) => {
    const known = signers.get(region);
    if (known !== undefined) return known;
    const signer = new SignatureV4({
      service: SIGNING_NAME,
      region,
      credentials,
      sha256: Sha256,
    });
    signers.set(region, signer);
    return signer;
  };
}
