/**
 * A policy that closes every way to Bedrock's models but the gateway: a cap that can be walked
 * round is no cap.
 *
 * Owns:     which actions spend on Bedrock and which would borrow the gateway's role, each with its
 *           reason; docs/deny-policy.md is written from them.
 * Not here: attaching it. Whoever runs the account does so, as a service control policy or on the
 *           account's roles and users, after the programs in it use the gateway.
 */

/** The longest service control policy that AWS Organizations takes, in characters. */
export const MAX_SCP_CHARACTERS = 5_120;
/** The longest managed policy that IAM takes, white space not counted. */
export const MAX_IAM_POLICY_CHARACTERS = 6_144;

/** Actions that are denied together, and why. */
export interface DeniedActions {
  readonly actions: readonly string[];
  readonly reason: string;
}

/**
 * Actions that run a model, buy capacity to run one, or let somebody else's role run one. Names as
 * in https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
 */
export const SPENDING: readonly DeniedActions[] = [
  {
    actions: ['bedrock:Invoke*'],
    reason:
      'Runs a model (`InvokeModel` also authorises Converse, chat completions, bidirectional ' +
      'streams and asynchronous calls), an agent, a flow, a tool, data automation, an automated ' +
      'reasoning policy or guardrail checks. The wildcard also holds for what AWS adds',
  },
  {
    actions: ['bedrock:StartAsyncInvoke'],
    reason: 'The name of asynchronous calls, in case AWS authorises them by it one day',
  },
  { actions: ['bedrock:ApplyGuardrail'], reason: 'Billed by the text unit' },
  {
    actions: ['bedrock:CallWithBearerToken'],
    reason: "Bedrock's own API keys, short-lived and long-lived: a key in a file calls no less",
  },
  {
    actions: ['bedrock-mantle:*'],
    reason:
      "Bedrock's endpoint of OpenAI's and Anthropic's forms: inference, fine-tuning and " +
      'reservations under a prefix of their own, its bearer tokens too',
  },
  {
    actions: ['bedrock-websearch:*'],
    reason: "Searches and fetches by Bedrock's own tools: no request through hardcap needs them",
  },
  {
    actions: ['bedrock:CreateModelInvocationJob'],
    reason: 'Batch jobs: thousands of requests by a role that the job is given',
  },
  {
    actions: [
      'bedrock:CreateEvaluationJob',
      'bedrock:CreateModelEvaluationJob',
      'bedrock:CreateAdvancedPromptOptimizationJob',
      'bedrock:OptimizePrompt',
    ],
    reason: 'Evaluations and optimisations of prompts run models, judges among them',
  },
  {
    actions: ['bedrock:CreateModelCustomizationJob', 'bedrock:CreateModelImportJob'],
    reason:
      'Training is billed by the token; a custom or imported model by the month and the minute',
  },
  {
    actions: [
      'bedrock:CreateProvisionedModelThroughput',
      'bedrock:UpdateProvisionedModelThroughput',
      'bedrock:CreateCustomModel*',
      'bedrock:CreateMarketplaceModelEndpoint',
      'bedrock:UpdateMarketplaceModelEndpoint',
    ],
    reason: 'Capacity billed by the hour, used or not, some of it for months',
  },
  {
    actions: ['bedrock:StartFlowExecution'],
    reason: 'Flows that run in the background, by a role of their own',
  },
  {
    actions: [
      'bedrock:Retrieve*',
      'bedrock:AgenticRetrieveStream',
      'bedrock:StartIngestionJob',
      'bedrock:IngestKnowledgeBaseDocuments',
      'bedrock:GenerateQuery',
      'bedrock:Rerank',
    ],
    reason: 'Knowledge bases embed, rerank and answer by models, by a role of their own',
  },
  {
    actions: ['bedrock:StartAutomatedReasoningPolicy*'],
    reason: 'Builds and tests of automated reasoning policies read documents by a model',
  },
  {
    actions: [
      'bedrock-agentcore:InvokeHarness',
      'bedrock-agentcore:Evaluate',
      'bedrock-agentcore:StartBatchEvaluation',
      'bedrock-agentcore:CreateOnlineEvaluationConfig',
      'bedrock-agentcore:StartPolicyGeneration',
      'bedrock-agentcore:StartRecommendation',
      'bedrock-agentcore:StartMemoryExtractionJob',
    ],
    reason:
      'AgentCore runs models in these itself. Its runtimes stay open: an agent in one calls ' +
      'models by its own role, which this policy denies, or through hardcap',
  },
];

/** Actions on long-lived API keys of Bedrock's, which IAM keeps as credentials of users. */
export const API_KEYS: readonly DeniedActions[] = [
  {
    actions: ['iam:CreateServiceSpecificCredential', 'iam:ResetServiceSpecificCredential'],
    reason: 'Makes a long-lived Bedrock API key, or a new secret for one',
  },
  {
    actions: ['iam:UpdateServiceSpecificCredential'],
    reason: 'Turns one that is off on again. Deleting one stays allowed',
  },
];

/** Actions on the gateway's role by which somebody else could act as the gateway. */
export const ROLE: readonly DeniedActions[] = [
  {
    actions: ['sts:AssumeRole'],
    reason: 'Its trust policy lets in Lambda alone; this holds where somebody changed that before',
  },
  {
    actions: ['iam:UpdateAssumeRolePolicy'],
    reason: 'Would let somebody else take the role',
  },
  {
    actions: ['iam:PassRole'],
    reason: 'Would let a function of somebody else run as the gateway',
  },
  {
    actions: ['iam:CreateRole', 'iam:DeleteRole'],
    reason:
      'The first statement knows the role by its name: one made again under that name, with ' +
      'another trust policy, would pass for it',
  },
  {
    actions: ['iam:AttachRolePolicy', 'iam:PutRolePolicy'],
    reason: 'Would let the gateway do what hardcap does not count, such as batch jobs',
  },
];

/** Actions on the gateway's function by which other code could run as the gateway. */
export const FUNCTION: readonly DeniedActions[] = [
  { actions: ['lambda:UpdateFunctionCode'], reason: 'Other code, by the same role' },
  {
    actions: ['lambda:UpdateFunctionConfiguration'],
    reason:
      'Layers, wrappers and `NODE_OPTIONS` run other code too, and the environment names the ' +
      'tables and `HARDCAP_UNCOVERED`',
  },
];

/** Who the policy is about. */
export interface DenyPolicyNames {
  readonly gatewayRoleArn: string;
  /** @default - the policy does not keep others from changing the function */
  readonly gatewayFunctionArn?: string;
  /** Who may change the gateway's role and function: what deploys the stack. `*` is a wildcard. */
  readonly deployerArns: readonly string[];
}

const namesOf = (denied: readonly DeniedActions[]): string[] =>
  denied.flatMap(({ actions }) => actions);

/**
 * The policy document, good as a service control policy and as a policy of IAM: everybody but the
 * gateway is denied what spends on Bedrock, and everybody but the deployers what would lend or
 * change the gateway.
 */
export const denyPolicy = ({
  gatewayRoleArn,
  gatewayFunctionArn,
  deployerArns,
}: DenyPolicyNames) => {
  const notByDeployers = { ArnNotLike: { 'aws:PrincipalArn': deployerArns } };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyTheGatewayCallsBedrock',
        Effect: 'Deny',
        Action: namesOf(SPENDING),
        Resource: '*',
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': gatewayRoleArn } },
      },
      {
        Sid: 'NobodyMakesBedrockApiKeys',
        Effect: 'Deny',
        Action: namesOf(API_KEYS),
        Resource: '*',
        Condition: {
          StringEquals: { 'iam:ServiceSpecificCredentialServiceName': 'bedrock.amazonaws.com' },
        },
      },
      {
        Sid: 'NobodyBorrowsTheGatewaysRole',
        Effect: 'Deny',
        Action: namesOf(ROLE),
        Resource: gatewayRoleArn,
        Condition: notByDeployers,
      },
      ...(gatewayFunctionArn === undefined
        ? []
        : [
            {
              Sid: 'NobodyChangesTheGateway',
              Effect: 'Deny',
              Action: namesOf(FUNCTION),
              Resource: gatewayFunctionArn,
              Condition: notByDeployers,
            },
          ]),
    ],
  };
};
