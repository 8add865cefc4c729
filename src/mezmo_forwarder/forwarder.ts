import * as path from 'path';
import { Annotations, ArnFormat, Duration, Lazy, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { MezmoDestination } from './destination';
import { IngestionKey } from './ingestion-key';
import { LineFormat, MetaField } from './line-format';
import { checkEnvironment, SETTINGS_VARIABLE, text } from './settings';
import { SubscribeOptions, Subscriptions } from './subscription';
import { checkRange, checkSeconds, checkText, isKnown, refuse, show, showResolved } from './validate';
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

/** What Lambda needs to put a function into a VPC; EC2 can allow these on `*` only. */
const VPC_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

const VARIABLE_NAME = /^[a-zA-Z]\w+$/;

const RUNTIMES = ['python3.13', 'python3.14'];

/** Mezmo's limit for tags; whether in all or each it does not say. */
const TAGS_LIMIT = 80;

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
export class MezmoLogForwarder extends Construct implements iam.IGrantable, ec2.IConnectable, logs.ILogSubscriptionDestination {
  /** The function. */
  public readonly function: lambda.Function;

  /** The function's role. */
  public readonly role: iam.IRole;

  /** The log group of the forwarder's own logs. */
  public readonly logGroup: logs.ILogGroup;

  /** The principal to grant permissions to: the role. */
  public readonly grantPrincipal: iam.IPrincipal;

  private readonly invokePermission: lambda.CfnPermission;
  private readonly policy: iam.Policy;
  private readonly subscriptions: Subscriptions;

  public constructor(scope: Construct, id: string, props: MezmoLogForwarderProps) {
    super(scope, id);
    this.validate(props);

    this.role = props.role ?? new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.grantPrincipal = this.role.grantPrincipal;
    this.logGroup = props.logGroup ?? new logs.LogGroup(this, 'LogGroup', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.subscriptions = new Subscriptions(this, this.logGroup);

    const { statements, environment, ...code } = props.code ? this.vendorCode(props, props.code) : this.ownCode(props);
    const granted = [
      new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [this.logGroup.logGroupArn] }),
      ...statements,
      ...(props.vpc ? [new iam.PolicyStatement({ actions: VPC_ACTIONS, resources: ['*'] })] : []),
    ];
    this.policy = new iam.Policy(this, 'Policy', { statements: granted });
    this.role.attachInlinePolicy(this.policy);
    this.warnUnlessAttached(granted, props.tracing);
    const variables = { ...props.environment, ...environment };
    this.checkVariables(props, environment, variables);

    const json = (props.loggingFormat ?? lambda.LoggingFormat.JSON) === lambda.LoggingFormat.JSON;
    this.function = new lambda.Function(this, 'Function', {
      ...code,
      architecture: props.architecture ?? lambda.Architecture.ARM_64,
      memorySize: props.memorySize ?? 128,
      // Three requests that hang and the waits between them; shorter gives up on a Mezmo that is only slow.
      timeout: props.timeout ?? Duration.seconds(60),
      // Lambda's most: what fails now may pass in some minutes, and nobody else repeats the event.
      retryAttempts: props.retryAttempts ?? 2,
      maxEventAge: props.maxEventAge,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      functionName: props.functionName,
      description: props.description ?? 'Forwards CloudWatch logs to Mezmo',
      environment: variables,
      layers: props.layers,
      role: this.role,
      tracing: props.tracing ?? lambda.Tracing.DISABLED,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: props.securityGroups,
      logGroup: this.logGroup,
      loggingFormat: json ? lambda.LoggingFormat.JSON : lambda.LoggingFormat.TEXT,
      // Lambda's own START and REPORT lines would be longer than the handler's.
      systemLogLevelV2: json ? lambda.SystemLogLevel.WARN : undefined,
    });
    this.function.node.addDependency(this.policy);

    const stack = Stack.of(this);
    this.invokePermission = new lambda.CfnPermission(this, 'InvokePermission', {
      action: 'lambda:InvokeFunction',
      functionName: this.function.functionArn,
      principal: 'logs.amazonaws.com',
      sourceAccount: stack.account,
      sourceArn: stack.formatArn({ service: 'logs', resource: 'log-group', resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME }),
    });
    if (props.retryAttempts === 0) {
      Annotations.of(this).addWarningV2('mezmo-forwarder:zeroRetries',
        'retryAttempts is 0 and nothing keeps the events of an invocation that fails: their lines are lost. Leave retryAttempts out, or acknowledge this');
    }
  }

  /**
   * Manages the connections of the function's network interfaces; an error without a `vpc`.
   */
  public get connections(): ec2.Connections {
    return this.function.connections;
  }

  /**
   * Forward a log group's events.
   *
   * The filter belongs to the forwarder, so its stack depends on the log group's and never the other way.
   *
   * @param logGroup one of this stack, of another stack, or one that exists already
   */
  public subscribe(logGroup: logs.ILogGroupRef, options: SubscribeOptions = {}): logs.SubscriptionFilter {
    return this.subscriptions.add(logGroup, options);
  }

  /**
   * Let the function read the subscribed log groups, now and later: `logs:Describe*` and `logs:Get*` on each.
   */
  public allowLogAccess(options: LogAccessOptions = {}): void {
    const stack = Stack.of(this);
    const arns = Lazy.list({
      produce: () => this.subscriptions.groupNames.flatMap((name) => [name, `${name}:*`]).map((resourceName) =>
        stack.formatArn({ service: 'logs', resource: 'log-group', resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME })),
    });
    const statements = [new iam.PolicyStatement({ actions: ['logs:Describe*', 'logs:Get*'], resources: arns })];
    if (options.accountWide) {
      statements.push(new iam.PolicyStatement({ actions: ACCOUNT_WIDE_ACTIONS, resources: ['*'] }));
    }
    this.policy.addStatements(...statements);
    this.warnUnlessAttached(statements);
    this.node.addValidation({
      validate: () => this.subscriptions.groupNames.length ? [] : ['allowLogAccess was called, but no log group is subscribed; subscribe one, or leave the call out'],
    });
  }

  /**
   * Called by `logs.SubscriptionFilter` when the forwarder is its destination.
   */
  public bind(scope: Construct, sourceLogGroup: logs.ILogGroupRef): logs.LogSubscriptionDestinationConfig {
    this.subscriptions.bound(scope, sourceLogGroup);
    // CloudWatch tries the function when the filter is made.
    scope.node.addDependency(this.invokePermission);
    return { arn: this.function.functionArn };
  }

  private ownCode(props: MezmoLogForwarderProps) {
    const runtime = props.runtime ?? lambda.Runtime.PYTHON_3_13;
    if (!RUNTIMES.includes(runtime.name)) {
      refuse(this, `runtime is ${show(runtime.name)}; the handler's modules are packed for ${RUNTIMES.join(' and ')}: give one of these`);
    }
    const key = props.ingestionKey._bind(this);
    const destination = (props.destination ?? MezmoDestination.logAnalysis())._bind(this);
    this.warnOfIgnored(props, destination.kind);
    const optional = (value?: string) => value === undefined ? undefined : text(value);
    const settings = Stack.of(this).toJsonString({
      schema: 1,
      key: key.settings,
      key_ttl: props.keyLifetime?.toSeconds(),
      destination: { ...destination, url: text(destination.url) },
      line_format: props.lineFormat ?? LineFormat.STANDARD,
      hostname: optional(props.hostname),
      app: optional(props.app),
      env: optional(props.mezmoEnv),
      tags: props.mezmoTags?.map(text),
      meta_fields: props.metaFields,
    });
    return {
      runtime,
      code: lambda.Code.fromAsset(path.join(__dirname, 'handler')),
      handler: 'handler.app.handle',
      statements: key.statements,
      environment: { ...key.environment, [SETTINGS_VARIABLE]: settings },
    };
  }

  /** Warn of properties that the chosen destination or line format has no place for. */
  private warnOfIgnored(props: MezmoLogForwarderProps, kind: string): void {
    const standard = (props.lineFormat ?? LineFormat.STANDARD) === LineFormat.STANDARD;
    const ignored = [
      ...(kind === 'pipeline' ? ['hostname', 'mezmoTags'] as const : []),
      ...(standard ? [] : ['app', 'mezmoEnv', 'metaFields'] as const),
    ].filter((property) => props[property] !== undefined);
    if (ignored.length) {
      Annotations.of(this).addWarningV2('mezmo-forwarder:ignoredProperties',
        `${ignored.join(', ')} will not be sent: a Pipeline takes no hostname and tags, and only LineFormat.STANDARD has a place for app, mezmoEnv and metaFields; leave them out`);
    }
  }

  private vendorCode(props: MezmoLogForwarderProps, vendor: VendorCode) {
    const { variables, handler = 'index.handler', runtime = lambda.Runtime.NODEJS_22_X } = vendor.options;
    for (const property of ['app', 'mezmoEnv', 'metaFields', 'keyLifetime'] as const) {
      if (props[property] !== undefined) {
        refuse(this, `${property} is given with vendor code, which does not know it; leave ${property} out, or leave code out to run our handler`);
      }
    }
    if (props.lineFormat === LineFormat.STANDARD) {
      refuse(this, 'lineFormat is LineFormat.STANDARD with vendor code, which does not know it; leave lineFormat out, or leave code out to run our handler');
    }
    const environment: Record<string, string> = {};
    const give = (property: string, variable: string | undefined, value: string | undefined) => {
      if (value === undefined) return;
      if (variable === undefined) {
        refuse(this, `${property} is given with vendor code that names no variable for it; name it in VendorVariables, or leave ${property} out`);
      }
      if (!VARIABLE_NAME.test(variable) || variable in environment) {
        refuse(this, `${property}'s variable is named ${show(variable)}, which is no name or another property's; give each a name of its own`);
      }
      environment[variable] = value;
    };
    const destination = (props.destination ?? MezmoDestination.logAnalysis())._bind(this);
    if (destination.gzip !== undefined) {
      refuse(this, `destination's gzip is ${destination.gzip} with vendor code, which does not know it; leave gzip out, or leave code out to run our handler`);
    }
    give('ingestionKey', variables.key, props.ingestionKey._value(this));
    give('destination', variables.url, variables.url || props.destination ? destination.url : undefined);
    give('hostname', variables.hostname, props.hostname);
    give('mezmoTags', variables.tags, props.mezmoTags?.join(','));
    give('lineFormat', variables.rawEvent, props.lineFormat === LineFormat.MEZMO_LAMBDA_RAW ? 'true' : undefined);
    return { runtime: props.runtime ?? runtime, code: vendor.code, handler, statements: [], environment };
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

  private checkVariables(props: MezmoLogForwarderProps, ours: Record<string, string>, all: Record<string, string>): void {
    for (const [name, value] of Object.entries(props.environment ?? {})) {
      if (!VARIABLE_NAME.test(name) || typeof value !== 'string') {
        refuse(this, `environment's ${show(name)} has ${typeof value === 'string' ? 'no name that Lambda takes' : 'no text as its value'}; give a name of two or more letters, digits and "_", and a text`);
      }
      if (name in ours) {
        refuse(this, `environment holds ${show(name)}, which the forwarder sets itself; remove it`);
      }
      if (/key|token|secret|logdna|mezmo/i.test(name) && isKnown(value) && /^[0-9a-f]{32}$/i.test(value.trim())) {
        refuse(this, `environment's ${show(name)} looks like an ingestion key as plain text, which would stand in the template; put the key into a secret and give it as ingestionKey`);
      }
    }
    checkEnvironment(this, all);
  }

  private validate(props: MezmoLogForwarderProps): void {
    if (!(props.ingestionKey instanceof IngestionKey)) {
      refuse(this, 'ingestionKey is not an IngestionKey; a key as plain text would stand in the template: put it into a secret and give IngestionKey.fromSecretsManager');
    }
    checkRange(this, 'memorySize', props.memorySize, 128, 10240, 'MB');
    checkSeconds(this, 'timeout', props.timeout, 1, 900);
    checkRange(this, 'retryAttempts', props.retryAttempts, 0, 2, 'retries');
    checkRange(this, 'reservedConcurrentExecutions', props.reservedConcurrentExecutions, 0, 100_000, 'executions');
    checkSeconds(this, 'keyLifetime', props.keyLifetime, 1, 86400);
    checkText(this, 'hostname', props.hostname, 256);
    checkText(this, 'app', props.app, 512);
    checkText(this, 'mezmoEnv', props.mezmoEnv, 80);
    if (props.logGroup && props.logRetention !== undefined) {
      refuse(this, `logRetention is ${show(props.logRetention)} beside a logGroup of your own; set the retention there`);
    }
    if (isKnown(props.hostname) && props.hostname.includes('.')) {
      Annotations.of(this).addWarningV2('mezmo-forwarder:dottedHostname',
        `hostname is ${show(props.hostname)}; Mezmo cuts it at the first dot, to ${show(props.hostname.split('.')[0])}, unless full names are switched on for your account`);
    }
    this.validateTags(props.mezmoTags);
  }

  private validateTags(tags: string[] | undefined): void {
    if (tags === undefined) return;
    if (Token.isUnresolved(tags)) {
      refuse(this, 'mezmoTags is a list known only at deployment; give a list of texts, each of which may be a token');
    }
    for (const tag of tags) {
      checkText(this, 'mezmoTags', tag);
      if (isKnown(tag) && tag.includes(',')) {
        refuse(this, `mezmoTags holds ${show(tag)}, which has a comma; Mezmo separates tags by commas: give each as one element`);
      }
    }
    const total = tags.filter((tag) => isKnown(tag)).join(',').length;
    if (total > TAGS_LIMIT) {
      Annotations.of(this).addWarningV2('mezmo-forwarder:longTags',
        `mezmoTags are ${total} characters in all; Mezmo's limit is ${TAGS_LIMIT} and may count all of them`);
    }
  }
}
