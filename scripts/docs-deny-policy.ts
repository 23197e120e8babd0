/**
 * Writes docs/deny-policy.md out of the policy itself, so that each action has its reason there.
 *
 * `npm run docs:deny-policy` writes; a test fails where what is committed differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  API_KEYS,
  type DeniedActions,
  denyPolicy,
  FUNCTION,
  MAX_IAM_POLICY_CHARACTERS,
  MAX_SCP_CHARACTERS,
  ROLE,
  SPENDING,
} from '../lib/deny-policy.ts';

/** The page that is written. */
export const pageUrl = new URL('../docs/deny-policy.md', import.meta.url);

const ACCOUNT = '123456789012';
const EXAMPLE = denyPolicy({
  gatewayRoleArn: `arn:aws:iam::${ACCOUNT}:role/Hardcap-HardcapGatewayRole-EXAMPLE`,
  gatewayFunctionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:Hardcap-HardcapGateway-EXAMPLE`,
  deployerArns: [`arn:aws:iam::${ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-us-east-1`],
});

const indented = (value: unknown): string => JSON.stringify(value, null, 2);
const thousands = (number: number): string => number.toLocaleString('en-US');

const rows = (denied: readonly DeniedActions[]): string =>
  denied
    .map(({ actions, reason }) => {
      const names = actions.map((action) => `\`${action}\``).join('<br>');
      return `| ${names} | ${reason} |`;
    })
    .join('\n');

const table = (denied: readonly DeniedActions[]): string =>
  `| Denied | Why |\n|---|---|\n${rows(denied)}`;

/** Denies writes to the ledger to all but the functions; its ARNs are for people to fill in. */
const LEDGER_STATEMENT = {
  Sid: 'OnlyTheFunctionsWriteTheLedger',
  Effect: 'Deny',
  Action: [
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
    'dynamodb:BatchWriteItem',
    'dynamodb:PartiQLInsert',
    'dynamodb:PartiQLUpdate',
    'dynamodb:PartiQLDelete',
  ],
  Resource: '<ARN of the ledger table>',
  Condition: {
    ArnNotEquals: { 'aws:PrincipalArn': ['<role of the gateway>', '<role of the rollover>'] },
  },
};

const HEAD = `<!-- Written by npm run docs:deny-policy. Change lib/deny-policy.ts, not this page. -->

# The deny policy

A cap that can be walked round is no cap. This policy lets nobody but the gateway's role spend on
Bedrock. Attach it once your programs use the gateway, and then run check 13 of
[verify-on-aws.md](verify-on-aws.md#13-the-way-round).

The stack's output \`DenyPolicy\` is this policy with your ARNs in it:

\`\`\`sh
aws cloudformation describe-stacks --stack-name Hardcap --output text \\
  --query "Stacks[0].Outputs[?OutputKey=='DenyPolicy'].OutputValue" > deny-policy.json
\`\`\`

Without the stack at hand, or with other deployers:

\`\`\`sh
npm run -s deny-policy -- --role-arn <gateway's role> --function-arn <gateway's function> \\
  --deployer-arn <who deploys> > deny-policy.json
\`\`\`

\`--form iam\` indents it. The default deployer is the role of CloudFormation that \`cdk bootstrap\`
makes. If you deploy otherwise (\`--role-arn\` of CloudFormation, a bootstrap with a qualifier, your own
credentials), name that role: else the policy refuses your next deployment.`;

const attaching = (): string => `## As a service control policy

It binds every user and role, and the root user, of the accounts that it is attached to. Its length
is ${thousands(JSON.stringify(EXAMPLE).length)} characters here, of the ${thousands(MAX_SCP_CHARACTERS)} that AWS Organizations takes.

\`\`\`sh
aws organizations create-policy --type SERVICE_CONTROL_POLICY --name hardcap \\
  --description 'Only hardcap calls Bedrock' --content file://deny-policy.json
aws organizations attach-policy --policy-id <id> --target-id <account, unit or root>
\`\`\`

Attach it to the account of the gateway, and to every other account whose spending on Bedrock you
answer for: one gateway may serve them all.

**It does not bind** users and roles of the organization's management account, so let nobody use
Bedrock there; and service-linked roles, by which services of AWS act
([AWS's list](https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html)).

## As a policy of IAM

The same document, where there is no organization or its policies are not yours to set. A managed
policy may have ${thousands(MAX_IAM_POLICY_CHARACTERS)} characters, white space not counted.

\`\`\`sh
aws iam create-policy --policy-name hardcap-deny --policy-document file://deny-policy.json
aws iam attach-role-policy --role-name <role> --policy-arn <ARN of the policy>
\`\`\`

It binds those that it is attached to, and nobody else. So attach it to every role, group and user
that could call Bedrock; to the gateway's and the deployer's roles too, if that is easier, as both are
excepted. Who may detach policies or make roles can take it off or go without it, and the root user is
never bound: this form keeps honest programs on the way, and an organization's policy keeps everybody
there.

It is no permissions boundary as it stands: a boundary must allow what it does not deny. Add
\`{"Effect": "Allow", "Action": "*", "Resource": "*"}\` for that.`;

const lines = (): string => `## Each line and its reason

Names are those of AWS's [service authorization
reference](https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html),
compared in September 2026. A name that does not exist there denies nothing and does no harm.

### OnlyTheGatewayCallsBedrock

For everybody whose \`aws:PrincipalArn\` is not the gateway's role. The key holds the role's ARN where a
role is assumed. A request without the key is denied.

${table(SPENDING)}

What spends nothing stays allowed: lists and descriptions, \`CountTokens\`, stopping and deleting, making
agents, flows, prompts, guardrails and inference profiles, which cost when they run.

### NobodyMakesBedrockApiKeys

For everybody, where \`iam:ServiceSpecificCredentialServiceName\` is \`bedrock.amazonaws.com\`: credentials
for CodeCommit and the like are left alone. Short-lived keys are made from a session without asking
AWS, so only their use can be denied, which the first statement does.

${table(API_KEYS)}

### NobodyBorrowsTheGatewaysRole

On the gateway's role, for everybody but the deployers.

${table(ROLE)}

### NobodyChangesTheGateway

On the gateway's function, for everybody but the deployers.

${table(FUNCTION)}`;

const END = `## What stays open

The policy cannot close these, or it would close more than Bedrock:

- **Who may deploy** may change the gateway: whoever may update the stack, pass the deployer's role to
  CloudFormation or take the roles that \`cdk bootstrap\` made. Keep them few.
- **Who may write the settings table** may raise any limit, and make keys, caps and prices. That is
  what it is for; give the right to those who may spend.
- **Who may write the ledger table** may lower what is counted. Where that is more than the functions,
  add this statement. \`hardcap rollover\` on the command line writes the ledger too, and fails then.

\`\`\`json
${indented(LEDGER_STATEMENT)}
\`\`\`

- **What runs already**: provisioned throughput, jobs and endpoints go on, and cost, until they are
  stopped. List them before you attach the policy.
- **Models that are not Bedrock's**: SageMaker endpoints, Claude Platform on AWS
  (\`aws-external-anthropic:*\`), and vendors' own keys. Deny those prefixes too if nobody is to use them.
- **AgentCore's runtimes, memories, browsers and gateways** cost by themselves. The models that an agent
  calls there by its own role are denied.
- **Accounts that the policy is not attached to.**

## The whole

With ARNs of an example:

\`\`\`json
${indented(EXAMPLE)}
\`\`\`
`;

/** The text of docs/deny-policy.md. */
export const denyPolicyPage = (): string => [HEAD, attaching(), lines(), END].join('\n\n');

if (import.meta.main) writeFileSync(pageUrl, denyPolicyPage());

/** What is committed. */
export const writtenPage = (): string => readFileSync(pageUrl, 'utf8');
