/**
 * The CDK app: one stack from the context in cdk.json, checked by cdk-nag at each synthesis.
 */
import { App, Validations } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import { type Configuration, configurationFromContext } from '../lib/configuration.ts';
import { HardcapStack } from '../lib/hardcap-stack.ts';

// The CDK's behaviour as it is recommended for new apps; cdk.json and -c go before it.
const app = new App({ context: recommendedFlags });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
new HardcapStack(app, 'Hardcap', { hardcap: readConfiguration() });
app.synth();

/** What people may mistype is answered with its message alone; a stack would hide it. */
function readConfiguration(): Configuration {
  try {
    return configurationFromContext(app.node);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
