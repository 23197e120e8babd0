/**
 * The way between an actor and the table: requests and answers that are late, lost or refused.
 *
 * It stands where the document client stands, and fails as that one does: a request is given up
 * after a second, whatever becomes of it.
 */
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Actor } from './actor.ts';
import type { TableCommand } from './simulated-table.ts';
import { NotModelledError } from './store-errors.ts';
import {
  countFault,
  currentRun,
  note,
  type RequestRun,
  type Scripted,
  type World,
} from './world.ts';

export type WriteFault =
  | 'request-lost'
  | 'answer-lost'
  | 'answer-late'
  | 'applied-late'
  | 'error-after'
  | 'error-before'
  | 'throttled'
  | 'slow';

export const WRITE_FAULTS: readonly WriteFault[] = [
  'request-lost',
  'answer-lost',
  'answer-late',
  'applied-late',
  'error-after',
  'error-before',
  'throttled',
  'slow',
];

/** A read changes nothing, so it matters only whether and when it is answered. */
const READ_FAULTS = ['request-lost', 'answer-late', 'error-before', 'throttled', 'slow'] as const;

const isWrite = (command: TableCommand): boolean =>
  command instanceof UpdateCommand ||
  command instanceof PutCommand ||
  command instanceof DeleteCommand;

const GIVEN_UP_AFTER_MS = 1_000;
/** Late by so much at most: into the next write of its own sender, or long after everybody left. */
const MAX_LATE_MS = [200, 5_000, 180_000];
const MAX_SLOW_MS = 900;
const MAX_USUAL_MS = 20;

const timeout = (): Error => Object.assign(new Error('no answer'), { name: 'TimeoutError' });

const serviceError = (name: string, httpStatusCode: number): DynamoDBServiceException =>
  new DynamoDBServiceException({
    name,
    message: name,
    $fault: httpStatusCode < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode },
  });

/** @param faultChance of each request, from 0 to 1 */
export function createFaultyClient(
  world: World,
  actor: Actor,
  faultChance: number,
): DynamoDBDocumentClient {
  const send = (command: TableCommand) => sendOne(world, actor, faultChance, command);
  return { send } as unknown as DynamoDBDocumentClient;
}

interface Delivery {
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

function sendOne(
  world: World,
  actor: Actor,
  faultChance: number,
  command: TableCommand,
): Promise<unknown> {
  const { random } = world;
  const run = currentRun.getStore();
  world.oracle.attempted(command, run);
  const scripted = world.isCalm ? undefined : world.script?.(actor.name, actor.nextRequest());
  const isFaulty = !world.isCalm && random.chance(faultChance);
  return new Promise((resolve, reject) => {
    const delivery: Delivery = {
      resolve: (output) => actor.deliver(() => resolve(output)),
      reject: (error) => actor.deliver(() => reject(error)),
    };
    const exchange = new Exchange(world, actor, run, command, delivery);
    if (scripted !== undefined) exchange.play(scripted);
    else if (!isFaulty) exchange.usual(random.int(MAX_USUAL_MS), random.int(MAX_USUAL_MS));
    else exchange.fail(random.pick(isWrite(command) ? WRITE_FAULTS : READ_FAULTS));
  });
}

class Exchange {
  readonly #world: World;
  readonly #actor: Actor;
  readonly #run: RequestRun | undefined;
  readonly #command: TableCommand;
  readonly #delivery: Delivery;

  constructor(
    world: World,
    actor: Actor,
    run: RequestRun | undefined,
    command: TableCommand,
    delivery: Delivery,
  ) {
    this.#world = world;
    this.#actor = actor;
    this.#run = run;
    this.#command = command;
    this.#delivery = delivery;
  }

  play(scripted: Scripted): void {
    switch (scripted.kind) {
      case 'fault':
        this.fail(scripted.fault);
        return;
      case 'at':
        this.usual(scripted.atMs - this.#world.scheduler.nowMs, 0);
        return;
      case 'death':
        countFault(this.#world, `write:death-${scripted.isApplied ? 'after' : 'before'}`);
        this.#world.scheduler.after(0, () => {
          if (scripted.isApplied) this.#apply();
          this.#actor.die();
        });
    }
  }

  usual(requestMs: number, answerMs: number): void {
    const { scheduler } = this.#world;
    scheduler.after(requestMs, () => {
      const answer = this.#apply();
      scheduler.after(answerMs, answer);
    });
  }

  fail(fault: WriteFault): void {
    const { scheduler, random } = this.#world;
    countFault(this.#world, `${isWrite(this.#command) ? 'write' : 'read'}:${fault}`);
    this.#actor.hurt();
    this.#world.oracle.hurt(this.#command, this.#run);
    note(this.#world, `${this.#actor.name} ${this.#run?.name ?? ''} meets ${fault}`);
    const giveUp = () => this.#delivery.reject(timeout());
    switch (fault) {
      case 'request-lost':
        scheduler.after(GIVEN_UP_AFTER_MS, giveUp);
        return;
      case 'answer-lost':
        scheduler.after(random.int(MAX_USUAL_MS), () => this.#apply());
        scheduler.after(GIVEN_UP_AFTER_MS, giveUp);
        return;
      case 'answer-late':
        scheduler.after(GIVEN_UP_AFTER_MS, giveUp);
        this.usual(random.int(MAX_USUAL_MS), GIVEN_UP_AFTER_MS + this.#lateMs());
        return;
      case 'applied-late':
        scheduler.after(GIVEN_UP_AFTER_MS, giveUp);
        scheduler.after(GIVEN_UP_AFTER_MS + this.#lateMs(), () => this.#apply());
        return;
      case 'error-after':
        scheduler.after(random.int(MAX_USUAL_MS), () => {
          this.#apply();
          this.#delivery.reject(serviceError('InternalServerError', 500));
        });
        return;
      case 'error-before':
      case 'throttled': {
        const isThrottled = fault === 'throttled';
        const error = isThrottled
          ? serviceError('ThrottlingException', 400)
          : serviceError('InternalServerError', 500);
        scheduler.after(random.int(MAX_USUAL_MS), () => this.#delivery.reject(error));
        return;
      }
      case 'slow':
        this.usual(random.int(MAX_SLOW_MS), random.int(MAX_USUAL_MS));
    }
  }

  #lateMs(): number {
    const { random } = this.#world;
    return random.int(random.pick(MAX_LATE_MS));
  }

  #note(outcome: string): void {
    if (!(this.#command instanceof UpdateCommand)) return;
    const { Key, UpdateExpression, ExpressionAttributeNames } = this.#command.input;
    const id = ExpressionAttributeNames?.['#r'] ?? '';
    const sender = `${this.#actor.name} ${this.#run?.name ?? ''}`;
    note(this.#world, `${sender} ${outcome}: ${id} ${Key?.pk} ${UpdateExpression}`);
  }

  /** Applies the command now, tells the judge, and gives what answers the sender. */
  #apply(): () => void {
    const { table, oracle } = this.#world;
    const before = oracle.snapshot(this.#command);
    let output: unknown;
    try {
      output = table.apply(this.#command);
    } catch (error) {
      if (error instanceof NotModelledError) throw error;
      this.#note('refused');
      oracle.refused(this.#command, before);
      return () => this.#delivery.reject(error);
    }
    this.#note('applied');
    oracle.applied(this.#command, before);
    return () => this.#delivery.resolve(output);
  }
}
