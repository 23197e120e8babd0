/**
 * `hardcap explain`: what the gateway would answer to a request, and why, without sending it.
 *
 * Not here: the answer, which the gateway's own code gives (explain-gateway.ts).
 */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { modelIdOf } from '../../lambda/application/admission.ts';
import { ENV } from '../../lambda/contract.ts';
import type { FamilyName } from '../../lambda/domain/catalogue/catalogue-row.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import { TAG_HEADER } from '../../lambda/domain/request-tags.ts';
import { type GatewayEnvironment, readEnvironment } from '../../lambda/gateway/environment.ts';
import type { SettingsView } from '../../lambda/ports/settings.ts';
import type { Connection } from './connection.ts';
import { imagine, readSettings } from './explain-gateway.ts';
import { type Explained, explainedJson, explainedText } from './explain-view.ts';
import { CliFailure, nearest, wrongUse } from './failure.ts';
import { keyIdValue } from './option-values.ts';
import { withProgress } from './progress.ts';
import { type BodyShape, sampleBody } from './sample-body.ts';
import { openSession, type Session } from './session.ts';
import { listIds } from './settings-store.ts';

const OPERATIONS = ['converse', 'invoke', 'messages', 'chat-completions'] as const;
type NamedOperation = (typeof OPERATIONS)[number];

interface ExplainOptions {
  readonly key: string;
  readonly model: string;
  readonly body?: string;
  readonly maxTokens?: number;
  readonly operation?: NamedOperation;
  readonly stream?: boolean;
  readonly callRegion?: string;
  readonly tags?: string;
  readonly header?: readonly string[];
}

const WHOLE_NUMBER = /^[1-9]\d{0,8}$/;

function tokensValue(text: string): number {
  if (WHOLE_NUMBER.test(text)) return Number(text);
  throw wrongUse(`--max-tokens ${text}: a whole number of at least 1`);
}

/** Adds the `explain` command. */
export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('show what the gateway would answer to a request, and why; nothing is sent')
    .requiredOption('--key <id>', 'whose request it is; its secret is not needed', keyIdValue)
    .requiredOption('--model <id>', "a model's id, ARN or alias")
    .addOption(
      new Option(
        '--body <file>',
        'the request, as JSON; "-" reads it from stdin (default: a word)',
      ),
    )
    .addOption(
      new Option('--max-tokens <count>', 'the output limit of the body that is made up')
        .argParser(tokensValue)
        .conflicts('body'),
    )
    .addOption(new Option('--operation <name>', 'how it is asked for').choices(OPERATIONS))
    .option('--stream', 'as a stream')
    .option('--call-region <region>', 'the region that is called (default: --region)')
    .option('--tags <tags>', 'tags of the request, such as session=abc,step=2')
    .option(
      '--header <name:value>',
      'a header of the request, such as "x-hardcap-max-usd: 0.05"; may be repeated',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .action(async (options: ExplainOptions, command: Command) =>
      explainRequest(await openSession(command), options),
    );
}

async function explainRequest(session: Session, options: ExplainOptions): Promise<void> {
  const { connection, output, nowMs } = session;
  const given = bodyOf(options);
  const environment = environmentOf(connection, options.callRegion);
  const explained = await withProgress('reading settings and counters', async () => {
    const view = await readSettings(connection).read(options.key, 0);
    const family = familyOf(view, options, environment);
    const operation = options.operation ?? operationOf(family);
    const body = given ?? sampleBody(family, SHAPE[operation], options.maxTokens);
    const sent = bodyFor(operation, options, body);
    const answer = await imagine(connection, environment, {
      keyId: options.key,
      path: pathOf(operation, options),
      headers: headersOf(options),
      body: sent,
    });
    const { key: keyId, model, stream: isStream = false } = options;
    const isSample = given === undefined;
    const named: Explained = {
      ...answer,
      keyId,
      model,
      operation,
      isStream,
      isSample,
      sent,
      nowMs,
    };
    return named;
  });
  if (explained.view !== undefined && explained.view.key === undefined) {
    const near = nearest(options.key, await listIds(connection, 'KEY'));
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    output.notice(`there is no key "${options.key}".${hint} "hardcap key list" shows all.`);
  }
  output.result(explainedJson(explained), () => explainedText(explained));
}

const SHAPE: Readonly<Record<NamedOperation, BodyShape>> = {
  converse: 'converse',
  invoke: 'native',
  messages: 'chat',
  'chat-completions': 'chat',
};

function bodyOf({ body }: ExplainOptions): Uint8Array | undefined {
  if (body === undefined) return undefined;
  try {
    // File descriptor 0 is stdin.
    return readFileSync(body === '-' ? 0 : body);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliFailure(`--body ${body} cannot be read: ${message}`, {
      cause: error,
      exitCode: 2,
    });
  }
}

/**
 * The gateway's settings as far as they can be known here: those of this shell's environment, which
 * has the function's own names for them, and the defaults.
 */
function environmentOf(connection: Connection, callRegion: string | undefined): GatewayEnvironment {
  const region = callRegion ?? connection.aws.region;
  return readEnvironment({
    ...process.env,
    [ENV.settingsTable]: connection.settingsTable,
    [ENV.ledgerTable]: connection.ledgerTable,
    ...(region === undefined ? {} : { AWS_REGION: region }),
  });
}

/** That of a model that cannot be found does not matter: it is refused. */
function familyOf(
  view: SettingsView,
  { model }: ExplainOptions,
  { regions }: GatewayEnvironment,
): FamilyName {
  try {
    return findModel(modelIdOf(view, { modelId: model }), view.prices, regions[0]).family;
  } catch (error) {
    if (error instanceof HardcapError) return 'anthropic';
    throw error;
  }
}

const operationOf = (family: FamilyName): NamedOperation =>
  FAMILIES[family].converse === undefined ? 'invoke' : 'converse';

/** Anthropic's and OpenAI's APIs name model and stream in the body. */
function bodyFor(
  operation: NamedOperation,
  { model, stream }: ExplainOptions,
  body: Uint8Array,
): Uint8Array {
  if (SHAPE[operation] !== 'chat') return body;
  const named = `{"model":${JSON.stringify(model)}${stream === true ? ',"stream":true' : ''}`;
  const text = Buffer.from(body).toString('utf8').trim();
  // Numbers keep their text, and a body that names its model itself keeps it.
  if (!text.startsWith('{') || /"model"\s*:/.test(text)) return body;
  return Buffer.from(`${named}${/^\{\s*\}$/.test(text) ? '' : ','}${text.slice(1)}`);
}

function pathOf(operation: NamedOperation, { model, stream, callRegion }: ExplainOptions): string {
  const region = callRegion === undefined ? '' : `/bedrock/${encodeURIComponent(callRegion)}`;
  if (operation === 'messages') return `${region}/v1/messages`;
  if (operation === 'chat-completions') return `${region}/openai/v1/chat/completions`;
  const streamed = { converse: 'converse-stream', invoke: 'invoke-with-response-stream' };
  const name = stream === true ? streamed[operation] : operation;
  return `${region}/model/${encodeURIComponent(model)}/${name}`;
}

function headersOf({ tags, header = [] }: ExplainOptions): Record<string, string> {
  const named = header.map((text) => {
    const at = text.indexOf(':');
    if (at < 1) throw wrongUse(`--header ${text}: a header is name: value`);
    return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()] as const;
  });
  return {
    'content-type': 'application/json',
    ...Object.fromEntries(named),
    ...(tags === undefined ? {} : { [TAG_HEADER]: tags }),
  };
}
