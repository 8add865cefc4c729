import { Annotations, Lazy, Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, Dependable, IConstruct, IDependable } from 'constructs';
import { hash, isAbroad, place } from '../references';
import { text } from '../settings';
import { isKnown, refuse, show } from '../validate';
import { LONGEST_PATTERN, Subscriptions } from './subscription';

/** CloudWatch's limits, in bytes: for the selection criteria of an account's policy, and for the name of one log group. */
const LARGEST_CRITERIA = 25 * 1024;
const LONGEST_NAME = 512;

/**
 * Options for the one subscription policy of an account in a region.
 */
export interface AccountPolicyOptions {
  /**
   * Which events are forwarded. CloudWatch drops the others, so they cost nothing.
   *
   * @default - all events
   */
  readonly filterPattern?: logs.IFilterPattern;

  /**
   * Log groups that CloudWatch leaves out. It knows them by their exact names, 25 KB in all.
   *
   * Those that are subscribed singly are left out without being named here, and so is a forwarder's own.
   *
   * @default - no others
   */
  readonly excludeLogGroups?: logs.ILogGroupRef[];

  /**
   * The policy's name. Another one makes another policy, and CloudWatch takes one in an account and region: to change
   * it, deploy once without the policy.
   *
   * @default - a short name that is the same at every synthesis
   */
  readonly policyName?: string;
}

const ID = 'AccountPolicy';

/**
 * The policy's name, as given or the same at every synthesis.
 * @internal
 */
export function policyNameOf(scope: IConstruct, options: AccountPolicyOptions): string {
  return options.policyName ?? `mezmo-${hash(place(scope), ID)}`;
}

/**
 * Subscribe all log groups of an account and region, but those that are subscribed singly.
 * @internal
 */
export function accountPolicy(scope: Construct, subscriptions: Subscriptions, destination: Record<string, unknown>, options: AccountPolicyOptions): logs.CfnAccountPolicy {
  const { filterPattern = logs.FilterPattern.allEvents(), excludeLogGroups = [] } = options;
  const policyName = policyNameOf(scope, options);
  if (isKnown(policyName) && !/^(?!aws\/)[^:*]{1,256}$/.test(policyName)) {
    refuse(scope, `policyName is ${show(policyName)}; give 1 to 256 characters without ":" and "*" that do not begin with "aws/"`);
  }
  const pattern = filterPattern.logPatternString;
  if (isKnown(pattern) && pattern.length > LONGEST_PATTERN) {
    refuse(scope, `filterPattern for the account is ${pattern.length} characters long; CloudWatch takes ${LONGEST_PATTERN}: shorten it`);
  }
  claim(scope);
  subscriptions.wholeAccount = true;
  const stack = Stack.of(scope);
  const others = excludeLogGroups.map((group) => subscriptions.withoutExport(group));
  const names = () => sorted(stack, [...others.map(({ groupName }) => groupName), ...subscriptions.groupNames]);
  scope.node.addValidation({ validate: () => [...tooLarge(names()), ...notLeftOut(scope, subscriptions)] });
  const policy = new logs.CfnAccountPolicy(scope, ID, {
    policyName,
    policyType: 'SUBSCRIPTION_FILTER_POLICY',
    policyDocument: stack.toJsonString({ ...destination, FilterPattern: text(pattern) }),
    scope: 'ALL',
    selectionCriteria: Lazy.string({ produce: () => criteria(names()) }),
  });
  policy.node.addDependency(...others.flatMap(({ resources }) => resources), filtersOf(stack, subscriptions));
  return policy;
}

/** The stack's filters, asked for when all are known: a group that is subscribed singly from now on is not left out before its filter is there. */
function filtersOf(stack: Stack, subscriptions: Subscriptions): IDependable {
  const filters: IDependable = {};
  Dependable.implement(filters, {
    get dependencyRoots() {
      return subscriptions.made.filter((filter) => Stack.of(filter) === stack);
    },
  });
  return filters;
}

/** Say which filters are on log groups whose names this stack may not refer to. */
function notLeftOut(scope: IConstruct, subscriptions: Subscriptions): string[] {
  const unknown = subscriptions.made.filter((filter) => isAbroad(scope, filter) && !isKnown((filter.node.defaultChild as logs.CfnSubscriptionFilter | undefined)?.logGroupName));
  return unknown.map((filter) => `subscription filter ${show(filter.node.path)} is of another stack and on a log group whose name is known only at deployment, so that the account's policy ` +
    'cannot leave that group out and its lines would arrive twice; give the group a literal logGroupName, or subscribe it with the forwarder\'s subscribe');
}

/** The selection criteria, in the one form that CloudWatch knows; none where nothing is left out. */
function criteria(names: string[]): string | undefined {
  // A log group's name has nothing that JSON escapes.
  return names.length ? `LogGroupName NOT IN [${names.map((name) => `"${name}"`).join(', ')}]` : undefined;
}

function tooLarge(names: string[]): string[] {
  const literal = names.filter((name) => isKnown(name));
  const later = names.length - literal.length;
  const placeholder = 'n'.repeat(LONGEST_NAME);
  const bytes = Buffer.byteLength(criteria([...literal, ...Array<string>(later).fill(placeholder)]) ?? '');
  if (bytes <= LARGEST_CRITERIA) return [];
  const counted = later ? ` (${later} of them are known only at deployment and count ${LONGEST_NAME} bytes each: give these log groups a literal logGroupName)` : '';
  return [`the account's policy leaves out ${names.length} log groups by name${counted}, which are ${bytes} bytes of selection criteria; CloudWatch takes ${LARGEST_CRITERIA}: ` +
    'name fewer, subscribe fewer singly, or leave out those of one prefix in the function with excludeLogGroupPrefixes'];
}

/** The same names, each once and in an order that does not depend on that of the calls. */
function sorted(stack: Stack, names: string[]): string[] {
  const byText = new Map(names.map((name) => [JSON.stringify(stack.resolve(name)), name]));
  return [...byText.keys()].sort().map((text) => byText.get(text)!);
}

/** Which construct of an app has the policy of each account and region, and those of which that is not known. */
const owners = new WeakMap<IConstruct, Map<string, string>>();

/** Refuse a second policy in an account and region, and warn where that may be. */
function claim(scope: IConstruct): void {
  const { account, region } = Stack.of(scope);
  const known = owners.get(scope.node.root) ?? new Map<string, string>();
  owners.set(scope.node.root, known);
  const place = isKnown(account) && isKnown(region) ? `${account}/${region}` : 'unknown';
  const other = known.get(place);
  if (other !== undefined && (place !== 'unknown' || other === scope.node.path)) {
    refuse(scope, `the account has a subscription policy in this region already, that of ${other}, and CloudWatch takes one; remove one of the two calls, or subscribe log groups singly`);
  }
  if (other !== undefined) {
    Annotations.of(scope).addWarningV2('mezmo-forwarder:accountPolicies',
      `${other} makes an account's subscription policy as well. CloudWatch takes one in an account and region: give both stacks an env, or acknowledge this if they are deployed to different ones`);
  }
  known.set(place, scope.node.path);
}
