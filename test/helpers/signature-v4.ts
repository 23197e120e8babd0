/**
 * AWS Signature Version 4 as its documentation describes it, to check the SDK's signer by.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request as a server saw it. */
export interface SignedRequest {
  readonly method: string | undefined;
  /** The path, as it stood on the wire; no query. */
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();

/** The signature that AWS computes for this request, written from its documentation alone. */
export function signatureOf(
  { method, url = '', headers, body }: SignedRequest,
  signedHeaders: string,
  signer: {
    readonly region: string;
    readonly secretAccessKey: string;
    readonly service?: string;
  },
): string {
  // Of all services but S3, each segment of the path as sent is encoded once more.
  const canonicalPath = url.split('/').map(encodeURIComponent).join('/');
  const canonicalHeaders = signedHeaders
    .split(';')
    .map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}\n`)
    .join('');
  const canonical = [method, canonicalPath, '', canonicalHeaders, signedHeaders, sha256(body)];
  const time = String(headers['x-amz-date']);
  const { region, service = 'bedrock' } = signer;
  const scope = [time.slice(0, 8), region, service, 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical.join('\n'))];
  const signingKey = scope.reduce<string | Buffer>(
    (key, part) => hmac(key, part),
    `AWS4${signer.secretAccessKey}`,
  );
  return hmac(signingKey, toSign.join('\n')).toString('hex');
}
