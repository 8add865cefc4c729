import { createHash } from 'crypto';
import { CfnResource, ReferenceStrength, Stack, Token } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';
import { isKnown, refuse, show } from './validate';

/**
 * Options for one subscription.
 */
export interface SubscribeOptions {
  /**
   * Which events are forwarded. CloudWatch drops the others before the function is invoked, so they cost nothing.
   *
   * @default - all events
   */
  readonly filterPattern?: logs.IFilterPattern;

  /**
   * The subscription filter's name. With a name of its own, a filter is updated in place when its pattern changes.
   *
   * @default - a short name that is the same at every synthesis
   */
  readonly filterName?: string;
}

/**
 * The subscriptions of one forwarder: what makes their filters, and knows which exist.
 * @internal
 */
export class Subscriptions {
  /** The names of the subscribed groups, tokens among them. */
  public readonly groupNames: string[] = [];
  private readonly patterns = new Set<string>();

  public constructor(
    private readonly forwarder: Construct & logs.ILogSubscriptionDestination,
    private readonly ownLogGroup: logs.ILogGroupRef,
  ) {}

  public add(logGroup: logs.ILogGroupRef, options: SubscribeOptions): logs.SubscriptionFilter {
    this.check(logGroup);
    const { filterPattern = logs.FilterPattern.allEvents(), filterName } = options;
    if (isKnown(filterName) && !/^[^:*]{1,512}$/.test(filterName)) {
      refuse(this.forwarder, `filterName is ${show(filterName)}; give 1 to 512 characters without ":" and "*"`);
    }
    const group = identity(logGroup);
    const pattern = this.stable(filterPattern.logPatternString);
    const name = filterName === undefined ? undefined : this.stable(filterName);
    const id = `Subscription${hash(group, name === undefined ? `pattern ${pattern}` : `name ${name}`)}`;
    if (this.patterns.has(`${group}\0${pattern}`)) {
      refuse(this.forwarder, `log group ${show(group)} is already subscribed with the filter pattern ${show(pattern)}; its lines would arrive twice: remove one of the two calls`);
    }
    if (this.forwarder.node.tryFindChild(id)) {
      refuse(this.forwarder, `log group ${show(group)} already has a subscription with filterName ${show(filterName)}; give the second another name`);
    }
    this.patterns.add(`${group}\0${pattern}`);
    const resource = resourceOf(logGroup);
    const abroad = resource && topLevel(Stack.of(resource)) !== topLevel(Stack.of(this.forwarder)) ? resource : undefined;
    const reachable = abroad ? logs.LogGroup.fromLogGroupName(this.forwarder, `${id}LogGroup`, nameWithoutExport(abroad)) : logGroup;
    const filter = new logs.SubscriptionFilter(this.forwarder, id, {
      logGroup: reachable,
      destination: this.forwarder,
      filterPattern,
      filterName: filterName ?? `mezmo-${hash(identity(this.forwarder), id)}`,
    });
    if (abroad) filter.node.addDependency(abroad);
    this.groupNames.push(reachable.logGroupRef.logGroupName);
    return filter;
  }

  /** Refuse a log group that cannot be subscribed to this forwarder. */
  public check(logGroup: logs.ILogGroupRef): void {
    const here = Stack.of(this.forwarder);
    for (const [what, theirs, ours] of [['region', logGroup.env.region, here.region], ['account', logGroup.env.account, here.account]]) {
      if (isKnown(theirs) && isKnown(ours) && theirs !== ours) {
        refuse(this.forwarder, `log group ${show(identity(logGroup))} is of ${what} ${show(theirs)} and the forwarder of ${show(ours)}; CloudWatch invokes functions of its own ${what} only: make a forwarder there`);
      }
    }
    if (logGroup === this.ownLogGroup || identity(logGroup) === identity(this.ownLogGroup)) {
      refuse(this.forwarder, `log group ${show(identity(logGroup))} is the forwarder's own; forwarding it would feed the forwarder with its own lines: leave it out`);
    }
  }

  /** A text that is the same at every synthesis, for a value that may hold tokens. */
  private stable(value: string): string {
    return Token.isUnresolved(value) ? JSON.stringify(Stack.of(this.forwarder).resolve(value)) : value;
  }
}

/** A group's literal name, or else where its construct stands: equal for one group however it was come by. */
function identity(construct: IConstruct | logs.ILogGroupRef): string {
  if ('logGroupRef' in construct) {
    const name = nameOf(construct);
    if (isKnown(name)) return name;
  }
  const stack = Stack.of(construct);
  const place = construct.node.path.slice(stack.node.path.length);
  return (Token.isUnresolved(stack.stackName) ? stack.node.path : stack.stackName) + place;
}

/**
 * Refer to another stack's group by its literal name where it has one, and otherwise weakly.
 *
 * An export would have to outlive the subscription, so that neither unsubscribing nor renaming the group would deploy.
 */
function nameWithoutExport(resource: logs.CfnLogGroup): string {
  return isKnown(resource.logGroupName) ? resource.logGroupName : Stack.consumeReference(resource.ref, ReferenceStrength.WEAK);
}

function nameOf(logGroup: logs.ILogGroupRef): string {
  const literal = resourceOf(logGroup)?.logGroupName;
  return isKnown(literal) ? literal : logGroup.logGroupRef.logGroupName;
}

/** The log group's resource, if this app makes it. */
function resourceOf(logGroup: logs.ILogGroupRef): logs.CfnLogGroup | undefined {
  for (const candidate of [logGroup, logGroup.node.defaultChild]) {
    if (CfnResource.isCfnResource(candidate) && candidate.cfnResourceType === logs.CfnLogGroup.CFN_RESOURCE_TYPE_NAME) {
      return candidate as logs.CfnLogGroup;
    }
  }
  return undefined;
}

function topLevel(stack: Stack): Stack {
  return stack.nestedStackParent ? topLevel(stack.nestedStackParent) : stack;
}

function hash(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 8);
}
