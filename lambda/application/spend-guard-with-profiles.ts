/**
 * A spend guard that knows application inference profiles: it asks which model such an ARN stands
 * for before anything is decided, and hands on the request with the answer.
 *
 * Invariant: an ordinary id passes at once; nobody without a valid key makes Bedrock be asked.
 * Not here:  what the model costs (domain/catalogue.ts).
 */
import { HardcapError } from '../domain/errors.ts';
import { isApplicationProfile, notPriced, regionOfArn } from '../domain/model-id.ts';
import { modelOfProfile } from '../domain/profile-model.ts';
import type { Clock } from '../ports/clock.ts';
import type { ProfileAnswer, ProfileDirectory } from '../ports/profile-directory.ts';
import type { Settings, SettingsView } from '../ports/settings.ts';
import { authenticate } from './admission.ts';
import type { GuardedRequest } from './guarded-request.ts';
import type { SpendGuard } from './spend-guard.ts';

export interface ProfilePorts {
  readonly profiles: ProfileDirectory;
  readonly settings: Settings;
  readonly clock: Clock;
}

/** `settingsMaxAgeMs` is that of the guard: a key is looked at by settings of the same age. */
export function withProfiles(
  guard: SpendGuard,
  ports: ProfilePorts,
  settingsMaxAgeMs: number,
): SpendGuard {
  return {
    ...guard,
    handle: (request) =>
      isApplicationProfile(request.modelId)
        ? resolved(ports, request, settingsMaxAgeMs).then(guard.handle)
        : guard.handle(request),
    handleFree: (request, body) =>
      isApplicationProfile(request.modelId)
        ? resolved(ports, request, settingsMaxAgeMs).then((asked) => guard.handleFree(asked, body))
        : guard.handleFree(request, body),
  };
}

/** @throws HardcapError unknown_key, settings_*, model_not_priced, model_unresolved */
async function resolved(
  ports: ProfilePorts,
  request: GuardedRequest,
  maxAgeMs: number,
): Promise<GuardedRequest> {
  const { profiles, settings, clock } = ports;
  const { modelId, region, keyId, keyText } = request;
  refuseOtherRegion(modelId, region);
  if (isDescribed(settings.peek(keyId), modelId)) return request;
  const atHand = profiles.peek(modelId);
  if (atHand !== undefined) return withAnswer(request, atHand);
  const view = await settings.read(keyId, maxAgeMs);
  authenticate(view, keyText, clock.nowMs());
  if (isDescribed(view, modelId)) return request;
  return withAnswer(request, await profiles.lookUp(modelId, region));
}

/** Bedrock serves a profile in its own region alone; another is not asked. */
function refuseOtherRegion(arn: string, region: string): void {
  const named = regionOfArn(arn);
  if (named === region) return;
  throw notPriced(arn, `this ARN is of the region ${named}, but ${region} is called`);
}

/** Whether an operator's price says how to read and bound exactly this ARN. */
function isDescribed(view: SettingsView | undefined, arn: string): boolean {
  const price = view?.prices.get(arn);
  return price !== undefined && !('problem' in price) && price.model !== undefined;
}

function withAnswer(request: GuardedRequest, answer: ProfileAnswer): GuardedRequest {
  const { modelId } = request;
  switch (answer.kind) {
    case 'found':
      return { ...request, profile: modelOfProfile(modelId, answer.modelArns) };
    case 'unknown':
      throw notPriced(
        modelId,
        `Bedrock does not tell which model this profile is of (${answer.problem}); see that it ` +
          'exists in this account and region, or ask for the model that it was made from',
      );
    case 'unavailable':
      throw new HardcapError(
        'model_unresolved',
        'model_unresolved: Bedrock could not be asked which model this profile is of ' +
          `(${answer.problem}); nothing is charged: try again`,
      );
  }
}
