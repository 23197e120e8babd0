/**
 * The secret by which the edge proves itself to the gateway: made by Secrets Manager, read by
 * CloudFormation as it deploys, and known to nobody who may not read the stack's resources.
 *
 * Invariant: of two versions that follow each other the function takes both, so that a change of
 *            the secret refuses nothing while CloudFront's locations still send the one before.
 */
import { Validations } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/** Letters and digits: some 380 bits. */
const SECRET_CHARACTERS = 64;

/** Which secret it is. */
export interface OriginSecretProps {
  /** Raised by one for a new secret. */
  readonly version: number;
}

/** One secret, or two once it was changed. */
export class OriginSecret extends Construct {
  /** What the edge sends, as a reference that CloudFormation resolves. */
  readonly sent: string;
  /** What the gateway takes, as it reads it: comma-separated, the newest first. */
  readonly accepted: string;

  constructor(scope: Construct, id: string, { version }: OriginSecretProps) {
    super(scope, id);
    this.sent = this.#create(version);
    // Its logical id is the one that it had as the newest: its value stays as it was.
    this.accepted = version === 1 ? this.sent : `${this.sent},${this.#create(version - 1)}`;
  }

  #create(version: number): string {
    const secret = new Secret(this, `Version${version}`, {
      description: `hardcap: what CloudFront proves itself by to the gateway, version ${version}`,
      generateSecretString: { passwordLength: SECRET_CHARACTERS, excludePunctuation: true },
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Who reads it are a function and a distribution, which are told of a new value by a ' +
        'deployment only: the setting edgeSecretVersion changes it, without an outage.',
    });
    // Unsafe means that it may stand in a template; what stands there is the reference.
    return secret.secretValue.unsafeUnwrap();
  }
}
