/**
 * What docs/cost.md takes to be in the stack is in the template, so that no resource is forgotten
 * when one is added.
 */
import { expect, it } from 'vitest';
import { DEFAULTS } from '../../lambda/contract.ts';
import { completeConfiguration } from '../../lib/configuration.ts';
import { MINUTES_A_MONTH, STACK } from '../../scripts/cost-lines.ts';
import { createTemplate, resources } from './stack-under-test.ts';

const template = createTemplate();
const countOf = (type: string): bigint => BigInt(resources(template, type).length);

it('has as many alarms, dashboards, tables and schedules as are paid for', () => {
  expect(countOf('AWS::CloudWatch::Alarm')).toBe(STACK.alarms);
  expect(countOf('AWS::CloudWatch::Dashboard')).toBe(STACK.dashboards);
  expect(countOf('AWS::DynamoDB::Table')).toBe(STACK.tables);
  expect(countOf('AWS::Scheduler::Schedule')).toBe(STACK.schedules);
});

it('gives the functions the memory that is paid for', () => {
  const memory = resources(template, 'AWS::Lambda::Function').map(({ properties }) =>
    BigInt(Number(properties.MemorySize)),
  );

  expect(memory).toContain(STACK.gatewayMemoryMb);
  expect(memory).toContain(STACK.rolloverMemoryMb);
  expect(memory).toContain(STACK.syncMemoryMb);
});

it('has the defaults that are computed with', () => {
  const { reservedConcurrency, logRetentionDays, journalDays } = completeConfiguration({});

  expect(BigInt(reservedConcurrency)).toBe(STACK.reservedConcurrency);
  expect(BigInt(logRetentionDays)).toBe(STACK.logRetentionDays);
  expect(BigInt(journalDays)).toBe(STACK.journalDays);
  expect(BigInt(DEFAULTS.settingsMaxAgeMs / 1_000)).toBe(STACK.settingsMaxAgeSeconds);
  expect(MINUTES_A_MONTH * BigInt(DEFAULTS.rolloverIntervalMs)).toBe(30n * 86_400_000n);
});
