/**
 * The models that a key may use, at their prices: read-only, nothing is reserved or sent.
 */
import type { Model } from '../domain/catalogue.ts';
import { HardcapError } from '../domain/errors.ts';
import { modelIdsIn } from '../domain/model-list.ts';
import type { SettingsView } from '../ports/settings.ts';
import { authenticate, chooseModel, coveringCaps } from './admission.ts';
import type { SpendGuardOptions, SpendGuardPorts } from './guarded-request.ts';

export interface ListingRequest {
  readonly keyText: string;
  readonly keyId: string;
  readonly region: string;
  /** One model alone; absent: all. */
  readonly modelId?: string;
  /** What the client wrote, where its door made `modelId` of it: an alias goes by this name. */
  readonly namedAs?: string;
}

/**
 * Every model that a request of this key would not be refused for: it has a price, the key may use
 * it, and a cap covers it.
 *
 * @throws HardcapError unknown_key, settings_*; for one model alone, what refuses it
 */
export async function listModels(
  { settings, clock }: SpendGuardPorts,
  options: SpendGuardOptions,
  request: ListingRequest,
): Promise<readonly Model[]> {
  const view = await settings.read(request.keyId, options.settingsMaxAgeMs);
  const nowMs = clock.nowMs();
  const key = authenticate(view, request.keyText, nowMs);
  const usable = (modelId: string, namedAs = modelId): Model => {
    const { model, subject } = chooseModel(view, key, { modelId, namedAs, region: request.region });
    coveringCaps(view, subject, options, nowMs);
    return model;
  };
  if (request.modelId !== undefined) return [usable(request.modelId, request.namedAs)];
  return usableOf(view, request.region, (modelId) => usable(modelId));
}

function usableOf(
  view: SettingsView,
  region: string,
  usable: (modelId: string) => Model,
): readonly Model[] {
  return modelIdsIn(region, view.prices).flatMap((modelId) => {
    try {
      return [usable(modelId)];
    } catch (error) {
      if (error instanceof HardcapError) return [];
      throw error;
    }
  });
}
