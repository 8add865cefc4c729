import { Annotations, ArnFormat, AspectPriority, Aspects, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, IConstruct } from 'constructs';
import { letLogsUse, ownKey } from './access/encryption-key';
import { bypassProxy, Calls, letOut, makeEndpoints, VpcEndpointsOptions } from './access/network';
import { wildcardsByDesign } from './by-design';
import { checkLoss, checkProps, checkRedrive } from './check-props';
import { UndeliveredStore, UndeliveredStoreBinding } from './delivery/undelivered-store';
import { MezmoLogForwarderProps } from './forwarder-props';
import { functionProps, hashKeyVariable, ownCode, vendorCode } from './function/function-code';
import { Redrive, REDRIVE_INTERVAL } from './function/redrive';
import { SubscriptionSettings } from './function/subscription-settings';
import { KinesisStreamOptions, readStream } from './sources/kinesis-stream';
import { checkFilters } from './subscriptions/check-filters';
import { OwnLogGroups } from './subscriptions/own-log-groups';
import { subscribeAccount, SubscribeAccountOptions } from './subscriptions/subscribe-account';
import { SubscribeAll, SubscribeAllOptions } from './subscriptions/subscribe-all';
import { SubscribeOptions, Subscriptions } from './subscriptions/subscription';
import { refuse, showResolved } from './validate';
import { keepMetricLines, MetricsDetail } from './watching/metrics';
import { Watched } from './watching/watched';
import { WatchedForwarder } from './watching/watched-forwarder';

/**
 * Options for reading the subscribed log groups.
 */
export interface LogAccessOptions {
  /**
   * Whether the actions that know no log group are allowed as well, on `*`.
   *
   * @default false
   */
  readonly accountWide?: boolean;
}

/** What CloudWatch Logs can allow on `*` only. */
const ACCOUNT_WIDE_ACTIONS = [
  'logs:DescribeAccountPolicies',
  'logs:DescribeDestinations',
  'logs:DescribeExportTasks',
  'logs:DescribeQueries',
  'logs:DescribeQueryDefinitions',
  'logs:DescribeResourcePolicies',
  'logs:GetQueryResults',
  'logs:TestMetricFilter',
];

/** IAM's limit for all policies of a role's own, in characters. */
const POLICY_LIMIT = 10_240;

/** What Lambda needs to put a function into a VPC; EC2 can allow these on `*` only. */
const VPC_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * Forwards CloudWatch logs to Mezmo: a function, its role and log group, and a subscription filter for each log group.
 *
 * @example
 * const secret = secretsmanager.Secret.fromSecretNameV2(this, 'MezmoIngestionKey', 'MezmoIngestionKey');
 * const forwarder = new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 * });
 * forwarder.subscribe(logs.LogGroup.fromLogGroupName(this, 'App', '/aws/ecs/MyApplicationLogGroup'));
 */
export class MezmoLogForwarder extends WatchedForwarder implements iam.IGrantable, ec2.IConnectable, logs.ILogSubscriptionDestination {
  /** The function. */
  public readonly function: lambda.Function;

  /** The function's role. */
  public readonly role: iam.IRole;

  /** The log group of the forwarder's own logs. */
  public readonly logGroup: logs.ILogGroup;

  /** The principal to grant permissions to: the role. The re-drive has a role of its own, that of `redriveFunction`. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** The bucket that keeps what is undelivered, if there is one. */
  public readonly undeliveredBucket?: s3.IBucket;

  /** The function that sends again what is undelivered, if there is a bucket that keeps it. */
  public readonly redriveFunction?: lambda.Function;

  /** @internal */
  public readonly _watched: Watched;

  private readonly invokePermission: lambda.CfnPermission;
  private readonly policy: iam.Policy;
  private readonly store?: UndeliveredStoreBinding;
  private readonly vendor: boolean;
  private readonly policies: iam.Policy[];
  private readonly oneRole: boolean;
  private readonly readsTags: boolean;
  private readonly subscriptions: Subscriptions;
  private readonly subscriptionSettings: SubscriptionSettings;
  private all?: SubscribeAll;
  private readonly props: MezmoLogForwarderProps;
  private readonly calls: Calls;

  public constructor(scope: Construct, id: string, props: MezmoLogForwarderProps) {
    super(scope, id);
    checkProps(this, props);

    this.role = props.role ?? new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.grantPrincipal = this.role.grantPrincipal;
    const key = ownKey(this, props.encryptionKey);
    if (key && props.encryptionKey && !props.logGroup) letLogsUse(this, props.encryptionKey);
    this.logGroup = props.logGroup ?? new logs.LogGroup(this, 'LogGroup', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.vendor = props.code !== undefined;
    const settings = new SubscriptionSettings(this, () => [this.function, this.redriveFunction], hashKeyVariable(props));
    Aspects.of(this).add(settings, { priority: AspectPriority.READONLY });
    this.subscriptions = new Subscriptions(this, this.logGroup, this.vendor ? undefined : settings, props.logGroupTags);
    this.readsTags = (props.logGroupTags ?? []).length > 0;
    this.subscriptionSettings = settings;
    OwnLogGroups.of(this).claim(this, this.logGroup);
    this.node.addValidation({ validate: () => checkFilters(this, this.subscriptions.referredStacks) });

    this.store = (props.undeliveredStore ?? UndeliveredStore.bucket())._bind(this, key);
    this.undeliveredBucket = this.store?.bucket;
    checkRedrive(this, props, this.store !== undefined);
    checkLoss(this, props, this.store !== undefined);

    const code = props.code ? vendorCode(this, props, props.code) : ownCode(this, props, this.store, settings);
    const statements = [
      new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [this.logGroup.logGroupArn] }),
      ...(props.vpc ? [new iam.PolicyStatement({ actions: VPC_ACTIONS, resources: ['*'] })] : []),
    ];
    const granted = [...statements, ...code.statements, ...this.store?.keeping ?? []];
    const tags = this.readsTags ? [readTags(Lazy.list({ produce: () => this.subscriptions.groupArns }))] : [];
    this.policy = new iam.Policy(this, 'Policy', { statements: [...granted, ...tags] });
    this.role.attachInlinePolicy(this.policy);
    wildcardsByDesign(this.policy);
    this.policies = [this.policy];
    this.oneRole = props.role !== undefined;

    const maxEventAge = props.maxEventAge ?? Duration.hours(6);
    const json = (props.loggingFormat ?? lambda.LoggingFormat.JSON) === lambda.LoggingFormat.JSON;
    const common = {
      architecture: props.architecture ?? lambda.Architecture.ARM_64,
      memorySize: props.memorySize ?? 128,
      layers: props.layers,
      tracing: props.tracing ?? lambda.Tracing.DISABLED,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      ipv6AllowedForDualStack: props.ipv6AllowedForDualStack,
      // Lambda lets the role decrypt them by a grant of its own.
      environmentEncryption: key,
      logGroup: this.logGroup,
      loggingFormat: json ? lambda.LoggingFormat.JSON : lambda.LoggingFormat.TEXT,
      // Lambda's own START and REPORT lines would be longer than the handler's.
      systemLogLevelV2: json ? lambda.SystemLogLevel.WARN : undefined,
    };
    const ownSecurityGroup = props.vpc && !props.securityGroups?.length;
    this.function = new lambda.Function(this, 'Function', {
      ...common,
      ...functionProps(this, code, props.environment),
      // Three requests that hang and the waits between them; shorter gives up on a Mezmo that is only slow.
      timeout: props.timeout ?? Duration.seconds(60),
      retryAttempts: props.retryAttempts ?? 2,
      maxEventAge,
      onFailure: this.store?.onFailure,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      functionName: props.functionName,
      description: props.description ?? 'Forwards CloudWatch logs to Mezmo',
      role: this.role,
      securityGroups: props.securityGroups,
      allowAllOutbound: ownSecurityGroup ? false : undefined,
    });
    code.byDesign?.(this.function);
    if (ownSecurityGroup) letOut(this.function, code.destination, props);
    // How it is invoked is a child of the function: Lambda tries the role when that names the bucket.
    this.function.node.addDependency(this.policy);

    if (this.store) {
      const redrive = new Redrive(this, 'Redrive', { forwarder: props, target: this.function, code, store: this.store, common, statements: [...statements, ...tags] });
      this.redriveFunction = redrive.function;
      this.policies.push(redrive.policy);
      if (props.role) granted.push(...redrive.statements.filter((statement) => !tags.includes(statement)));
    }
    if (this.readsTags) this.wantsGroups('logGroupTags is given', 'leave it out');
    this.warnUnlessAttached(granted, props.tracing);
    this.props = props;
    this.calls = {
      secretsManager: code.keySource === 'secrets-manager',
      ssm: code.keySource === 'ssm-parameter',
      lambda: this.vendor && this.store !== undefined,
      logs: this.readsTags,
      s3: this.store !== undefined,
    };

    const stack = Stack.of(this);
    this.invokePermission = new lambda.CfnPermission(this, 'InvokePermission', {
      action: 'lambda:InvokeFunction',
      functionName: this.function.functionArn,
      principal: 'logs.amazonaws.com',
      sourceAccount: stack.account,
      sourceArn: stack.formatArn({ service: 'logs', resource: 'log-group', resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME }),
    });
    if (props.retryAttempts === 0 && !this.store) {
      Annotations.of(this).addWarningV2('mezmo-forwarder:zeroRetries',
        'retryAttempts is 0 and nothing keeps the events of an invocation that fails: their lines are lost. Leave retryAttempts out, or acknowledge this');
    }
    if (!this.vendor && props.metricsDetail !== MetricsDetail.NONE) {
      [this.function, this.redriveFunction].forEach((fn) => fn && keepMetricLines(fn));
    }
    this._watched = {
      function: this.function,
      redrive: this.redriveFunction && { function: this.redriveFunction, interval: props.redriveInterval ?? REDRIVE_INTERVAL },
      detail: this.vendor ? undefined : props.metricsDetail ?? MetricsDetail.FORWARDER,
      maxEventAge,
      memorySize: common.memorySize,
      architecture: common.architecture,
    };
  }

  /**
   * Manages the connections of the function's network interfaces, and throws without a `vpc`.
   */
  public get connections(): ec2.Connections {
    return this.function.connections;
  }

  /**
   * Make the VPC endpoints that the functions need to reach AWS: of Secrets Manager or Parameter Store, whichever keeps the key,
   * a gateway of S3 for the undelivered store, with `logGroupTags` of CloudWatch Logs, and with vendor code of Lambda. With a proxy in `environment` they get past it (`NO_PROXY`).
   *
   * A VPC takes each once. Another forwarder there is let in by each endpoint's connections, with `allowDefaultPortFrom`.
   *
   * @returns the interface endpoints
   */
  public addVpcEndpoints(options: VpcEndpointsOptions = {}): ec2.InterfaceVpcEndpoint[] {
    const { vpc, vpcSubnets, environment = {} } = this.props;
    if (vpc === undefined) {
      refuse(this, 'addVpcEndpoints is called without a vpc; give vpc, or leave the call out');
    }
    const made = makeEndpoints(this, this.function, vpc, options.subnets ?? vpcSubnets, this.calls);
    bypassProxy([this.function, ...(this.redriveFunction ? [this.redriveFunction] : [])], environment, this.calls);
    return made;
  }

  /**
   * Forward a log group's events.
   *
   * The filter belongs to the forwarder, so its stack depends on the log group's and never the other way. A log group that is
   * subscribed twice with the same pattern is refused, and so is the forwarder's own.
   *
   * @param logGroup one of this stack, of another stack, or one that exists already
   *
   * @example
   * forwarder.subscribe(logs.LogGroup.fromLogGroupName(this, 'Shop', '/aws/ecs/shop'), {
   *   filterPattern: logs.FilterPattern.anyTerm('ERROR', 'WARN'),
   *   mezmoTags: ['web'],
   * });
   */
  public subscribe(logGroup: logs.ILogGroupRef, options: SubscribeOptions = {}): logs.SubscriptionFilter {
    return this.subscriptions.add(logGroup, options);
  }

  /**
   * Forward the events of every log group that a scope makes, whether you, another construct or an aspect makes it, now or later.
   *
   * A log group that is subscribed otherwise keeps its own options, and the first call is the one that counts. Forwarders' own
   * log groups are left out, and with a warning those that cannot be subscribed.
   *
   * @param scope the app, a stage, a stack or any other construct, of the forwarder's own app and stage
   *
   * @example
   * forwarder.subscribeAll(this, { excludeLogGroups: [LogGroupMatch.name('/aws/codebuild/*')] });
   */
  public subscribeAll(scope: IConstruct, options: SubscribeAllOptions = {}): void {
    this.all ??= new SubscribeAll(this, this.subscriptions);
    this.all.add(scope, options);
  }

  /**
   * Forward the events of all log groups of the account and region, those to come included, by the account's one subscription policy.
   *
   * The forwarder's own log group is left out, and those that it subscribes singly, whichever call comes first. CloudWatch takes
   * one such policy in an account and region: a second is refused where it can be seen.
   *
   * @example
   * forwarder.subscribeAccount({ excludeLogGroupPrefixes: ['/aws/codebuild/'] });
   */
  public subscribeAccount(options: SubscribeAccountOptions = {}): logs.CfnAccountPolicy {
    const policy = subscribeAccount({
      forwarder: this,
      functionArn: this.function.functionArn,
      ownLogGroup: this.logGroup,
      subscriptions: this.subscriptions,
      settings: this.vendor ? undefined : this.subscriptionSettings,
    }, options);
    policy.node.addDependency(this.invokePermission);
    if (this.readsTags) this.warnUnlessAttached([readTags(this.subscriptions.groupArns)]);
    return policy;
  }

  /**
   * Forward what CloudWatch Logs writes to a Kinesis data stream: the way across accounts, and for very many events.
   *
   * @param stream one of this region; with vendor code, or when it is added already, it is refused
   *
   * @example
   * const stream = new kinesis.Stream(this, 'Stream');
   * forwarder.addKinesisStream(stream, { parallelizationFactor: 2 });
   */
  public addKinesisStream(stream: kinesis.IStream, options: KinesisStreamOptions = {}): lambda.EventSourceMapping {
    if (this.vendor) {
      refuse(this, 'addKinesisStream is called with vendor code, which may know no events of Kinesis; leave the call out, or leave code out to run our handler');
    }
    const { mapping, statements } = readStream(this, this.function, stream, options, this.store?.onFailure);
    this.policy.addStatements(...statements);
    this.warnUnlessAttached(statements);
    mapping.node.addDependency(this.policy);
    this._watchStream();
    return mapping;
  }

  /**
   * Let the function read the subscribed log groups, now and later: `logs:Describe*` and `logs:Get*` on each.
   *
   * Refused where no log group is subscribed, or more than one policy can name.
   */
  public allowLogAccess(options: LogAccessOptions = {}): void {
    const arns = Lazy.list({ produce: () => this.subscriptions.groupArns.flatMap((arn) => [arn, `${arn}:*`]) });
    const statements = [new iam.PolicyStatement({ actions: ['logs:Describe*', 'logs:Get*'], resources: arns })];
    if (options.accountWide) {
      statements.push(new iam.PolicyStatement({ actions: ACCOUNT_WIDE_ACTIONS, resources: ['*'] }));
    }
    this.policy.addStatements(...statements);
    this.warnUnlessAttached(statements);
    this.wantsGroups('allowLogAccess was called', 'leave the call out');
  }

  /**
   * Called by CDK's `SubscriptionFilter` when the forwarder is its destination.
   *
   * @param scope the filter
   * @param sourceLogGroup its log group
   */
  public bind(scope: Construct, sourceLogGroup: logs.ILogGroupRef): logs.LogSubscriptionDestinationConfig {
    this.subscriptions.bound(scope, sourceLogGroup);
    // The groups are not known before.
    if (this.readsTags) this.warnUnlessAttached([readTags([this.subscriptions.arnOf(sourceLogGroup.logGroupRef.logGroupName)])]);
    // CloudWatch tries the function when the filter is made.
    scope.node.addDependency(this.invokePermission);
    return { arn: this.function.functionArn };
  }

  /** Refuse what is about the subscribed log groups where there are none, or more than a policy can name. */
  private wantsGroups(what: string, remedy: string): void {
    this.node.addValidation({
      validate: () => {
        const count = this.subscriptions.groupArns.length;
        if (count === 0) return [`${what}, but no log group is subscribed; subscribe one, or ${remedy}`];
        const lengths = this.policies.map(({ document }) => showResolved(Stack.of(this).resolve(document)).replaceAll('${AWS::Partition}', 'aws').length);
        const length = this.oneRole ? lengths.reduce((sum, one) => sum + one) : Math.max(...lengths);
        return length <= POLICY_LIMIT ? [] : [`${what} with ${count} subscribed log groups, by whose names a role's policies have ${length} characters; IAM takes ${POLICY_LIMIT}: subscribe some of them with another forwarder, or ${remedy}`];
      },
    });
  }

  /** Warn where CDK may not change the role: a policy attached to it has no roles then. */
  private warnUnlessAttached(statements: iam.PolicyStatement[], tracing?: lambda.Tracing): void {
    const stack = Stack.of(this);
    const attached = stack.resolve((this.policy.node.defaultChild as iam.CfnPolicy).roles);
    if (attached !== undefined || this.role instanceof iam.LazyRole) return;
    const document = showResolved(stack.resolve(new iam.PolicyDocument({ statements })));
    const traced = tracing === undefined || tracing === lambda.Tracing.DISABLED ? '' : ', and xray:PutTraceSegments and xray:PutTelemetryRecords on "*"';
    Annotations.of(this).addWarningV2('mezmo-forwarder:immutableRole',
      `role ${this.role.node.path} may not be changed by CDK. Give it this policy before the deployment (with a logGroup of your own its name is known before): ${document}${traced}`);
  }
}

/** What reading the tags of log groups needs. */
function readTags(groupArns: string[]): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions: ['logs:ListTagsForResource'], resources: groupArns });
}
