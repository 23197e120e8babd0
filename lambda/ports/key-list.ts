/**
 * The callers' keys as the rollover function needs them: their ids and nothing else.
 */

export interface KeyIds {
  readonly keyIds: readonly string[];
  /** False where there are more keys than are listed. */
  readonly isWhole: boolean;
}

export interface KeyList {
  /** @throws HardcapError `settings_unavailable` */
  readIds(): Promise<KeyIds>;
}
