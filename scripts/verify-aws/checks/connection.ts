/**
 * Checks of the connection itself: which HTTP the address speaks, and whose clock is right.
 */
import { connect as connectHttp2 } from 'node:http2';
import { chosenProtocol } from '../../../bin/commands/doctor/chosen-protocol.ts';
import { type Check, differs, ok, onlyOnAws, type Scene } from '../check.ts';
import { shortly } from '../requests.ts';

const TIMEOUT_MS = 10_000;

export const httpVersion: Check = {
  id: 'http-version',
  section: '1',
  async run(scene) {
    const expected = 'http/1.1 or h2 by ALPN, and a 200 by what was chosen';
    const { url } = scene.caller;
    if (url.protocol !== 'https:') {
      const status = await statusByHttp2(scene);
      const seen = status === 200 ? 'no TLS; h2c answers 200' : `no TLS; h2c: ${status}`;
      return onlyOnAws(expected, seen);
    }
    const chosen = await chosenProtocol(url, scene.trustedCertificates);
    if (chosen === 'h2') {
      const status = await statusByHttp2(scene);
      if (status === 200 || isIamRefusal(scene, status)) {
        return ok(
          expected,
          `h2, and it answers ${status}: the JavaScript SDK needs no NodeHttpHandler`,
        );
      }
      return differs(
        expected,
        `h2 is offered but answers ${status}`,
        'keep NodeHttpHandler in the JavaScript SDK, and report it',
      );
    }
    const answer = await scene.caller.call({ path: '/healthz', method: 'GET', isFree: true });
    if (answer.status !== 200) {
      return differs(expected, `${chosen}: ${shortly(answer)}`, 'is this the GatewayUrl?');
    }
    return ok(expected, `${chosen}: the JavaScript SDK needs its NodeHttpHandler`);
  },
};

/** An unsigned request where the URL asks for a signature: it has been answered all the same. */
const isIamRefusal = ({ authType }: Scene, status: number | string): boolean =>
  authType === 'iam' && status === 403;

/** The status of `/healthz` over HTTP/2, or what went wrong. */
function statusByHttp2({ caller, trustedCertificates }: Scene): Promise<number | string> {
  return new Promise((resolve) => {
    const session = connectHttp2(caller.url.origin, {
      ...(trustedCertificates && { ca: trustedCertificates }),
    });
    const end = (seen: number | string) => {
      resolve(seen);
      session.destroy();
    };
    session.on('error', (error: Error) => end(error.message));
    const stream = session.request({ ':path': '/healthz' });
    stream.setTimeout(TIMEOUT_MS, () => end('no answer in 10 s'));
    stream.on('error', (error: Error) => end(error.message));
    stream.on('response', (headers) => end(Number(headers[':status'])));
    stream.on('close', () => end('the stream was closed'));
  });
}

const MAX_SKEW_MS = 60_000;

export const clock: Check = {
  id: 'clock',
  section: '-',
  async run({ caller }) {
    const expected = 'the Date of an answer is within 60 s of this machine';
    const answer = await caller.call({ path: '/healthz', method: 'GET', isFree: true });
    const dateMs = Date.parse(answer.headers.date ?? '');
    if (Number.isNaN(dateMs)) {
      return differs(expected, `no Date: ${shortly(answer)}`, 'is this the GatewayUrl?');
    }
    const skewMs = dateMs - Date.now();
    const seen = `${(skewMs / 1000).toFixed(1)} s apart`;
    if (Math.abs(skewMs) <= MAX_SKEW_MS) return ok(expected, seen);
    return differs(expected, seen, "set this machine's clock: signatures and windows go by it");
  },
};
