/**
 * Parameters that say caps, kept outside of the settings: where they are listed, and where the sync
 * puts them down for the gateway.
 */

/** One parameter as its store holds it; what it means is decided by who reads the settings. */
export interface Parameter {
  /** What stands after the folder of caps: a cap's id, where the parameter is well named. */
  readonly name: string;
  /** Where it is, in words, for messages: `parameter /hardcap/caps/staging`. */
  readonly source: string;
  /** `String`, or a kind that holds no cap: `StringList`, `SecureString`. */
  readonly type: string;
  /** Absent where it is not read, or cannot be. */
  readonly value?: string;
  /** What is wrong with it already where it stands, and what to do. */
  readonly fault?: string;
}

export interface ParameterList {
  /** All of them in words, for messages: `parameters under /hardcap/caps`. */
  readonly source: string;
  /**
   * Every parameter, listed anew. Where there are more than `most`, some number above it of them.
   *
   * @throws Error where any part of the list could not be read
   */
  readAll(most: number): Promise<readonly Parameter[]>;
}

/** A synced item as it was read: what it holds, and who wrote it. */
export interface SyncedItem {
  readonly name: string;
  /** The run that wrote it; undefined for an item that was made by hand. */
  readonly run?: string;
  /** Whether it says what would be written of this parameter. */
  says(parameter: Parameter): boolean;
}

/** The synced items of the settings: those named `ssm:`, and no others. */
export interface SyncedSettings {
  /** All of them by name, strongly read. */
  readAll(): Promise<ReadonlyMap<string, SyncedItem>>;
  /**
   * Writes the parameter's item if it still is as `seen` (undefined: if there still is none).
   * False, and nothing written, where another run has changed it since.
   */
  write(parameter: Parameter, seen: SyncedItem | undefined, run: string): Promise<boolean>;
  /** Removes an item if it still is as it was seen; false where it was changed since. */
  remove(seen: SyncedItem): Promise<boolean>;
  /** Why the parameter cannot be read as a cap; undefined where it can. */
  problemOf(parameter: Parameter): string | undefined;
}
