/**
 * The CDK app: one stack from the context in cdk.json, checked by cdk-nag at each synthesis.
 */
import { App, Validations } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  type Configuration,
  configurationFromContext,
  settingsError,
} from '../lib/configuration.ts';
import { webAclProblem } from '../lib/edge-settings.ts';
import { HardcapStack } from '../lib/hardcap-stack.ts';

// The CDK's behaviour as it is recommended for new apps; cdk.json and -c go before it.
const app = new App({ context: recommendedFlags });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
// Where the CDK's command line will deploy to; nothing but the edge's web ACL depends on it.
const region = process.env.CDK_DEFAULT_REGION;
new HardcapStack(app, 'Hardcap', { hardcap: readConfiguration() });
app.synth();

/** What people may mistype is answered with its message alone; a stack would hide it. */
function readConfiguration(): Configuration {
  try {
    const configuration = configurationFromContext(app.node);
    const problem = webAclProblem(configuration, region);
    if (problem !== undefined) throw settingsError([problem]);
    return configuration;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
