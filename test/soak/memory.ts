/**
 * How much memory the oldest gateway of a soak holds, looked at again and again.
 */
import type { Fleet } from './fleet.ts';

export interface MemorySample {
  readonly atSeconds: number;
  readonly mebibytes: number;
}

const EVERY_MS = 10_000;
const MEBIBYTE = 1024 * 1024;
/**
 * What a process may grow by between the run's second quarter and its last. V8 takes and keeps
 * tens of MiB as load changes; a true leak meets the bound of the heap and ends the gateway.
 */
const TOLERATED_GROWTH_MEBIBYTES = 128;
const SAMPLES_TO_JUDGE = 8;

/** Starts to look; `say` gets a line a minute. */
export function watchMemory(fleet: Fleet, say: (line: string) => void) {
  const startedAtMs = Date.now();
  const samples: MemorySample[] = [];
  const look = async () => {
    const bytes = await fleet.oldestResidentBytes();
    if (bytes === undefined) return;
    const atSeconds = Math.round((Date.now() - startedAtMs) / 1000);
    const sample = { atSeconds, mebibytes: Math.round(bytes / MEBIBYTE) };
    samples.push(sample);
    if (samples.length % 6 === 1) {
      say(`${String(atSeconds).padStart(5)} s  ${sample.mebibytes} MiB in the oldest gateway`);
    }
  };
  const timer = setInterval(() => void look(), EVERY_MS).unref();
  return { samples, stop: () => clearInterval(timer) };
}

/** Whether memory has grown from the second quarter of the run to its last. */
export function faultsOfMemory(samples: readonly MemorySample[]): string[] {
  if (samples.length < SAMPLES_TO_JUDGE) return [];
  const quarter = Math.floor(samples.length / 4);
  const early = median(samples.slice(quarter, 2 * quarter));
  const late = median(samples.slice(-quarter));
  if (late - early <= TOLERATED_GROWTH_MEBIBYTES) return [];
  return [`the oldest gateway grew from ${early} to ${late} MiB`];
}

function median(samples: readonly MemorySample[]): number {
  const sorted = samples.map(({ mebibytes }) => mebibytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
