import { Duration, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { MezmoDestination } from './delivery/destination';
import { IngestionKey } from './delivery/ingestion-key';
import { UndeliveredStore } from './delivery/undelivered-store';
import { VendorCode } from './function/vendor-code';
import { LineFormat } from './lines/line-format';
import { LineOptions } from './lines/line-options';
import { LogGroupTags } from './lines/log-group-tags';
import { MetricsDetail } from './watching/metrics';

/**
 * Properties of a `MezmoLogForwarder`.
 */
export interface MezmoLogForwarderProps extends LineOptions {
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
   * Whether lines are named by the service that wrote them, and get level and trace from JSON messages.
   *
   * @default true
   */
  readonly recognize?: boolean;

  /**
   * A name of the account, such as `production`, for `meta` and templates, at most 64 characters.
   *
   * @default - none
   */
  readonly accountAlias?: string;

  /**
   * Tags of its log group that each line gets.
   *
   * Both roles may call `logs:ListTagsForResource` on the subscribed log groups. In a VPC that needs a way to CloudWatch Logs.
   *
   * @default - none; no tags are read
   */
  readonly logGroupTags?: LogGroupTags[];

  /**
   * The key of the hashes that `RedactionKeep.HASH` keeps: the whole string of a secret, which may be one that CDK generates.
   *
   * CloudFormation writes it into the function's environment: whoever may read the function's configuration reads it. Who reads lines in Mezmo does not.
   *
   * @default - none; needed if a rule keeps a hash
   */
  readonly redactHashKey?: secretsmanager.ISecret;

  /**
   * How long the function keeps the ingestion key before it reads it again, from 1 second to 1 day. A key that Mezmo refuses is read again at once.
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
   * The function's memory, from 128 to 10240 MB. Lambda gives CPU by it.
   *
   * @default 128
   */
  readonly memorySize?: number;

  /**
   * How long one invocation may take, from 1 second to 15 minutes. Retries stay inside it. One too short for a slow request gets a warning.
   *
   * @default Duration.seconds(60)
   */
  readonly timeout?: Duration;

  /**
   * How often Lambda repeats an invocation that failed: 0, 1 or 2. CloudWatch itself never repeats one.
   *
   * What fails to the last goes to the undelivered store.
   *
   * @default 2 - Lambda's most: most of what fails passes within the few minutes that this takes, sooner than a re-drive
   */
  readonly retryAttempts?: number;

  /**
   * How long Lambda keeps an event that it could not hand to the function, from 1 minute to 6 hours.
   *
   * One that grows older goes to the undelivered store.
   *
   * @default Duration.hours(6) - Lambda's most: an event waits for a free execution, at no cost
   */
  readonly maxEventAge?: Duration;

  /**
   * Where events and lines are kept that could not be delivered, until the re-drive sends them again.
   *
   * The re-drive looks into this bucket alone: change it for another while it is empty.
   *
   * @default UndeliveredStore.bucket() - a bucket of the forwarder's own, which is kept when the stack goes
   */
  readonly undeliveredStore?: UndeliveredStore;

  /**
   * How often the re-drive looks for what is undelivered, in whole minutes from 1 minute to 1 day.
   *
   * @default Duration.minutes(5)
   */
  readonly redriveInterval?: Duration;

  /**
   * How much the re-drive sends in a second, before compression, at least 1 KiB and at most 1 GiB.
   *
   * @default Size.mebibytes(1)
   */
  readonly redriveRate?: Size;

  /**
   * Which metrics the forwarder publishes about itself.
   *
   * @default MetricsDetail.FORWARDER - with vendor code none
   */
  readonly metricsDetail?: MetricsDetail;

  /**
   * How many invocations may run at a time. With 0 nothing is forwarded: a pause.
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
   * Further variables, such as `HTTPS_PROXY` or `SSL_CERT_FILE`. All variables take 4 KB. One that looks like an ingestion key is refused.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Layers of the function. With vendor code the re-drive, which is ours, goes without them.
   *
   * @default - none
   */
  readonly layers?: lambda.ILayerVersion[];

  /**
   * The function's role, and the re-drive's. One that CDK may not change gets a warning that prints the policy it must have.
   *
   * @default - a role for each, which may do what its function needs and nothing else
   */
  readonly role?: iam.IRole;

  /**
   * X-Ray tracing.
   *
   * @default lambda.Tracing.DISABLED
   */
  readonly tracing?: lambda.Tracing;

  /**
   * The VPC to run in. It must let the function reach Mezmo, the service that keeps the key and S3, with vendor code Lambda too.
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
   * Whether the functions may reach the internet by IPv6, in subnets that have both.
   *
   * @default false
   */
  readonly ipv6AllowedForDualStack?: boolean;

  /**
   * The security groups of the function and the re-drive.
   *
   * @default - one of their own, which lets nothing in, and out by TCP on 443 and the ports of the destination and of a proxy in `environment`
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * A customer-managed KMS key for what the forwarder makes: the undelivered store's bucket, its own log group, the variables of both functions.
   *
   * A bucket or log group that you bring keeps its own key, as does the secret. The key's policy gets a statement for CloudWatch
   * Logs; where CDK may not change it, a warning prints that.
   *
   * @default - AWS's own keys
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * The log group that the forwarder's own logs go to. Its retention is its own to say, so `logRetention` is refused beside it.
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
