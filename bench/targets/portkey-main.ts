/**
 * The public gateway as a program: its own start script, kept to 127.0.0.1 and to a free port.
 */
import { type AddressInfo, Server } from 'node:net';
import { pathToFileURL } from 'node:url';
import { serveControl } from '../control.ts';

const { listen } = Server.prototype;

// Its script can be given a port but no address, and would listen on all of them.
Server.prototype.listen = function listenHere(this: Server): Server {
  this.once('listening', () => {
    serveControl(`http://127.0.0.1:${(this.address() as AddressInfo).port}`);
  });
  return Reflect.apply(listen, this, [0, '127.0.0.1']);
} as typeof listen;

process.argv.push('--headless');
await import(pathToFileURL(process.env.BENCH_SCRIPT ?? '').href);
