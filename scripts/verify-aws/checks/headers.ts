/**
 * Checks of the headers: what comes back through a Function URL, and which key goes in.
 */
import { type Check, differs, type Finding, ok, type Scene } from '../check.ts';
import { invokeClaude, invokeNova, jsonOf, shortly } from '../requests.ts';

const remapped = (headers: Readonly<Record<string, string>>): string[] =>
  Object.keys(headers).filter((name) => name.startsWith('x-amzn-remapped-'));

const UNKNOWN_KEY = 'UnrecognizedClientException';

export const errorHeaders: Check = {
  id: 'error-headers',
  section: '2',
  async run({ caller, models }) {
    const expected = `401 with x-amzn-errortype and __type ${UNKNOWN_KEY}`;
    const call = invokeNova(models.cheap);
    // Where IAM signs, Authorization is its own: garbage goes where the key goes.
    const answer = await caller.call({
      ...call,
      key: 'none',
      headers: { 'x-hardcap-key': 'none' },
      isFree: true,
    });
    const type = answer.headers['x-amzn-errortype'];
    const seen = [
      `${answer.status}`,
      `x-amzn-errortype ${type ?? 'missing'}`,
      `__type ${jsonOf(answer.body).__type ?? 'missing'}`,
      ...remapped(answer.headers),
    ].join(', ');
    const hasBoth = type === UNKNOWN_KEY && jsonOf(answer.body).__type === UNKNOWN_KEY;
    if (answer.status === 401 && hasBoth && remapped(answer.headers).length === 0) {
      return ok(expected, seen);
    }
    return differs(
      expected,
      seen,
      type === undefined || type === UNKNOWN_KEY
        ? 'SDKs still read __type in the body: run one and see the class of its error'
        : 'SDKs raise the wrong class: report it, and compare messages until it is mended',
    );
  },
};

/** Bedrock's of an InvokeModel, hardcap's of every answer. */
const ANSWER_HEADERS = [
  'x-amzn-requestid',
  'x-amzn-bedrock-input-token-count',
  'x-amzn-bedrock-output-token-count',
  'x-hardcap-request-id',
  'x-hardcap-reserved-usd',
  'x-hardcap-cost-usd',
  'x-hardcap-cap',
  'x-hardcap-remaining-usd',
  'server-timing',
];

export const answerHeaders: Check = {
  id: 'answer-headers',
  section: '2',
  async run({ caller, models }) {
    const expected = 'the token counts of Bedrock, x-hardcap-* and Server-Timing arrive';
    const answer = await caller.call(invokeNova(models.cheap));
    if (answer.status !== 200) return differs(expected, shortly(answer), MODEL_ACCESS);
    const missing = ANSWER_HEADERS.filter((name) => answer.headers[name] === undefined);
    const renamed = remapped(answer.headers);
    const trailers = answer.trailers.length > 0 ? `; trailers ${answer.trailers.join(', ')}` : '';
    if (missing.length === 0 && renamed.length === 0) {
      return ok(expected, `all ${ANSWER_HEADERS.length}${trailers}`);
    }
    return differs(
      expected,
      `missing: ${missing.join(', ') || 'none'}; remapped: ${renamed.join(', ') || 'none'}`,
      'programs that read these do not see them; report which are missing',
    );
  },
};

export const MODEL_ACCESS = 'enable access to the model in the Bedrock console, or see `role`';

export const metadata: Check = {
  id: 'metadata',
  section: '16',
  async run({ caller, models }) {
    const expected = 'InvokeModel takes the header with request metadata: 200';
    const answer = await caller.call(invokeClaude(models.claude));
    if (answer.status === 200) return ok(expected, '200');
    return differs(
      expected,
      shortly(answer),
      answer.status === 400 ? 'deploy with -c upstreamMetadata=none, and compare' : MODEL_ACCESS,
    );
  },
};

/** AWS's own example of an access key; nothing is signed by it that would be checked. */
const SOME_SIGNATURE =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/bedrock/aws4_request, ' +
  'SignedHeaders=host, Signature=0000000000000000000000000000000000000000000000000000000000000000';

export const authorization: Check = {
  id: 'authorization',
  section: '4',
  run: (scene) => (scene.authType === 'iam' ? byIam(scene) : byKey(scene)),
};

async function byKey({ caller, models }: Scene): Promise<Finding> {
  const expected = '200 by Bearer, by x-api-key, and by x-hardcap-key beside a signature';
  const call = invokeNova(models.cheap);
  const bearer = await caller.call(call);
  const apiKey = await caller.call({ ...call, key: 'x-api-key' });
  const beside = await caller.call({
    ...call,
    key: 'x-hardcap-key',
    headers: { authorization: SOME_SIGNATURE },
  });
  const seen = [bearer, apiKey, beside].map(shortly).join(' / ');
  if ([bearer, apiKey, beside].every(({ status }) => status === 200)) return ok(expected, seen);
  return differs(
    expected,
    seen,
    bearer.status === 403
      ? "the URL's permissions are missing: see `function`"
      : 'where Bearer fails, send x-api-key, and tell users of AWS SDKs to wait',
  );
}

async function byIam({ caller, models }: Scene): Promise<Finding> {
  const expected = '200 when signed for lambda, 403 when not; the key is in x-hardcap-key';
  const call = invokeNova(models.cheap);
  const signed = await caller.call(call);
  const unsigned = await caller.call({ ...call, key: 'x-hardcap-key', isUnsigned: true });
  const seen = [signed, unsigned].map(shortly).join(' / ');
  if (signed.status === 200 && unsigned.status === 403) return ok(expected, seen);
  return differs(
    expected,
    seen,
    unsigned.status === 200
      ? 'the URL lets everybody in: deploy with -c authType=iam again'
      : 'may these credentials call lambda:InvokeFunctionUrl and lambda:InvokeFunction?',
  );
}
