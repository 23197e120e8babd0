/**
 * Which failures are certain to have come before the request: only those release.
 */
import { EventEmitter } from 'node:events';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  isCertainlyNotSent,
  noteEarlyErrors,
} from '../../lambda/adapters/upstream/send-failure.ts';

const failure = (message: string, rest: object = {}) => Object.assign(new Error(message), rest);

/** A connection of an agent whose errors are noted. */
function connection(readyEvent: 'connect' | 'secureConnect'): Duplex {
  const socket = new Duplex({ read() {} });
  const agent = new Agent();
  agent.createConnection = () => socket;
  noteEarlyErrors(agent, readyEvent);
  const created = agent.createConnection({}, () => undefined);
  if (created !== socket) throw new Error('the connection is not passed on');
  return socket;
}

/** Errors that could come at any time: only when they came tells what they mean. */
const ERRORS = [
  ['a refused connection', failure('x', { code: 'ECONNREFUSED', syscall: 'connect' })],
  ['a name that is not known', failure('x', { code: 'ENOTFOUND', syscall: 'getaddrinfo' })],
  ['a certificate that has expired', failure('x', { code: 'CERT_HAS_EXPIRED' })],
  ['a broken TLS record', failure('x', { code: 'EPROTO', syscall: 'write' })],
  ['a reset', failure('read ECONNRESET', { code: 'ECONNRESET', syscall: 'read' })],
  ['every address refused', new AggregateError([failure('x')], 'x')],
] as const;

describe('an error of a connection', () => {
  it.each(ERRORS)('before it was ready is certain: %s', (_, error) => {
    connection('secureConnect').emit('error', error);

    expect(isCertainlyNotSent(error)).toBe(true);
  });

  it('between TCP and TLS is certain too: no request is sent before TLS stands', () => {
    const socket = connection('secureConnect');
    const error = failure('x', { code: 'ECONNRESET' });

    socket.emit('connect');
    socket.emit('error', error);

    expect(isCertainlyNotSent(error)).toBe(true);
  });

  it.each(['connect', 'secureConnect'] as const)('after %s says nothing', (readyEvent) => {
    const socket = connection(readyEvent);
    const error = failure('x', { code: 'ECONNRESET' });

    socket.emit(readyEvent);
    socket.emit('error', error);

    expect(isCertainlyNotSent(error)).toBe(false);
  });
});

describe('an error that no connection reported', () => {
  it('is certain where the handler gave up connecting', () => {
    const message =
      '@smithy/node-http-handler - the request socket did not establish a connection with the ' +
      'server within the configured timeout of 3000 ms.';

    expect(isCertainlyNotSent(failure(message, { name: 'TimeoutError' }))).toBe(true);
  });

  it.each([
    [
      'silence after the request',
      failure('the request socket timed out after 1000 ms of inactivity'),
    ],
    ['an older time-out of silence', failure('Connection timed out after 1000 ms')],
    ['an abort', failure('Request aborted', { name: 'AbortError' })],
    ['a connection that hung up', failure('socket hang up', { code: 'ECONNRESET' })],
    ['an answer that is no HTTP', failure('Parse Error', { code: 'HPE_INVALID_CONSTANT' })],
    ['a code that a connection could report', failure('x', { code: 'CERT_HAS_EXPIRED' })],
    ['an emitter', new EventEmitter()],
    ['a text', 'did not establish a connection'],
    ['null', null],
    ['nothing', undefined],
  ])('is not certain otherwise: %s', (_, error) => {
    expect(isCertainlyNotSent(error)).toBe(false);
  });
});
