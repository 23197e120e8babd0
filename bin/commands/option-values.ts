/**
 * What the values of options may be, tested before anything is read or written.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { InvalidArgumentError } from 'commander';
import { readEnteredUsd, readInstantMs } from '../../lambda/adapters/settings/setting-fields.ts';
import { isKeyId } from '../../lambda/domain/caller-key.ts';
import { formatUsd, MAX_USD } from '../../lambda/domain/money.ts';

/** What the store writes as 1E3, a person writes by mistake. */
const PLAIN_DECIMAL = /^[\d.]*$/;

/** Dollars as they are stored: an exact decimal number. */
export function usdValue(text: string): NumberValue {
  const amount = PLAIN_DECIMAL.test(text) ? readEnteredUsd(text) : undefined;
  if (amount === undefined) {
    throw new InvalidArgumentError(
      `Dollars are a plain decimal number such as 12.50, from 0 to ${MAX_USD}, with at most 9 ` +
        'decimal places.',
    );
  }
  return NumberValue.from(formatUsd(amount));
}

/** A list of one or more parts, separated by commas. */
export function listValue(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === '')) {
    throw new InvalidArgumentError('One or more names or patterns, separated by commas.');
  }
  return parts;
}

/** Tags and patterns of their values: `stage=prod,dev; app=web*`. */
export function tagsValue(text: string): Record<string, string[]> {
  const tags = new Map<string, string[]>();
  for (const part of text.split(';')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (name === '' || tags.has(name)) {
      throw new InvalidArgumentError(
        'Tags are name=pattern, several patterns separated by commas, several tags by semicolons.',
      );
    }
    tags.set(name, listValue(part.slice(at + 1)));
  }
  return Object.fromEntries(tags);
}

const WHOLE_NUMBER = /^\d{1,9}$/;

/** A whole number. */
export function wholeValue(text: string): NumberValue {
  if (!WHOLE_NUMBER.test(text)) throw new InvalidArgumentError('A whole number.');
  return NumberValue.from(text);
}

/** A date and time with its offset. */
export function instantValue(text: string): string {
  if (readInstantMs(text) === undefined) {
    throw new InvalidArgumentError('A date and time with offset, such as 2026-12-31T23:59:00Z.');
  }
  return text;
}

/** Tags of a key: `stage=prod,app=web`. */
export function keyTagsValue(text: string): Record<string, string> {
  const tags = new Map<string, string>();
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim();
    const value = part.slice(at + 1).trim();
    if (name === '' || value === '' || tags.has(name)) {
      throw new InvalidArgumentError(
        'Tags are name=value, separated by commas: stage=prod,app=web.',
      );
    }
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
}

const DURATION = /^(\d{1,6})([smhdw])$/;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const MAX_DURATION_MS = 3_650 * UNIT_MS.d;

/** Milliseconds of `90m`, `24h`, `30d` or `2w`, at most ten years; undefined for any other text. */
export function readDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const durationMs = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return durationMs <= MAX_DURATION_MS ? durationMs : undefined;
}

/** A stretch of time, in milliseconds. */
export function durationValue(text: string): number {
  const durationMs = readDurationMs(text);
  if (durationMs === undefined) {
    throw new InvalidArgumentError('A number and s, m, h, d or w, such as 90m, 24h or 30d; or 0.');
  }
  return durationMs;
}

/** A date and time with its offset, as given, or what the time is in `30d`. */
export function expiryValue(text: string): string {
  const durationMs = readDurationMs(text);
  if (durationMs !== undefined && durationMs > 0) {
    return new Date(Math.ceil((Date.now() + durationMs) / 1_000) * 1_000)
      .toISOString()
      .replace('.000Z', 'Z');
  }
  const instantMs = readInstantMs(text);
  if (instantMs === undefined) {
    throw new InvalidArgumentError(
      'A date and time with offset, such as 2026-12-31T23:59:00Z, or how long from now: 30d.',
    );
  }
  if (instantMs <= Date.now()) {
    throw new InvalidArgumentError('That is over; "hardcap key disable" stops a key now.');
  }
  return text;
}

/** A key id. */
export function keyIdValue(text: string): string {
  if (!isKeyId(text)) {
    throw new InvalidArgumentError('A key id is 1 to 40 of a-z, 0-9 and -.');
  }
  return text;
}

const SECRET_NAME = /^[A-Za-z0-9/_+=.@-]{1,512}$/;

/** The name of a secret in AWS Secrets Manager, not its ARN. */
export function secretNameValue(text: string): string {
  if (!SECRET_NAME.test(text)) {
    throw new InvalidArgumentError(
      'The name of a secret is 1 to 512 letters, digits and any of /_+=.@-, such as prod/app/hardcap.',
    );
  }
  return text;
}
