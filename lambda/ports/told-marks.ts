/**
 * Marks of what was told of something that has no counter, such as a malformed setting.
 */
import type { TellingMark } from './ledger.ts';

export interface ToldMarks {
  /**
   * Every mark by its name, strongly read.
   *
   * @throws HardcapError `ledger_unavailable`
   */
  readAll(): Promise<ReadonlyMap<string, TellingMark>>;
  /** Sets a mark in place of the one that was seen; false where another stands there by now. */
  mark(name: string, seen: TellingMark | undefined, next: TellingMark): Promise<boolean>;
  /** Removes the mark that was seen, so that the same is told again; leaves any other. */
  forget(name: string, seen: TellingMark): Promise<void>;
}
