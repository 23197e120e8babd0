/**
 * Runs all checks at once; whatever one of them throws, or does not say in time, is a finding.
 */
import { explain } from '../failure.ts';
import type { Check, Finding, Need } from './finding.ts';
import type { Scene } from './scene.ts';

export interface Result extends Finding {
  readonly check: string;
}

export interface LeftOut {
  readonly check: string;
  readonly why: string;
}

export interface Report {
  readonly results: readonly Result[];
  readonly leftOut: readonly LeftOut[];
}

const TIMEOUT_MS = 30_000;

/**
 * @param onWaiting told the checks that are still to be waited for, each time one has ended
 * @param timeoutMs how long each of them may take
 */
export async function runChecks(
  checks: readonly Check[],
  scene: Scene,
  onWaiting: (ids: readonly string[]) => void,
  timeoutMs: number = TIMEOUT_MS,
): Promise<Report> {
  const isOut = (check: Check) => whyLeftOut(check.needs, scene) !== undefined;
  const running = checks.filter((check) => !isOut(check));
  const waiting = new Set(running.map(({ id }) => id));
  const found = await Promise.all(
    running.map(async (check) => {
      const findings = await findingsOf(check, scene, timeoutMs);
      waiting.delete(check.id);
      onWaiting([...waiting]);
      return findings.map((finding) => ({ check: check.id, ...finding }));
    }),
  );
  const leftOut = checks.flatMap(({ id, needs }) => {
    const why = whyLeftOut(needs, scene);
    return why === undefined ? [] : [{ check: id, why }];
  });
  return { results: found.flat(), leftOut };
}

const ON_THIS_MACHINE = 'there is nothing of it on this machine';
const NEEDS_STACK = 'it needs a deployed stack (--stack)';

function whyLeftOut(need: Need, scene: Scene): string | undefined {
  const missing = scene.isLocal ? ON_THIS_MACHINE : NEEDS_STACK;
  switch (need) {
    case 'tables':
      return undefined;
    case 'gateway':
      return scene.gatewayUrl === undefined ? NEEDS_STACK : undefined;
    case 'account':
      return scene.account === undefined ? missing : undefined;
    case 'stack':
      return scene.account === undefined || scene.stackName === undefined ? missing : undefined;
  }
}

async function findingsOf(
  check: Check,
  scene: Scene,
  timeoutMs: number,
): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs / 1_000} s`)), timeoutMs);
  });
  try {
    return await Promise.race([check.run(scene), late]);
  } catch (error) {
    return [unseen(check, error)];
  } finally {
    clearTimeout(timer);
  }
}

const DENIED = /^(?:AccessDenied|AccessDeniedException|AuthorizationError|UnauthorizedOperation)/;
const ACTION = /\b[a-z0-9-]+:[A-Z][A-Za-z]+\b/;

function unseen({ unseen: level = 'warning' }: Check, error: unknown): Finding {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && DENIED.test(cause.name)) {
    const action = ACTION.exec(cause.message)?.[0];
    const needed = action === undefined ? 'more rights' : action;
    return {
      level,
      seen: `cannot be seen: these credentials may not ${action ?? 'look at it'}`,
      fix: `allow ${needed}, or use a profile that may (--profile)`,
    };
  }
  return {
    level,
    // `fetch` tells only in its cause what went wrong.
    seen: `cannot be seen: ${explain(cause).replace(/\s+/g, ' ')}`,
    fix: 'mend that, and run it again',
  };
}
