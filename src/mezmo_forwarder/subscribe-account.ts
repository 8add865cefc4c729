import { Token } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { accountPolicy } from './account-policy';
import { LineOptions } from './line-options';
import { hash, place } from './references';
import { text } from './settings';
import { Subscriptions } from './subscription';
import { refuse, show } from './validate';

/**
 * Options for subscribing an account. What its lines have for themselves takes the place of the forwarder's.
 */
export interface SubscribeAccountOptions extends LineOptions {
  /**
   * Which events are forwarded. CloudWatch drops the others before the function is invoked, so they cost nothing.
   *
   * @default - all events
   */
  readonly filterPattern?: logs.IFilterPattern;

  /**
   * Log groups that are left out, in CloudWatch, before the function is invoked. It knows them by their exact names, 25 KB in all.
   *
   * The forwarder's own, and those that it subscribes singly, are left out without being named here.
   *
   * @default - no others
   */
  readonly excludeLogGroups?: logs.ILogGroupRef[];

  /**
   * How the names of log groups begin that are left out, in the function. CloudWatch knows no prefixes, so the function
   * is invoked for their events, which costs as much as if they were forwarded, and counts them as filtered.
   *
   * @default - none
   */
  readonly excludeLogGroupPrefixes?: string[];

  /**
   * The policy's name. Another one makes another policy, and CloudWatch takes one in an account and region: to change
   * it, deploy once without `subscribeAccount`.
   *
   * @default - a short name that is the same at every synthesis
   */
  readonly policyName?: string;
}

/**
 * Subscribe all log groups of an account and region, those to come included.
 * @internal
 */
export function subscribeAccount(
  forwarder: Construct,
  functionArn: string,
  ownLogGroup: logs.ILogGroupRef,
  subscriptions: Subscriptions,
  options: SubscribeAccountOptions,
): logs.CfnAccountPolicy {
  const { filterPattern = logs.FilterPattern.allEvents(), excludeLogGroups = [], excludeLogGroupPrefixes = [] } = options;
  checkPrefixes(forwarder, excludeLogGroupPrefixes);
  const id = 'AccountPolicy';
  const policyName = options.policyName ?? `mezmo-${hash(place(forwarder), id)}`;
  subscriptions.checkedPattern('the account', filterPattern);
  subscriptions.addAccount(policyName, options, excludeLogGroupPrefixes);
  const others = [ownLogGroup, ...excludeLogGroups].map((group) => subscriptions.withoutExport(group));
  const policy = accountPolicy(forwarder, id, {
    policyName,
    document: { DestinationArn: functionArn, FilterPattern: text(filterPattern.logPatternString) },
    leftOut: () => [...others.map(({ groupName }) => groupName), ...subscriptions.groupNames],
  });
  others.forEach(({ resources }) => resources.forEach((resource) => policy.addDependency(resource)));
  subscriptions.precede(policy);
  forwarder.node.addValidation({
    validate: () => subscriptions.outOfReach.map((filter) => `subscription filter ${show(filter)} is of another stack and on a log group whose name is known only at deployment, ` +
      'so the account\'s policy cannot leave that group out and its lines would arrive twice; give the group a literal logGroupName, or subscribe it with the forwarder\'s subscribe'),
  });
  return policy;
}

/** Refuse what begins no log group's name. */
function checkPrefixes(forwarder: Construct, prefixes: string[]): void {
  for (const prefix of prefixes) {
    if (Token.isUnresolved(prefix) || !/^[\w.\-/#]{1,512}$/.test(prefix)) {
      refuse(forwarder, `excludeLogGroupPrefixes holds ${show(prefix)}, with which no log group's name begins; give 1 to 512 letters, digits and "_-/.#", known at synthesis`);
    }
  }
}
