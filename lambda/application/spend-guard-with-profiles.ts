/**
 * A spend guard that knows application inference profiles: it asks which model such an ARN stands
 * for before anything is decided, and hands on the request with the answer.
 *
 * Such an ARN may be asked for by an operator's alias, too.
 * Invariant: an ordinary id passes at once; nobody without a valid key makes Bedrock be asked.
 * Not here:  what the model costs (domain/catalogue.ts).
 */
import { isKnownModelId } from '../domain/catalogue.ts';
import { HardcapError } from '../domain/errors.ts';
import { isApplicationProfile, notPriced, regionOfArn } from '../domain/model-id.ts';
import { modelOfProfile } from '../domain/profile-model.ts';
import type { Clock } from '../ports/clock.ts';
import type { ProfileAnswer, ProfileDirectory } from '../ports/profile-directory.ts';
import type { Settings, SettingsView } from '../ports/settings.ts';
import { authenticate, modelIdOf } from './admission.ts';
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
    handle: async (request) => guard.handle(await resolved(ports, request, settingsMaxAgeMs)),
    handleFree: async (request, body) =>
      guard.handleFree(await resolved(ports, request, settingsMaxAgeMs), body),
  };
}

/** What an id by which an operator may name nothing looks like: a foundation model's, or its ARN. */
const isPlainId = ({ namedAs, modelId }: GuardedRequest): boolean =>
  namedAs === undefined && (isApplicationProfile(modelId) || isKnownModelId(modelId));

/**
 * The ARN of an application inference profile that is asked for, by itself or by an alias;
 * undefined where none is. A name that is no id costs a first reading of the settings to be known,
 * which the guard would make as well.
 */
async function profileArnOf(
  { settings }: ProfilePorts,
  request: GuardedRequest,
  maxAgeMs: number,
): Promise<string | undefined> {
  const { modelId, keyId } = request;
  if (isPlainId(request)) return isApplicationProfile(modelId) ? modelId : undefined;
  const view = settings.peek(keyId) ?? (await settings.read(keyId, maxAgeMs));
  try {
    const aliased = modelIdOf(view, request);
    return isApplicationProfile(aliased) ? aliased : undefined;
  } catch {
    // The guard meets it again, and tells it only to whom presents a key.
    return undefined;
  }
}

/** @throws HardcapError unknown_key, settings_*, model_not_priced, model_unresolved */
async function resolved(
  ports: ProfilePorts,
  request: GuardedRequest,
  maxAgeMs: number,
): Promise<GuardedRequest> {
  const { profiles, settings, clock } = ports;
  const { region, keyId, keyText } = request;
  const arn = await profileArnOf(ports, request, maxAgeMs);
  if (arn === undefined) return request;
  refuseOtherRegion(arn, region);
  if (isDescribed(settings.peek(keyId), arn)) return request;
  const atHand = profiles.peek(arn);
  if (atHand !== undefined) return withAnswer(request, arn, atHand);
  const view = await settings.read(keyId, maxAgeMs);
  authenticate(view, keyText, clock.nowMs());
  if (isDescribed(view, arn)) return request;
  return withAnswer(request, arn, await profiles.lookUp(arn, region));
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

function withAnswer(request: GuardedRequest, arn: string, answer: ProfileAnswer): GuardedRequest {
  switch (answer.kind) {
    case 'found':
      return { ...request, profileArn: arn, profile: modelOfProfile(arn, answer.modelArns) };
    case 'unknown':
      throw notPriced(
        arn,
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
