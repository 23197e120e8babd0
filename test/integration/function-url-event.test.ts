/**
 * What a request becomes at the imitated Function URL: the event, or 413.
 */
import { connect as connectHttp2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { MAX_EVENT_BODY_BYTES } from '../../local/function-url-event.ts';
import {
  closeAfterEach,
  echo,
  endAnswer,
  eventOf,
  openAnswer,
  send,
  serve,
} from './function-url-fixture.ts';

closeAfterEach();

describe('the event', () => {
  it('keeps the path and the query as they were on the wire', async () => {
    const path = '/model/arn%3Aaws%3Abedrock%2Fabc%20d:1//x/invoke?a=1&b=%2F&a=2';

    const event = await eventOf({ path });

    expect(event.rawPath).toBe('/model/arn%3Aaws%3Abedrock%2Fabc%20d:1//x/invoke');
    expect(event.requestContext.http.path).toBe(event.rawPath);
    expect(event.rawQueryString).toBe('a=1&b=%2F&a=2');
    expect(event.queryStringParameters).toEqual({ a: '1,2', b: '/' });
  });

  it('lower-cases headers and joins repeated ones, also those that Node would drop', async () => {
    const headers = ['Host', 'h', 'X-Two', 'a', 'x-two', 'b', 'Authorization', '1'];

    const event = await eventOf({ headers: [...headers, 'authorization', '2'] as never });

    expect(event.headers).toMatchObject({ 'x-two': 'a,b', authorization: '1,2' });
  });

  it('says who asked, when and how, in payload 2.0', async () => {
    const event = await eventOf({ path: '/p', headers: { cookie: 'a=1; b=2', 'user-agent': 'u' } });

    expect(event).toMatchObject({ version: '2.0', routeKey: '$default', cookies: ['a=1', 'b=2'] });
    expect(event.requestContext).toMatchObject({
      accountId: 'anonymous',
      stage: '$default',
      http: { method: 'POST', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'u' },
    });
    expect(event.requestContext.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(event.requestContext.time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    expect(Math.abs(Date.now() - event.requestContext.timeEpoch)).toBeLessThan(5_000);
  });

  it.each([
    ['application/json; charset=utf-8', false],
    ['application/vnd.api+json', false],
    ['text/plain', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/x-www-form-urlencoded', false],
    ['application/octet-stream', true],
    ['application/jsonp', true],
    ['image/png', true],
    [undefined, true],
  ])('gives a body of type %s with isBase64Encoded %s', async (contentType, isBase64Encoded) => {
    const headers = contentType === undefined ? {} : { 'content-type': contentType };

    const event = await eventOf({ headers }, '{"é":1}');

    expect(event.isBase64Encoded).toBe(isBase64Encoded);
    const encoding = isBase64Encoded ? 'base64' : 'utf8';
    expect(Buffer.from(event.body ?? '', encoding).toString()).toBe('{"é":1}');
  });

  it('gives bytes that are no text as base64 even where the type says text', async () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22]);

    const event = await eventOf({ headers: { 'content-type': 'application/json' } }, bytes);

    expect(event).toMatchObject({ isBase64Encoded: true, body: bytes.toString('base64') });
  });

  it('has no body where the request has none', async () => {
    const event = await eventOf({ method: 'GET' });

    expect(event).not.toHaveProperty('body');
    expect(event.isBase64Encoded).toBe(false);
  });

  it('is the same over h2c', async () => {
    const { port } = await serve(echo);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/a%2Fb?q=1',
      'content-type': 'application/json',
      'x-two': ['a', 'b'],
    });
    stream.end('{}');

    const event: LambdaFunctionURLEvent = JSON.parse(await text(stream));
    session.close();

    expect(event).toMatchObject({ rawPath: '/a%2Fb', rawQueryString: 'q=1', body: '{}' });
    expect(event.headers).toMatchObject({ host: `127.0.0.1:${port}`, 'x-two': 'a,b' });
    expect(Object.keys(event.headers).filter((name) => name.startsWith(':'))).toEqual([]);
  });
});

describe('the 6 MB limit', () => {
  const count = async (bodyBytes: number, contentType: string) => {
    let invocations = 0;
    const { port } = await serve(async (_event, stream) => {
      invocations += 1;
      openAnswer(stream).write('ok');
      await endAnswer(stream);
    });
    const headers = { 'content-type': contentType };
    const response = await send({ port, headers }, Buffer.alloc(bodyBytes, 0x20));
    return { status: response.statusCode, body: await text(response), invocations };
  };
  const BASE64_LIMIT = (MAX_EVENT_BODY_BYTES / 4) * 3;

  it.each([
    ['text', MAX_EVENT_BODY_BYTES, 'application/json'],
    ['bytes, as base64,', BASE64_LIMIT, 'application/octet-stream'],
  ])('lets %s of exactly 6,291,456 bytes through', async (_, bodyBytes, contentType) => {
    expect(await count(bodyBytes, contentType)).toMatchObject({ status: 200, invocations: 1 });
  });

  it.each([
    ['text', MAX_EVENT_BODY_BYTES + 1, 'application/json'],
    ['bytes, as base64,', BASE64_LIMIT + 1, 'application/octet-stream'],
  ])('answers 413 without an invocation for longer %s', async (_, bodyBytes, contentType) => {
    const { status, body, invocations } = await count(bodyBytes, contentType);

    expect({ status, invocations }).toEqual({ status: 413, invocations: 0 });
    expect(JSON.parse(body)).toEqual({ Message: 'Request Entity Too Large' });
  });
});
