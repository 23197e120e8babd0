/**
 * The gateway's own code from door to reserve, on a ledger that only reads: what it would answer.
 *
 * Invariant: nothing is reserved, written or sent. The caller's secret is not needed, and not known:
 *            the key's hash is taken to be that of a key which is made up here.
 */

import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createHttpGateway } from '../../lambda/adapters/http/gateway.ts';
import { createReadOnlyLedger } from '../../lambda/adapters/ledger/read-only-ledger.ts';
import { createBedrockProfiles } from '../../lambda/adapters/models/bedrock-profiles.ts';
import { createDynamoSettings } from '../../lambda/adapters/settings/dynamo-settings.ts';
import type { SpendGuardPorts } from '../../lambda/application/guarded-request.ts';
import { createRehearsal, type Rehearsed } from '../../lambda/application/rehearsal.ts';
import { withProfiles } from '../../lambda/application/spend-guard-with-profiles.ts';
import { formatKey, hashKey } from '../../lambda/domain/caller-key.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { WindowClock } from '../../lambda/domain/window.ts';
import type { GatewayEnvironment } from '../../lambda/gateway/environment.ts';
import type { ProfileDirectory } from '../../lambda/ports/profile-directory.ts';
import type { Settings, SettingsView } from '../../lambda/ports/settings.ts';
import type { Telemetry } from '../../lambda/ports/telemetry.ts';
import type { Connection } from './connection.ts';

/** A request as it would come in, but for its key. */
export interface ImaginedRequest {
  readonly keyId: string;
  readonly path: string;
  /** By lower-cased name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What the gateway would answer, and what it found on the way. */
export interface ImaginedAnswer extends Rehearsed {
  /** Of an admitted request nothing is known of it but its headers. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** People wait for a sign-in or a far region; a request of the gateway does not. */
const TIMEOUT_MS = 20_000;
const REQUEST_ID = 'explain';
const SECRET_CHARACTERS = 43;
/** As long as the function's own. */
const DEADLINE_MS = 900_000;
const MAX_ANSWER_BYTES = 1;

/** Of one key, whose secret is taken to be this one. */
function settingsWithKey(settings: Settings, keyText: string): Settings {
  const withHash = (view: SettingsView): SettingsView =>
    view.key === undefined || 'problem' in view.key
      ? view
      : { ...view, key: { ...view.key, secretSha256: hashKey(keyText) } };
  return {
    peek: (keyId) => {
      const view = settings.peek(keyId);
      return view === undefined ? undefined : withHash(view);
    },
    read: async (keyId, maxAgeMs) => withHash(await settings.read(keyId, maxAgeMs)),
  };
}

const SILENT: Telemetry = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  count: () => undefined,
  describe: () => undefined,
  flush: () => undefined,
};

/** A local gateway's simulated Bedrock has made its profiles up, and no other process knows them. */
const NO_PROFILES: ProfileDirectory = {
  peek: () => undefined,
  lookUp: async () => ({ kind: 'unavailable', problem: 'explain asks no local gateway' }),
};

/** Imagines one request. Never rejects for what the request is refused for. */
export async function imagine(
  connection: Connection,
  environment: GatewayEnvironment,
  request: ImaginedRequest,
): Promise<ImaginedAnswer> {
  const keyText = formatKey(request.keyId, 'A'.repeat(SECRET_CHARACTERS));
  const { client } = connection;
  const clock = systemClock;
  const settings = settingsWithKey(readSettings(connection), keyText);
  const { ledgerTable: tableName, maxInFlight, regions, overCapStatus } = environment;
  const ledger = createReadOnlyLedger({
    dynamo: documentCalls(client),
    tableName,
    clock,
    maxInFlight,
  });
  const ports: SpendGuardPorts = { ledger, settings, upstream: UNUSED, clock, telemetry: SILENT };
  const { guard, rehearsed } = createRehearsal(ports, guardOptions(environment));
  const profiles = connection.isLocal ? undefined : createBedrockProfiles({ clock });
  try {
    const gateway = createHttpGateway({
      guard: withProfiles(
        guard,
        { profiles: profiles ?? NO_PROFILES, settings, clock },
        environment.settingsMaxAgeMs,
      ),
      clock,
      telemetry: SILENT,
      regions,
      overCapStatus,
    });
    const event = {
      rawPath: request.path,
      headers: { ...request.headers, 'x-hardcap-key': keyText },
      requestContext: { http: { method: 'POST' } },
      body: Buffer.from(request.body).toString('base64'),
      isBase64Encoded: true,
    };
    const deadlineAtMs = clock.nowMs() + DEADLINE_MS;
    const { answer } = await gateway.answer(event, { requestId: REQUEST_ID, deadlineAtMs });
    const body = typeof answer.body === 'string' ? answer.body : '';
    return { ...rehearsed(), status: answer.statusCode, headers: answer.headers, body };
  } finally {
    profiles?.close();
  }
}

/** The settings as the gateway reads them. */
export const readSettings = ({ client, settingsTable: tableName }: Connection): Settings =>
  createDynamoSettings({
    dynamo: documentCalls(client),
    tableName,
    timeoutMs: TIMEOUT_MS,
    clock: systemClock,
  });

const UNUSED: SpendGuardPorts['upstream'] = {
  send: () => {
    throw new HardcapError('invariant_broken', 'what is only imagined is never sent');
  },
};

const guardOptions = (environment: GatewayEnvironment) => ({
  windows: new WindowClock(),
  allowUncovered: environment.allowUncovered,
  allowFields: environment.allowFields,
  maxTagCounters: environment.maxTagCounters,
  notesReservation: environment.notesReservation,
  settingsMaxAgeMs: environment.settingsMaxAgeMs,
  reservationMarginMs: environment.reservationMarginMs,
  overCapStatus: environment.overCapStatus,
  // What follows is of requests that were sent.
  cutHoldMs: 0,
  whenClientLeaves: environment.whenClientLeaves,
  maxAnswerBytes: MAX_ANSWER_BYTES,
});
