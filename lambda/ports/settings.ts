/**
 * Settings as the application needs them: what people set, and how old the reading is.
 */
import type { CallerKey, Cap, MalformedCap } from '../domain/cap.ts';
import type { Aliases } from '../domain/model-alias.ts';
import type { MalformedPrice, Price } from '../domain/price.ts';

/** All that may decide about one key's request, read at one time. */
export interface SettingsView {
  /** Epoch milliseconds at which the reading began: it is at least this fresh. */
  readonly readAtMs: number;
  /** Undefined: there is no such key. */
  readonly key: CallerKey | MalformedKey | undefined;
  readonly caps: readonly Cap[];
  readonly malformedCaps: readonly MalformedCap[];
  /** Operator's prices by model id. */
  readonly prices: ReadonlyMap<string, Price | MalformedPrice>;
  /** Operator's names for models. */
  readonly aliases: Aliases;
}

export interface MalformedKey {
  readonly keyId: string;
  readonly field: string;
  readonly problem: string;
}

export interface Settings {
  /** The last reading for this key, however old; undefined where there was none. No I/O. */
  peek(keyId: string): SettingsView | undefined;
  /**
   * A reading that began no earlier than now, or joins one that is at most `maxAgeMs` old.
   *
   * @throws HardcapError `settings_unavailable`
   */
  read(keyId: string, maxAgeMs: number): Promise<SettingsView>;
}
