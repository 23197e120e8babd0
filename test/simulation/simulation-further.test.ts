/**
 * The money path under every fault that the world has: as many seeds again as in
 * `simulation.test.ts`, in a file of their own so that another core runs them.
 */
import { describe } from 'vitest';
import { testSchedules } from './schedule-batches.ts';

describe('the simulation', () => testSchedules(10_001, 20_000));
