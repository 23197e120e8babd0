/**
 * What the handler of a Lambda Function URL is given: the event (payload 2.0) and the context.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 * Not here: reading the request and writing the answer (function-url-server.ts).
 */
import { isUtf8 } from 'node:buffer';
import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import type { DualRequest } from './dual-listener.ts';

/** Bytes of the event's body as it is encoded: Lambda's payload limit. */
export const MAX_EVENT_BODY_BYTES = 6_291_456;

const FUNCTION_NAME = 'hardcap-local';
const MEMORY_MB = '1024';
const TEXTUAL =
  /^(text\/.*|application\/(json|xml|javascript|x-www-form-urlencoded|.+\+(json|xml)))$/;

/** Whether the platform passes a body of this content type on as text; all else is base64. */
export function isTextual(contentType: string | undefined): boolean {
  const mediaType = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return TEXTUAL.test(mediaType);
}

/** How many bytes of a body pass, for they are encoded in the event unless they are text. */
export const maxBodyBytes = (isText: boolean): number =>
  isText ? MAX_EVENT_BODY_BYTES : Math.floor(MAX_EVENT_BODY_BYTES / 4) * 3;

export interface ReceivedRequest {
  readonly request: DualRequest;
  /** As `joinedHeaders` has them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whether its content type is that of text. */
  readonly isText: boolean;
}

/** The event of one request. The path stays as it was on the wire, percent-encoding and all. */
export function functionUrlEvent(
  received: ReceivedRequest,
  requestId: string,
  nowMs: number,
): LambdaFunctionURLEvent {
  const { request, headers, body } = received;
  const [rawPath = '/', rawQueryString = ''] = splitUrl(request.url ?? '/');
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const cookies = headers.cookie?.split(/;\s*/).filter((cookie) => cookie !== '');
  // Bytes that are no UTF-8 cannot stand in a JSON string, whatever their content type says.
  const isText = received.isText && isUtf8(body);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookies === undefined ? {} : { cookies }),
    headers: {
      ...headers,
      'x-forwarded-for': sourceIp,
      'x-forwarded-port': String(request.socket.localPort ?? ''),
      'x-forwarded-proto': 'http',
      'x-amzn-trace-id': traceId(requestId, nowMs),
    },
    ...(rawQueryString === '' ? {} : { queryStringParameters: queryParameters(rawQueryString) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName: headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      // Most handlers do not look at it.
      get time() {
        return commonLogTime(nowMs);
      },
      timeEpoch: nowMs,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** The context of one invocation that began now and may take `timeoutMs`. */
export function invocationContext(requestId: string, timeoutMs: number): Context {
  const deadlineMs = performance.now() + timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${FUNCTION_NAME}`,
    memoryLimitInMB: MEMORY_MB,
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${FUNCTION_NAME}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadlineMs - performance.now())),
    // The type still asks for these; the runtime has none of them for a streaming handler.
    done: doNothing,
    fail: doNothing,
    succeed: doNothing,
  };
}

const doNothing = (): void => undefined;

function splitUrl(url: string): [string, string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

function queryParameters(rawQueryString: string): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    joined[name] = Object.hasOwn(joined, name) ? `${joined[name]},${value}` : value;
  }
  return joined;
}

const traceId = (requestId: string, nowMs: number): string =>
  `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)}`;

/** `23/Nov/2026:10:00:00 +0000` */
function commonLogTime(nowMs: number): string {
  const [, day, month, year, time] = new Date(nowMs).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
