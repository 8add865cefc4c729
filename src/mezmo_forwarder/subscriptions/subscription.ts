import { ArnFormat, CfnCondition, CfnResource, Fn, Stack, Token } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';
import { SubscriptionSettings } from '../function/subscription-settings';
import { checkLineOptions } from '../lines/check-line-options';
import { LINE_OPTIONS, LineOptions } from '../lines/line-options';
import { LogGroupTags } from '../lines/log-group-tags';
import { hash, isAbroad, place, withoutExport } from '../references';
import { checkEnv, isKnown, refuse, show } from '../validate';
import { checkFilterFields, FilterFields, setFilterFields } from './filter-fields';
import { classWithoutFilters, groupResource, identity, keyOf } from './log-groups';
import { OwnLogGroups } from './own-log-groups';
import { StackDependencies } from './stack-dependencies';

/**
 * What CloudWatch Logs is told of one subscription.
 */
export interface SubscriptionFilterOptions extends FilterFields {
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
 * Options for one subscription. What it has for itself takes the place of the forwarder's.
 */
export interface SubscribeOptions extends SubscriptionFilterOptions, LineOptions {}

/** CloudWatch's limit for a filter pattern, in characters. */
export const LONGEST_PATTERN = 1024;

/** A filter's forwarder, and the key of its log group. */
interface Delivery {
  readonly forwarder: IConstruct;
  readonly key: string;
}

/** Of the filters of one name: whether they have options of the line, and which. */
interface Namesake {
  readonly own: boolean;
  readonly options: SubscribeOptions;
}

/**
 * The subscriptions of one forwarder: what makes their filters, and knows which exist.
 * @internal
 */
export class Subscriptions {
  /** The names of the subscribed groups, tokens among them. */
  public readonly groupNames: string[] = [];
  /** The filters, whoever made them. */
  public readonly made: IConstruct[] = [];
  /** The stacks whose log groups are referred to weakly, each by an output there. */
  public readonly referredStacks = new Set<Stack>();
  /** Whether all groups of the account are subscribed. */
  public wholeAccount = false;
  /** What is known of each filter that delivers here, whoever made it. */
  private static readonly known = new WeakMap<IConstruct, Delivery>();

  /** Where a filter delivers, if it is to one of our forwarders. */
  public static deliveryOf(filter: IConstruct): Delivery | undefined {
    return this.known.get(filter);
  }

  private readonly ownOptionsOf = new WeakMap<SubscribeOptions, string[]>();
  private readonly groups = new Set<string>();
  private readonly patterns = new Set<string>();
  private readonly filters = new Map<string, Namesake>();

  public constructor(
    private readonly forwarder: Construct & logs.ILogSubscriptionDestination,
    private readonly ownLogGroup: logs.ILogGroupRef | undefined,
    private readonly settings?: SubscriptionSettings,
    public readonly logGroupTags?: LogGroupTags[],
  ) {}

  /** The ARNs of the subscribed groups, tokens among them. */
  public get groupArns(): string[] {
    return (this.wholeAccount ? ['*'] : this.groupNames).map((resourceName) => this.arnOf(resourceName));
  }

  /** The ARN of a group, which CloudWatch Logs wants with `:*` behind it for all but its tags. */
  public arnOf(groupName: string): string {
    return Stack.of(this.forwarder).formatArn({ service: 'logs', resource: 'log-group', resourceName: groupName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  }

  public add(logGroup: logs.ILogGroupRef, options: SubscribeOptions): logs.SubscriptionFilter {
    this.check(logGroup);
    const { filterPattern = logs.FilterPattern.allEvents(), filterName } = options;
    const own = this.ownOptions(options);
    checkFilterFields(this.forwarder, options);
    const group = identity(logGroup);
    const pattern = this.stable(filterPattern.logPatternString);
    if (pattern.length > LONGEST_PATTERN) {
      refuse(this.forwarder, `filterPattern for log group ${show(group)} is ${pattern.length} characters long; CloudWatch takes ${LONGEST_PATTERN}: shorten it`);
    }
    const id = `Subscription${hash(group, filterName === undefined ? `pattern ${pattern}` : `name ${this.stable(filterName)}`)}`;
    if (this.patterns.has(`${group}\0${pattern}`)) {
      refuse(this.forwarder, `log group ${show(group)} is already subscribed with the filter pattern ${show(pattern)}; its lines would arrive twice: remove one of the two calls`);
    }
    if (this.forwarder.node.tryFindChild(id)) {
      refuse(this.forwarder, `log group ${show(group)} already has a subscription with filterName ${show(filterName)}; give the second another name`);
    }
    this.patterns.add(`${group}\0${pattern}`);
    const name = filterName ?? `mezmo-${hash(place(this.forwarder), id)}`;
    const namesake = this.filters.get(name);
    if (namesake && namesake.options !== options && (namesake.own || own.length)) {
      refuse(this.forwarder, `filterName ${show(filterName)} is given for two log groups, and ${[...own, 'an option of the line'][0]} for one of them, which goes by the filter's name; give each a name of its own`);
    }
    this.filters.set(name, { own: own.length > 0 || !!namesake?.own, options });
    const { groupName, resources } = this.withoutExport(logGroup);
    const filter = new logs.SubscriptionFilter(this.forwarder, id, {
      logGroup: resources.length ? logs.LogGroup.fromLogGroupName(this.forwarder, `${id}LogGroup`, groupName) : logGroup,
      destination: this.forwarder,
      filterPattern,
      filterName: name,
    });
    setFilterFields(filter, options);
    const condition = this.conditionOf(logGroup);
    if (condition) (filter.node.defaultChild as CfnResource).cfnOptions.condition = condition;
    this.note(filter, logGroup); // as it is known where it is made
    if (own.length && !namesake) this.settings?.add(name, options);
    for (const resource of resources) {
      filter.node.addDependency(resource);
      StackDependencies.of(this.forwarder).add(this.forwarder, resource);
      if (!isKnown(groupName)) this.referredStacks.add(Stack.of(resource));
    }
    return filter;
  }

  /** Whether a log group is subscribed, by whatever filter. */
  public has(key: string): boolean {
    return this.groups.has(key);
  }

  /** Note that a filter on a log group delivers here, whoever made it. */
  public bound(filter: IConstruct, logGroup: logs.ILogGroupRef): void {
    this.check(logGroup);
    this.made.push(filter);
    OwnLogGroups.of(this.forwarder).forward(this.forwarder, logGroup);
    this.note(filter, logGroup);
    const { logGroupName } = logGroup.logGroupRef;
    // A filter in another stack depends on this one, so this one may not refer to that.
    if (!isKnown(logGroupName) && isAbroad(this.forwarder, filter)) return;
    const condition = this.conditionOf(logGroup);
    this.groupNames.push(condition ? Fn.conditionIf(condition.logicalId, logGroupName, '-').toString() : logGroupName);
  }

  private note(filter: IConstruct, logGroup: logs.ILogGroupRef): void {
    const key = keyOf(logGroup);
    this.groups.add(key);
    Subscriptions.known.set(filter, { forwarder: this.forwarder, key });
  }

  /** The condition under which this stack makes a log group, if there is one. */
  private conditionOf(logGroup: logs.ILogGroupRef): CfnCondition | undefined {
    const resource = groupResource(logGroup);
    return resource && Stack.of(resource) === Stack.of(this.forwarder) ? resource.cfnOptions.condition : undefined;
  }

  /** Refuse a log group that cannot be subscribed to this forwarder. */
  public check(logGroup: logs.ILogGroupRef): void {
    const { logGroupName } = logGroup.logGroupRef;
    if (isKnown(logGroupName) && !/^[\w.\-/#]{1,512}$/.test(logGroupName)) {
      refuse(this.forwarder, `log group name ${show(logGroupName)} cannot be; give 1 to 512 letters, digits and "_-/.#"`);
    }
    for (const dimension of ['region', 'account'] as const) {
      checkEnv(this.forwarder, `log group ${show(identity(logGroup))}`, logGroup, dimension, `CloudWatch invokes functions of its own ${dimension} only: make a forwarder there`);
    }
    const resource = groupResource(logGroup);
    const withoutFilters = resource && classWithoutFilters(resource);
    if (withoutFilters) {
      refuse(this.forwarder, `log group ${show(identity(logGroup))} is of class ${withoutFilters}, which has no subscription filters; leave it out, or make another of class STANDARD, since a log group's class cannot be changed`);
    }
    if (this.ownLogGroup && identity(logGroup) === identity(this.ownLogGroup)) {
      refuse(this.forwarder, `log group ${show(identity(logGroup))} is the forwarder's own; forwarding it would feed the forwarder with its own lines: leave it out`);
    }
  }

  /** The options that a subscription has for itself; refused where they cannot be, or nobody would follow them. */
  public ownOptions(options: SubscribeOptions): string[] {
    const known = this.ownOptionsOf.get(options); // as of all subscriptions of one call of subscribeAll
    if (known) return known;
    const { filterName } = options;
    if (isKnown(filterName) && !/^[^:*]{1,512}$/.test(filterName)) {
      refuse(this.forwarder, `filterName is ${show(filterName)}; give 1 to 512 characters without ":" and "*"`);
    }
    const given = LINE_OPTIONS.filter((option) => options[option] !== undefined);
    if (given.length && !this.settings) {
      refuse(this.forwarder, `${given.join(', ')} is given to subscribe with vendor code, which does not know it; leave it out, or leave code out to run our handler`);
    }
    if (given.length && Token.isUnresolved(filterName)) {
      refuse(this.forwarder, `filterName is known only at deployment, and ${given.join(', ')} of this subscription goes by it; give a literal one, or leave it out`);
    }
    checkLineOptions(this.forwarder, options, this.logGroupTags);
    this.ownOptionsOf.set(options, given);
    return given;
  }

  /** A group's name as this stack may refer to it: literally where it can, and never by an export. */
  public withoutExport(logGroup: logs.ILogGroupRef): { groupName: string; resources: CfnResource[] } {
    const resource = groupResource(logGroup);
    if (resource && isAbroad(this.forwarder, resource) && isKnown(resource.logGroupName)) {
      return { groupName: resource.logGroupName, resources: [resource] };
    }
    const name = resource ? resource.ref : logGroup.logGroupRef.logGroupName;
    const { text, resources } = withoutExport(this.forwarder, name, 'give the log group a literal logGroupName');
    return { groupName: text, resources };
  }

  /** A text that is the same at every synthesis, for a value that may hold tokens. */
  private stable(value: string): string {
    return Token.isUnresolved(value) ? JSON.stringify(Stack.of(this.forwarder).resolve(value)) : value;
  }
}
