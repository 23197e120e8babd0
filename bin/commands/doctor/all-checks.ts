/**
 * Every check, in the order of the report: what all rests on stands first.
 */
import { ACCESS_CHECKS } from './access-checks.ts';
import type { Check } from './finding.ts';
import { GATEWAY_CHECKS } from './gateway-checks.ts';
import { MODEL_CHECKS } from './models-checks.ts';
import { PARAMETER_CHECKS } from './parameters-checks.ts';
import { SETTINGS_CHECKS } from './settings-checks.ts';
import { STACK_CHECKS } from './stack-checks.ts';
import { TABLE_CHECKS } from './tables-checks.ts';

const [identity, ...access] = ACCESS_CHECKS;

export const CHECKS: readonly Check[] = [
  ...(identity === undefined ? [] : [identity]),
  ...TABLE_CHECKS,
  ...SETTINGS_CHECKS,
  ...PARAMETER_CHECKS,
  ...MODEL_CHECKS,
  ...GATEWAY_CHECKS,
  ...STACK_CHECKS,
  ...access,
];
