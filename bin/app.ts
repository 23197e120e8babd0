/**
 * The CDK app: one stack from the context in cdk.json, checked by cdk-nag at each synthesis.
 */
import { App, Validations } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import { configurationFromContext, settingsError } from '../lib/configuration.ts';
import { webAclProblem } from '../lib/edge-settings.ts';
import { HardcapStack, type HardcapStackProps } from '../lib/hardcap-stack.ts';
import { stackFromContext } from '../lib/stack-context.ts';

// The CDK's behaviour as it is recommended for new apps; cdk.json and -c go before it.
const app = new App({ context: recommendedFlags });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
new HardcapStack(app, 'Hardcap', readProperties());
app.synth();

/** What people may mistype is answered with its message alone; a stack would hide it. */
function readProperties(): HardcapStackProps {
  try {
    const stack = stackFromContext(app.node);
    const hardcap = configurationFromContext(app.node);
    // Where the command line will deploy to; nothing but the edge's web ACL depends on it.
    const problem = webAclProblem(hardcap, stack.env?.region ?? process.env.CDK_DEFAULT_REGION);
    if (problem !== undefined) throw settingsError([problem]);
    return { ...stack, hardcap };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
