/**
 * The caps as the rollover function needs them: all of them, read once a run.
 */
import type { Cap } from '../domain/cap.ts';

export interface CapList {
  /**
   * Every cap that can be read; a malformed one is left out, as it has no thresholds.
   *
   * @throws HardcapError `settings_unavailable`
   */
  readAll(): Promise<readonly Cap[]>;
}
