import { ArnFormat, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { useKey } from '../access/use-key';
import { MezmoLogForwarder } from '../forwarder';
import { hash, place } from '../references';
import { isKnown, refuse, show } from '../validate';
import { KinesisStreamOptions } from './kinesis-stream';

/**
 * Properties of a `MezmoLogReceiver`.
 */
export interface MezmoLogReceiverProps {
  /**
   * The forwarder that reads the stream.
   *
   * @default - none: it is read already, as that of a receiver in another region is
   */
  readonly forwarder?: MezmoLogForwarder;

  /**
   * The organization whose accounts may send, such as `o-a1b2c3d4e5`. This account must be one of them.
   *
   * @default - `accounts` alone may send
   */
  readonly organizationId?: string;

  /**
   * The accounts that may send, each by its 12 digits.
   *
   * @default - those of `organizationId` alone may send
   */
  readonly accounts?: string[];

  /**
   * The stream that log events go through. It may be of another region, where the forwarder is.
   *
   * @default - one of its own: on demand, encrypted with AWS's key for Kinesis, deleted with the stack
   */
  readonly stream?: kinesis.IStream;

  /**
   * How the forwarder reads the stream.
   *
   * @default - as `addKinesisStream` does
   */
  readonly streamOptions?: KinesisStreamOptions;

  /**
   * The destination's name, by which the sender knows it.
   *
   * @default - a short name that is the same at every synthesis
   */
  readonly destinationName?: string;
}

/** CloudWatch's limit for a destination's access policy, in bytes. */
const LARGEST_POLICY = 5120;

/**
 * Receives log events of other accounts: a CloudWatch Logs destination, and the Kinesis data stream behind it.
 *
 * Log groups send to a destination of their own region. The account that they are in has a `MezmoLogSender`.
 *
 * @example
 * const secret = secretsmanager.Secret.fromSecretNameV2(this, 'MezmoIngestionKey', 'MezmoIngestionKey');
 * const forwarder = new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 * });
 * new MezmoLogReceiver(this, 'Receiver', { forwarder: forwarder, organizationId: 'o-a1b2c3d4e5', destinationName: 'mezmo' });
 */
export class MezmoLogReceiver extends Construct {
  /** The destination's ARN, which the sender needs. */
  public readonly destinationArn: string;

  /** The stream. */
  public readonly stream: kinesis.IStream;

  /** The role by which CloudWatch Logs writes to the stream. */
  public readonly role: iam.IRole;

  public constructor(scope: Construct, id: string, props: MezmoLogReceiverProps) {
    super(scope, id);
    const { forwarder, organizationId, accounts = [] } = props;
    const name = props.destinationName ?? `mezmo-${hash(place(this))}`;
    this.check(props, name);

    this.stream = props.stream ?? new kinesis.Stream(this, 'Stream', {
      streamMode: kinesis.StreamMode.ON_DEMAND,
      encryption: kinesis.StreamEncryption.MANAGED,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stack = Stack.of(this);
    const logsOf = (account: string) => stack.formatArn({ service: 'logs', account, resource: '*', arnFormat: ArnFormat.NO_RESOURCE_NAME });
    const service = new iam.ServicePrincipal('logs.amazonaws.com');
    // CloudWatch Logs tries the stream for this account, and writes to it for those that send.
    const role = new iam.Role(this, 'Role', {
      assumedBy: service.withConditions({ StringLike: { 'aws:SourceArn': [stack.account, ...accounts].map(logsOf) } }),
    });
    if (organizationId !== undefined) {
      role.assumeRolePolicy!.addStatements(new iam.PolicyStatement({
        actions: ['sts:AssumeRole'],
        principals: [service.withConditions({ StringEquals: { 'aws:SourceOrgID': organizationId } })],
      }));
    }
    this.role = role;
    const policy = new iam.Policy(this, 'Policy', {
      statements: [
        new iam.PolicyStatement({ actions: ['kinesis:PutRecord'], resources: [this.stream.streamArn] }),
        ...useKey('kinesis', this.stream.env.region, this.stream.encryptionKey?.keyArn, 'kms:GenerateDataKey'),
      ],
    });
    role.attachInlinePolicy(policy);

    this.destinationArn = stack.formatArn({ service: 'logs', resource: 'destination', resourceName: name, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    const destination = new logs.CfnDestination(this, 'Destination', {
      destinationName: name,
      roleArn: role.roleArn,
      targetArn: this.stream.streamArn,
      destinationPolicy: stack.toJsonString(this.accessPolicy(accounts, organizationId)),
    });
    // CloudWatch Logs puts a test message when the destination is made.
    destination.node.addDependency(policy);
    forwarder?.addKinesisStream(this.stream, props.streamOptions);
  }

  /** Who may subscribe log groups, and their whole account, to the destination. */
  private accessPolicy(accounts: string[], organizationId?: string): Record<string, unknown> {
    const allow = { Effect: 'Allow', Action: ['logs:PutSubscriptionFilter', 'logs:PutAccountPolicy'], Resource: this.destinationArn };
    const statements = [
      ...(accounts.length ? [{ ...allow, Principal: { AWS: accounts } }] : []),
      ...(organizationId === undefined ? [] : [{ ...allow, Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': organizationId } } }]),
    ];
    const policy = { Version: '2012-10-17', Statement: statements };
    const bytes = Buffer.byteLength(JSON.stringify(policy));
    if (bytes > LARGEST_POLICY) {
      refuse(this, `accounts are ${accounts.length}, which makes an access policy of ${bytes} bytes; CloudWatch takes ${LARGEST_POLICY}: give their organizationId, or divide them between receivers`);
    }
    return policy;
  }

  private check(props: MezmoLogReceiverProps, name: string): void {
    if (isKnown(name) && !/^[^:*]{1,512}$/.test(name)) {
      refuse(this, `destinationName is ${show(name)}; give 1 to 512 characters without ":" and "*"`);
    }
    if (Token.isUnresolved(props.accounts)) {
      refuse(this, 'accounts is a list known only at deployment; give a list of texts, each of which may be a token');
    }
    for (const account of props.accounts ?? []) {
      if (isKnown(account) && !/^\d{12}$/.test(account)) refuse(this, `accounts holds ${show(account)}; give the 12 digits of an account's number`);
    }
    if (isKnown(props.organizationId) && !/^o-[a-z0-9]{10,32}$/.test(props.organizationId)) {
      refuse(this, `organizationId is ${show(props.organizationId)}; give an organization's id, such as o-a1b2c3d4e5`);
    }
    if (props.organizationId === undefined && !props.accounts?.length) {
      refuse(this, 'neither organizationId nor accounts is given, so that nobody may send; give one of them');
    }
    if (props.streamOptions && !props.forwarder) {
      refuse(this, 'streamOptions is given without a forwarder, which would read the stream by them; give one, or leave streamOptions out');
    }
  }
}
