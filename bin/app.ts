/**
 * The CDK app: one stack from the context in cdk.json, checked by cdk-nag at each synthesis.
 */
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { configurationFromContext } from '../lib/configuration.ts';
import { HardcapStack } from '../lib/hardcap-stack.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
new HardcapStack(app, 'Hardcap', { hardcap: configurationFromContext(app.node) });
app.synth();
