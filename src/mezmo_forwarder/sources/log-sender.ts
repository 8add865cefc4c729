import { Arn, ArnFormat, Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { wildcardsByDesign } from '../by-design';
import { accountPolicy, AccountPolicyOptions } from '../subscriptions/account-policy';
import { SubscriptionFilterOptions, Subscriptions } from '../subscriptions/subscription';
import { isKnown, refuse, show } from '../validate';

/**
 * Properties of a `MezmoLogSender`.
 */
export interface MezmoLogSenderProps {
  /**
   * The ARN of the receiver's destination, in this stack's region: `arn:aws:logs:<region>:<account>:destination:<name>`.
   */
  readonly destinationArn: string;

  /**
   * Whether the receiver lets in an organization, and not this account by its number: CloudWatch Logs then wants a role of this account, which is made.
   *
   * @default false
   */
  readonly organization?: boolean;

  /**
   * How log events are spread over the stream's shards.
   *
   * @default - those of one log stream go to one shard
   */
  readonly distribution?: logs.Distribution;
}

/**
 * Sends log events to the `MezmoLogReceiver` of another account.
 *
 * What lines look like is the forwarder's to say, there.
 *
 * @example
 * const sender = new MezmoLogSender(this, 'MezmoLogSender', {
 *   destinationArn: 'arn:aws:logs:eu-west-3:123456789012:destination:mezmo',
 *   organization: true,
 * });
 * sender.subscribe(logs.LogGroup.fromLogGroupName(this, 'App', '/aws/ecs/MyApplicationLogGroup'));
 */
export class MezmoLogSender extends Construct implements logs.ILogSubscriptionDestination {
  /** The role that CloudWatch Logs wants of an organization's account. */
  public readonly role?: iam.IRole;

  private readonly destinationArn: string;
  private readonly distribution?: logs.Distribution;
  private readonly subscriptions: Subscriptions;
  private readonly policy?: iam.Policy;

  public constructor(scope: Construct, id: string, props: MezmoLogSenderProps) {
    super(scope, id);
    this.destinationArn = props.destinationArn;
    this.distribution = props.distribution;
    this.check();
    this.subscriptions = new Subscriptions(this, undefined);
    if (!props.organization) return;
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('logs.amazonaws.com') });
    this.policy = new iam.Policy(this, 'Policy', {
      statements: [new iam.PolicyStatement({ actions: ['logs:PutLogEvents'], resources: Lazy.list({ produce: () => [...new Set(this.subscriptions.groupArns)].map((arn) => `${arn}:*`) }) })],
    });
    role.attachInlinePolicy(this.policy);
    wildcardsByDesign(this.policy);
    this.role = role;
    this.node.addValidation({
      validate: () => this.subscriptions.groupArns.length ? [] : ['no log group is subscribed; call subscribe or subscribeAccount'],
    });
  }

  /**
   * Send a log group's events.
   *
   * @param logGroup one of this stack, of another stack, or one that exists already
   */
  public subscribe(logGroup: logs.ILogGroupRef, options: SubscriptionFilterOptions = {}): logs.SubscriptionFilter {
    const filter = this.subscriptions.add(logGroup, options);
    // aws-cdk-lib knows of a distribution only where it sees the stream.
    (filter.node.defaultChild as logs.CfnSubscriptionFilter).distribution = this.distribution;
    return filter;
  }

  /**
   * Send the events of all log groups of the account and region, those to come included, but those that are subscribed singly.
   */
  public subscribeAccount(options: AccountPolicyOptions = {}): logs.CfnAccountPolicy {
    const destination = { DestinationArn: this.destinationArn, RoleArn: this.role?.roleArn, Distribution: this.distribution };
    const policy = accountPolicy(this, this.subscriptions, destination, options);
    if (this.policy) policy.node.addDependency(this.policy);
    return policy;
  }

  /**
   * Called by CDK's `SubscriptionFilter` when the sender is its destination.
   *
   * @param scope the filter
   * @param sourceLogGroup its log group
   */
  public bind(scope: Construct, sourceLogGroup: logs.ILogGroupRef): logs.LogSubscriptionDestinationConfig {
    this.subscriptions.bound(scope, sourceLogGroup);
    if (this.policy) scope.node.addDependency(this.policy);
    return { arn: this.destinationArn, role: this.role };
  }

  private check(): void {
    const arn = this.destinationArn;
    if (!isKnown(arn)) return;
    if (!/^arn:[^:]+:logs:[^:]+:\d{12}:destination:[^:*]+$/.test(arn)) {
      refuse(this, `destinationArn is ${show(arn)}; give the destinationArn of a MezmoLogReceiver, arn:aws:logs:<region>:<account>:destination:<name>`);
    }
    const [theirs, ours] = [Arn.split(arn, ArnFormat.COLON_RESOURCE_NAME).region, Stack.of(this).region];
    if (isKnown(ours) && theirs !== ours) {
      refuse(this, `destinationArn is of region ${show(theirs)} and the sender of ${show(ours)}, and log groups send to a destination of their own region only; make a MezmoLogReceiver in ${ours}, with the stream of ${theirs}`);
    }
  }
}
