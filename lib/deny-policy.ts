/**
 * A policy that closes every way to Bedrock's models but the gateway: a cap that can be walked
 * round is no cap.
 *
 * Not here: attaching it. Whoever runs the account does so, as a service control policy or on the
 * account's roles and users, after the programs in it use the gateway.
 */

/** The longest service control policy that AWS Organizations takes, in characters. */
export const MAX_POLICY_CHARACTERS = 5_120;

/**
 * Actions that run a model, buy capacity to run one, or let somebody else's role run one.
 *
 * InvokeModel also authorises Converse, bidirectional streams and asynchronous invocations;
 * StartAsyncInvoke is named in case that changes. Free and control-plane actions stay allowed. See
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
 */
const SPENDING_ACTIONS = [
  'bedrock:InvokeModel*',
  'bedrock:StartAsyncInvoke',
  // Billed by the text unit.
  'bedrock:ApplyGuardrail',
  'bedrock:InvokeGuardrailChecks',
  // API keys, short-lived and long-lived, on either of Bedrock's endpoints.
  'bedrock:CallWithBearerToken',
  // The OpenAI- and Anthropic-compatible endpoints have an IAM prefix of their own.
  'bedrock-mantle:*',
  // Batch and other jobs that run models.
  'bedrock:CreateModelInvocationJob',
  'bedrock:CreateEvaluationJob',
  'bedrock:CreateModelEvaluationJob',
  'bedrock:CreateAdvancedPromptOptimizationJob',
  'bedrock:CreateModelCustomizationJob',
  'bedrock:CreateModelImportJob',
  // Capacity by the hour.
  'bedrock:CreateProvisionedModelThroughput',
  'bedrock:UpdateProvisionedModelThroughput',
  'bedrock:CreateCustomModelDeployment',
  'bedrock:CreateMarketplaceModelEndpoint',
  // Agents, flows, knowledge bases and tools run models by their own roles.
  'bedrock:InvokeAgent',
  'bedrock:InvokeInlineAgent',
  'bedrock:InvokeBuilder',
  'bedrock:InvokeTool',
  'bedrock:InvokeFlow',
  'bedrock:StartFlowExecution',
  'bedrock:Retrieve',
  'bedrock:RetrieveAndGenerate',
  'bedrock:AgenticRetrieveStream',
  'bedrock:StartIngestionJob',
  'bedrock:IngestKnowledgeBaseDocuments',
  'bedrock:GenerateQuery',
  'bedrock:Rerank',
  'bedrock:OptimizePrompt',
  'bedrock:InvokeDataAutomation*',
  'bedrock:InvokeBlueprint*',
  'bedrock:InvokeAutomatedReasoningPolicy',
] as const;

/** The policy document: everybody but the role is denied what spends on Bedrock's models. */
export const denyPolicy = (gatewayRoleArn: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'OnlyTheHardcapGatewayCallsBedrock',
      Effect: 'Deny',
      Action: SPENDING_ACTIONS,
      Resource: '*',
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': gatewayRoleArn } },
    },
  ],
});
