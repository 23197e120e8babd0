/**
 * The check of the path: whether the platform leaves its percent signs alone.
 */
import { type Check, differs, ok } from '../check.ts';
import { converse, shortly } from '../requests.ts';

export const paths: Check = {
  id: 'paths',
  section: '3',
  async run({ caller, models, region }) {
    const expected = '200 for a plain id, for %3A and for an ARN; 400 for %253A';
    const { body } = converse(models.cheap);
    const ask = (id: string) =>
      caller.call({ path: `/model/${id}/converse`, ...(body && { body }) });
    const arn = `arn:aws:bedrock:${region}::foundation-model/${models.bareCheap}`;
    const plain = await ask(models.cheap);
    const once = await ask(encodeURIComponent(models.cheap));
    const ofArn = await ask(encodeURIComponent(arn));
    const twice = await ask(encodeURIComponent(encodeURIComponent(models.cheap)));
    const seen = [plain, once, ofArn, twice].map(({ status }) => status).join(' ');
    // A region may sell the model by profile only: that Bedrock says so shows that it was found.
    const arnArrived = ofArn.status === 200 || ofArn.headers['x-amzn-requestid'] !== undefined;
    const isAsExpected =
      plain.status === 200 && once.status === 200 && arnArrived && twice.status === 400;
    if (isAsExpected) return ok(expected, seen);
    return differs(expected, seen, adviceFor(once.status, arnArrived, shortly(once)));
  },
};

function adviceFor(once: number, arnArrived: boolean, words: string): string {
  if (once !== 200) {
    return `AWS SDKs send %3A, so nothing works: do not go on (${words})`;
  }
  if (!arnArrived) return 'use ids in place of ARNs until lambda/adapters/http/route.ts is mended';
  return 'the platform decodes the path once: nothing is priced wrongly; note it in the issue';
}
