/**
 * Which HTTP a server takes where it is offered both: what ALPN agrees on.
 */
import { connect } from 'node:tls';

const TIMEOUT_MS = 10_000;

/**
 * `h2`, `http/1.1`, or `no protocol`.
 *
 * @param trustedCertificates to trust besides the usual ones
 * @throws Error where there is no TLS connection in 10 s
 */
export function chosenProtocol(
  { hostname, port }: URL,
  trustedCertificates?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port || '443'),
      servername: hostname,
      ALPNProtocols: ['h2', 'http/1.1'],
      ...(trustedCertificates !== undefined && { ca: trustedCertificates }),
    });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no TLS connection in 10 s')));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.alpnProtocol || 'no protocol');
      socket.destroy();
    });
  });
}
