/**
 * The path decides the operation, undecoded; the model id is decoded once.
 */
import { describe, expect, it } from 'vitest';
import { routeOf, upstreamPath } from '../../lambda/adapters/http/route.ts';
import { OPERATIONS } from '../../lambda/domain/operation.ts';

const REGIONS = ['us-east-1', 'eu-west-1'];
const route = (path: string, method = 'POST') => routeOf(method, path, REGIONS);

describe('a model path', () => {
  it.each([...OPERATIONS])('is served for %s', (operation) => {
    expect(route(`/model/a.b-v1/${operation}`)).toEqual({
      kind: 'model',
      operation,
      modelId: 'a.b-v1',
      region: 'us-east-1',
    });
  });

  it.each([
    ['/model/a.b-v1%3A0/invoke', 'a.b-v1:0'],
    ['/model/a.b-v1:0/invoke', 'a.b-v1:0'],
    ['/model/arn%3Aaws%3Abedrock%3A%3Ax%2Fy/invoke', 'arn:aws:bedrock::x/y'],
    ['/model/arn:aws:bedrock::x/y/invoke', 'arn:aws:bedrock::x/y'],
    ['//model//a/invoke', 'a'],
    // Decoded once: what was encoded twice stays encoded once.
    ['/model/a%252Fb/invoke', 'a%2Fb'],
    // The last segment is the operation, whatever the id looks like.
    ['/model/a/converse/invoke', 'a/converse'],
    ['/model/a%2Fconverse/invoke', 'a/converse'],
  ])('%s names the model %s', (path, modelId) => {
    expect(route(path)).toMatchObject({ operation: 'invoke', modelId });
  });

  it.each(['/model/%/invoke', '/model/%E0%A4%A/invoke'])(
    '%s is no percent-encoding: invalid_request',
    (path) => {
      expect(() => route(path)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    },
  );

  it.each([
    '/model//invoke',
    '/model/a/invoke/',
    '/model/a/Invoke',
    '/model/a%2Finvoke',
    '/Model/a/invoke',
    '/async-invokes',
    '/guardrail/g/apply',
    '/guardrail/g/version/1/apply/',
    '/guardrail-checks/invoke/',
    '/guardrail-checks',
    '/x/model/a/invoke',
    '/',
    '',
  ])('%s is no route', (path) => {
    expect(route(path)).toEqual({ kind: 'unknown' });
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'post'])('is not served for %s', (method) => {
    expect(route('/model/a/invoke', method)).toEqual({ kind: 'unknown' });
  });
});

describe('a guardrail', () => {
  it.each([
    ['/guardrail/g1/version/1/apply', '/guardrail/g1/version/1/apply'],
    ['//guardrail/g1/version/DRAFT/apply', '/guardrail/g1/version/DRAFT/apply'],
    [
      '/guardrail/arn:aws:bedrock:us-east-1:123456789012:guardrail%2Fg1/version/7/apply',
      '/guardrail/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aguardrail%2Fg1/version/7/apply',
    ],
  ])('%s is applied, and asked for as %s', (path, upstream) => {
    expect(route(path)).toEqual({
      kind: 'guardrail',
      operation: 'apply-guardrail',
      modelId: 'amazon.bedrock-guardrails',
      region: 'us-east-1',
      upstreamPath: upstream,
    });
  });

  it('is not needed for checks', () => {
    expect(route('/bedrock/eu-west-1/guardrail-checks/invoke')).toEqual({
      kind: 'guardrail',
      operation: 'invoke-guardrail-checks',
      modelId: 'amazon.bedrock-guardrail-checks',
      region: 'eu-west-1',
      upstreamPath: '/guardrail-checks/invoke',
    });
  });

  it.each(['..', '%2e%2e', 'g/../../x', 'G', 'g?a', '%'])(
    '"%s" names none: invalid_request',
    (id) => {
      expect(() => route(`/guardrail/${id}/version/1/apply`)).toThrow(
        expect.objectContaining({ code: 'invalid_request' }),
      );
    },
  );

  it.each(['0', 'draft', '..', '1%2F..'])('version "%s" is none: invalid_request', (version) => {
    expect(() => route(`/guardrail/g1/version/${version}/apply`)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });
});

describe('an operation that hardcap does not pass on', () => {
  it.each([
    ['POST', '/async-invoke', 'StartAsyncInvoke'],
    ['GET', '/async-invoke', 'ListAsyncInvokes'],
    ['GET', '/async-invoke/arn%3Aaws%3Ax', 'GetAsyncInvoke'],
    [
      'POST',
      '/model/a.b-v1%3A0/invoke-with-bidirectional-stream',
      'InvokeModelWithBidirectionalStream',
    ],
    ['POST', '/bedrock/no-such-region/async-invoke', 'StartAsyncInvoke'],
  ])('%s %s is %s, and is said to be', (method, path, operation) => {
    expect(route(path, method)).toMatchObject({ kind: 'unserved', operation });
  });
});

describe('a region in the path', () => {
  it('is where Bedrock is called, if it is allowed', () => {
    expect(route('/bedrock/eu-west-1/model/a/converse')).toMatchObject({ region: 'eu-west-1' });
    expect(route('//bedrock//eu-west-1//model/a/converse')).toMatchObject({ region: 'eu-west-1' });
  });

  it.each(['us-west-2', 'EU-WEST-1', 'eu-west-1.evil.example', '%65u-west-1', '..'])(
    '"%s" that is not allowed is refused',
    (region) => {
      expect(() => route(`/bedrock/${region}/model/a/converse`)).toThrow(
        expect.objectContaining({ code: 'region_not_allowed' }),
      );
    },
  );

  it('does not make another path a route', () => {
    expect(route('/bedrock/eu-west-1/healthz')).toEqual({ kind: 'unknown' });
    expect(route('/bedrock/eu-west-1')).toEqual({ kind: 'unknown' });
  });
});

describe('health', () => {
  it('is answered to GET only', () => {
    expect(route('/healthz', 'GET')).toEqual({ kind: 'health' });
    expect(route('/healthz')).toEqual({ kind: 'unknown' });
  });
});

describe('the path for Bedrock', () => {
  it.each([
    ['a.b-v1:0', '/model/a.b-v1%3A0/invoke'],
    ['arn:aws:bedrock::x/y', '/model/arn%3Aaws%3Abedrock%3A%3Ax%2Fy/invoke'],
    ['a/../../admin', '/model/a%2F..%2F..%2Fadmin/invoke'],
    ['a?b#c', '/model/a%3Fb%23c/invoke'],
  ])('encodes %s once', (modelId, path) => {
    expect(upstreamPath(modelId, 'invoke')).toBe(path);
  });
});
