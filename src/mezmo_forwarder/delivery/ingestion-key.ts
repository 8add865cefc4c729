import { Annotations, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { IConstruct } from 'constructs';
import { useKey } from '../access/use-key';
import { isKnown, refuse, show } from '../validate';

/**
 * Where Mezmo's ingestion key is kept.
 *
 * The key itself never stands in a template: the function reads it when it runs, or CloudFormation resolves it.
 *
 * @example
 * const secret = secretsmanager.Secret.fromSecretNameV2(this, 'MezmoIngestionKey', 'MezmoIngestionKey');
 * new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 * });
 */
export abstract class IngestionKey {
  /**
   * A secret in Secrets Manager, read by the function when it runs. Rotation needs no deployment.
   *
   * @param secret one of this app, or one looked up by complete ARN, partial ARN or name
   * @param field the field of the secret's JSON that holds the key; without it the whole string is the key
   */
  public static fromSecretsManager(secret: secretsmanager.ISecret, field?: string): IngestionKey {
    return new SecretKey(secret, field);
  }

  /**
   * A SecureString in Systems Manager Parameter Store, read by the function when it runs. Rotation needs no deployment.
   *
   * A customer-managed KMS key is granted when the parameter names it, as
   * `StringParameter.fromSecureStringParameterAttributes` does with `encryptionKey`. A parameter that this app makes is
   * refused: it would hold the key as plain text in the template.
   *
   * @param parameter one that exists already, looked up by name or ARN
   */
  public static fromSsmParameter(parameter: ssm.IParameter): IngestionKey {
    return new ParameterKey(parameter);
  }

  /**
   * The tutorial's way: CloudFormation reads the secret at deployment and writes the key into the function's environment.
   *
   * What it costs: whoever may read the function's configuration reads the key, and a rotation needs a deployment.
   *
   * @param secret one that exists before this stack is deployed
   * @param field the field of the secret's JSON that holds the key; without it the whole string is the key
   */
  public static fromDynamicReference(secret: secretsmanager.ISecret, field?: string): IngestionKey {
    return new DynamicReferenceKey(secret, field);
  }

  /**
   * How our own handler gets the key.
   * @internal
   */
  public abstract _bind(scope: IConstruct): IngestionKeyBinding;

  /**
   * The value of a vendor's variable that holds the key.
   * @internal
   */
  public abstract _value(scope: IConstruct): string;
}

/** @internal */
export interface IngestionKeyBinding {
  /** The `key` of the handler's settings. */
  readonly settings: { source: string; id?: string; field?: string; variable?: string };
  /** What the role must be allowed. */
  readonly statements: iam.PolicyStatement[];
  /** Variables that the function must have. */
  readonly environment: Record<string, string>;
}

const KEY_VARIABLE = 'MEZMO_INGESTION_KEY';

class SecretKey extends IngestionKey {
  public constructor(protected readonly secret: secretsmanager.ISecret, protected readonly field?: string) {
    super();
  }

  public _bind(scope: IConstruct): IngestionKeyBinding {
    this.check(scope);
    // A name or a partial ARN lacks the six characters that Secrets Manager adds.
    const resource = this.secret.secretFullArn ?? `${this.secret.secretArn}-??????`;
    const id = this.secret.secretFullArn ?? this.secret.secretArn;
    const statements = [
      new iam.PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [resource] }),
      ...useKey('secretsmanager', this.secret.env.region, this.secret.encryptionKey?.keyArn, 'kms:Decrypt'),
    ];
    return { settings: { source: 'secrets-manager', id, field: this.field }, statements, environment: {} };
  }

  public _value(scope: IConstruct): string {
    this.check(scope);
    Annotations.of(scope).addWarningV2('mezmo-forwarder:vendorKeyInEnvironment',
      'vendor code takes its key from the environment: whoever may read the function\'s configuration reads the key, and a ' +
      'rotation needs a deployment. Say so with IngestionKey.fromDynamicReference, or acknowledge this');
    return dynamicReference(this.secret, this.field);
  }

  protected check(scope: IConstruct): void {
    if (this.field !== undefined && !Token.isUnresolved(this.field) && (this.field.trim() === '' || this.field.includes(':'))) {
      refuse(scope, `ingestionKey's field is ${show(this.field)}; give the name of the field of the secret's JSON, or leave it out if the whole secret is the key`);
    }
    const resource = this.secret.node.defaultChild;
    if (!(resource instanceof secretsmanager.CfnSecret)) return;
    if (resource.secretString !== undefined && !Token.isUnresolved(resource.secretString)) {
      refuse(scope, `ingestionKey's secret ${show(this.secret.node.path)} gets its value as plain text, which would stand in the template; leave the value out and put the key in with "aws secretsmanager put-secret-value"`);
    }
    const template = (resource.generateSecretString as { secretStringTemplate?: string } | undefined)?.secretStringTemplate;
    if (isKnown(template) && this.field !== undefined && template.includes(JSON.stringify(this.field))) {
      refuse(scope, `ingestionKey's secret ${show(this.secret.node.path)} has field ${show(this.field)} in its secretStringTemplate as plain text, which would stand in the template; leave it out and put the key in with "aws secretsmanager put-secret-value"`);
    }
    if (resource.generateSecretString !== undefined) {
      const value = this.field === undefined ? '<your ingestion key>' : JSON.stringify({ [this.field]: '<your ingestion key>' });
      Annotations.of(scope).addWarningV2('mezmo-forwarder:generatedSecret',
        `CDK fills ${this.secret.node.path} with a random password, which Mezmo refuses. After the deployment put the key in: ` +
        `aws secretsmanager put-secret-value --secret-id <name or ARN of ${this.secret.node.path}> --secret-string '${value}'`);
    }
  }
}

class DynamicReferenceKey extends SecretKey {
  public _bind(scope: IConstruct): IngestionKeyBinding {
    return {
      settings: { source: 'environment', variable: KEY_VARIABLE },
      statements: [],
      environment: { [KEY_VARIABLE]: this._value(scope) },
    };
  }

  public _value(scope: IConstruct): string {
    this.check(scope);
    return dynamicReference(this.secret, this.field);
  }
}

class ParameterKey extends IngestionKey {
  public constructor(private readonly parameter: ssm.IParameter) {
    super();
  }

  public _bind(scope: IConstruct): IngestionKeyBinding {
    if (this.parameter.node.defaultChild instanceof ssm.CfnParameter) {
      refuse(scope, `ingestionKey's parameter ${show(this.parameter.node.path)} is made by this app, so the key would stand in the template as plain text; make a SecureString with "aws ssm put-parameter --type SecureString" and look it up with StringParameter.fromSecureStringParameterAttributes`);
    }
    const statements = [
      new iam.PolicyStatement({ actions: ['ssm:GetParameter'], resources: [this.parameter.parameterArn] }),
      // CDK's interface leaves out the encryption key, which its looked-up parameters have.
      ...useKey('ssm', this.parameter.env.region, (this.parameter as { encryptionKey?: kms.IKey }).encryptionKey?.keyArn, 'kms:Decrypt'),
    ];
    // By ARN: CDK knows only the last part of the name of a parameter looked up by ARN, and it may be another account's.
    return { settings: { source: 'ssm-parameter', id: this.parameter.parameterArn }, statements, environment: {} };
  }

  public _value(scope: IConstruct): string {
    return refuse(scope, `ingestionKey is the parameter ${show(this.parameter.node.path)}, but vendor code takes its key from the environment, where CloudFormation puts no SecureString; use IngestionKey.fromDynamicReference with a secret`);
  }
}

function dynamicReference(secret: secretsmanager.ISecret, field?: string): string {
  const value = field === undefined ? secret.secretValue : secret.secretValueFromJson(field);
  return value.unsafeUnwrap(); // a {{resolve:...}} reference, not the key
}
