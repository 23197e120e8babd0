/**
 * `npm run -s deny-policy -- --role-arn <arn>`: prints the deny policy for a gateway, to a file or
 * into a command. The stack's output `DenyPolicy` is the same, with all ARNs filled in.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { denyPolicy, MAX_IAM_POLICY_CHARACTERS, MAX_SCP_CHARACTERS } from '../lib/deny-policy.ts';

interface Options {
  readonly roleArn: string;
  readonly functionArn?: string;
  readonly deployerArn?: readonly string[];
  readonly form: Form;
}

type Form = keyof typeof FORMS;

/** Both are the same statements: AWS Organizations counts every character, IAM no white space. */
const FORMS = {
  scp: { indent: 0, longest: MAX_SCP_CHARACTERS },
  iam: { indent: 2, longest: MAX_IAM_POLICY_CHARACTERS },
} as const;

/** One role, user or pattern of them; a name may hold wildcards where the policy takes them. */
const PRINCIPAL_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):(role|user)\/[\w+=,.@*?/-]+$/;
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;
const FUNCTION_ARN = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+$/;

const arn =
  (form: RegExp, example: string) =>
  (text: string): string => {
    if (form.test(text)) return text;
    throw new InvalidArgumentError(`It must be an ARN such as ${example}.`);
  };

const anotherArn = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  arn(PRINCIPAL_ARN, 'arn:aws:iam::123456789012:role/deployer')(text),
];

const command = (): Command =>
  new Command('npm run -s deny-policy --')
    .description('Prints the policy by which nobody but the gateway spends on Bedrock.')
    .addOption(
      new Option('--role-arn <arn>', "the gateway's role")
        .argParser(arn(ROLE_ARN, 'arn:aws:iam::123456789012:role/Hardcap-Gateway'))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--function-arn <arn>',
        "the gateway's function; without it others may change its code",
      ).argParser(arn(FUNCTION_ARN, 'arn:aws:lambda:us-east-1:123456789012:function:Hardcap')),
    )
    .addOption(
      new Option(
        '--deployer-arn <arn>',
        'who may change the gateway, once for each (default: the role of CloudFormation that ' +
          'cdk bootstrap made, in any region of the account)',
      ).argParser(anotherArn),
    )
    .addOption(
      new Option('--form <form>', 'scp: one line; iam: indented')
        .choices(Object.keys(FORMS))
        .default('scp'),
    );

const bootstrapRole = (roleArn: string): string => {
  const [, partition = '', account = ''] = PRINCIPAL_ARN.exec(roleArn) ?? [];
  return `arn:${partition}:iam::${account}:role/cdk-hnb659fds-cfn-exec-role-${account}-*`;
};

/**
 * The policy's text.
 *
 * @throws Error where it is longer than AWS takes
 */
export function policyText({ roleArn, functionArn, deployerArn, form }: Options): string {
  const policy = denyPolicy({
    gatewayRoleArn: roleArn,
    deployerArns: deployerArn ?? [bootstrapRole(roleArn)],
    ...(functionArn === undefined ? {} : { gatewayFunctionArn: functionArn }),
  });
  const { indent, longest } = FORMS[form];
  const { length } = JSON.stringify(policy);
  if (length > longest) {
    throw new Error(`the policy has ${length} characters, and AWS takes ${longest} of this form`);
  }
  return JSON.stringify(policy, null, indent);
}

if (import.meta.main) {
  process.stdout.write(`${policyText(command().parse(process.argv).opts<Options>())}\n`);
}
