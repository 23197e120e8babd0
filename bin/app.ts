/**
 * The CDK app: one stack from the context in cdk.json, checked by cdk-nag at each synthesis.
 */
import { App, Validations } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import { configurationFromContext } from '../lib/configuration.ts';
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
    return { ...stackFromContext(app.node), hardcap: configurationFromContext(app.node) };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
