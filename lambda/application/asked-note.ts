/**
 * What the journal keeps of how a request was asked for: the caller's name of the model, its tags.
 */
import type { RequestTags } from '../domain/request-tags.ts';

/** The name only where it is not the model's id, the tags only where there are some. */
export const askedNote = (
  modelId: string,
  askedModel: string | undefined,
  requestTags: RequestTags = {},
) => ({
  ...(askedModel !== undefined && askedModel !== modelId && { askedModel }),
  ...(Object.keys(requestTags).length > 0 && { requestTags }),
});
