/**
 * What cannot be read in the settings, as the rollover function needs it to tell people of it.
 */

export interface MalformedSetting {
  readonly kind: 'cap' | 'price' | 'alias';
  /** As it stands in the item's sort key: it may be any text. */
  readonly id: string;
  /** The first attribute at fault, and what it should be. */
  readonly field: string;
  readonly problem: string;
  /** The same for the same item with the same content, and for no other. */
  readonly fingerprint: string;
}

export interface MalformedList {
  /**
   * Every cap, price and alias that cannot be read, strongly read. Keys are left out: whoever asks
   * may not read what they hold.
   *
   * @throws HardcapError `settings_unavailable`
   */
  readAll(): Promise<readonly MalformedSetting[]>;
}
