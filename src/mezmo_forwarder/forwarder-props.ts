import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { MezmoDestination } from './destination';
import { IngestionKey } from './ingestion-key';
import { LineFormat, MetaField } from './line-format';
import { VendorCode } from './vendor-code';

/**
 * Properties of a `MezmoLogForwarder`.
 */
export interface MezmoLogForwarderProps {
  /**
   * Where Mezmo's ingestion key is kept.
   */
  readonly ingestionKey: IngestionKey;

  /**
   * Where lines go.
   *
   * @default - Mezmo Log Analysis, at `https://logs.mezmo.com`
   */
  readonly destination?: MezmoDestination;

  /**
   * What one line in Mezmo looks like.
   *
   * @default LineFormat.STANDARD
   */
  readonly lineFormat?: LineFormat;

  /**
   * What `meta` holds in `LineFormat.STANDARD`. Mezmo bills by size: the README says what each field adds to a line.
   *
   * @default - all of them
   */
  readonly metaFields?: MetaField[];

  /**
   * The hostname of every line, at most 256 characters. Mezmo cuts it at the first dot.
   *
   * @default - the log group's name
   */
  readonly hostname?: string;

  /**
   * The app of every line, at most 512 characters.
   *
   * @default - the last part of the log group's name
   */
  readonly app?: string;

  /**
   * The environment (`env`) of every line.
   *
   * @default - none
   */
  readonly mezmoEnv?: string;

  /**
   * The tags of every line.
   *
   * @default - none
   */
  readonly mezmoTags?: string[];

  /**
   * How long the function keeps the ingestion key before it reads it again. A key that Mezmo refuses is read again at once.
   *
   * @default Duration.hours(1)
   */
  readonly keyLifetime?: Duration;

  /**
   * A vendor's code, such as Mezmo's own Lambda, to run in place of our handler.
   *
   * @default - our handler
   */
  readonly code?: VendorCode;

  /**
   * The function's runtime: Python 3.13 or 3.14, for which the handler's modules are packed.
   *
   * @default - Python 3.13; for vendor code what the code says
   */
  readonly runtime?: lambda.Runtime;

  /**
   * The function's architecture.
   *
   * @default lambda.Architecture.ARM_64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * The function's memory, in MB. Lambda gives CPU by it.
   *
   * @default 128
   */
  readonly memorySize?: number;

  /**
   * How long one invocation may take. Retries stay inside it.
   *
   * @default Duration.seconds(60)
   */
  readonly timeout?: Duration;

  /**
   * How often Lambda repeats an invocation that failed: 0, 1 or 2. CloudWatch itself never repeats one.
   *
   * @default 2
   */
  readonly retryAttempts?: number;

  /**
   * How long Lambda keeps an event that it could not hand to the function.
   *
   * @default Duration.hours(6)
   */
  readonly maxEventAge?: Duration;

  /**
   * How many invocations may run at a time.
   *
   * @default - no limit but the account's
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * The function's name.
   *
   * @default - CloudFormation makes one
   */
  readonly functionName?: string;

  /**
   * The function's description.
   *
   * @default "Forwards CloudWatch logs to Mezmo"
   */
  readonly description?: string;

  /**
   * Further variables, such as `HTTPS_PROXY` or `SSL_CERT_FILE`.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Layers of the function.
   *
   * @default - none
   */
  readonly layers?: lambda.ILayerVersion[];

  /**
   * The function's role. One that CDK may not change gets a warning that prints the policy it must have.
   *
   * @default - a role that may read the key and write the forwarder's log group, nothing else
   */
  readonly role?: iam.IRole;

  /**
   * X-Ray tracing.
   *
   * @default lambda.Tracing.DISABLED
   */
  readonly tracing?: lambda.Tracing;

  /**
   * The VPC to run in. It must let the function reach Mezmo and the service that keeps the key.
   *
   * @default - none
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets to run in.
   *
   * @default - the VPC's private subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the function.
   *
   * @default - one of its own
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * The log group that the forwarder's own logs go to.
   *
   * @default - one of its own, deleted with the stack
   */
  readonly logGroup?: logs.ILogGroup;

  /**
   * How long the forwarder's own log group keeps its logs.
   *
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * The format of the forwarder's own logs.
   *
   * @default lambda.LoggingFormat.JSON
   */
  readonly loggingFormat?: lambda.LoggingFormat;
}
