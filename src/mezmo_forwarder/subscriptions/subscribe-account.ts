import { Token } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SubscriptionSettings } from '../function/subscription-settings';
import { checkLineOptions } from '../lines/check-line-options';
import { LINE_OPTIONS, LineOptions } from '../lines/line-options';
import { refuse, show } from '../validate';
import { accountPolicy, AccountPolicyOptions, policyNameOf } from './account-policy';
import { keyOf } from './log-groups';
import { OwnLogGroups } from './own-log-groups';
import { Subscriptions } from './subscription';

/**
 * Options for subscribing an account. What its lines have for themselves takes the place of the forwarder's.
 */
export interface SubscribeAccountOptions extends AccountPolicyOptions, LineOptions {
  /**
   * How the names of log groups begin that are left out in the function. CloudWatch knows no prefixes, so the function
   * is invoked for their events, which costs as much as if they were forwarded, and counts them as filtered.
   *
   * @default - none
   */
  readonly excludeLogGroupPrefixes?: string[];
}

/** What subscribing an account needs of its forwarder; without settings the code is a vendor's. */
interface Parts {
  readonly forwarder: Construct;
  readonly functionArn: string;
  readonly ownLogGroup: logs.ILogGroupRef;
  readonly subscriptions: Subscriptions;
  readonly settings?: SubscriptionSettings;
}

/**
 * Subscribe all log groups of an account and region, those to come included.
 * @internal
 */
export function subscribeAccount({ forwarder, functionArn, ownLogGroup, subscriptions, settings }: Parts, options: SubscribeAccountOptions): logs.CfnAccountPolicy {
  const { excludeLogGroups = [], excludeLogGroupPrefixes = [] } = options;
  checkPrefixes(forwarder, excludeLogGroupPrefixes);
  checkLineOptions(forwarder, options, subscriptions.logGroupTags);
  const given = [...LINE_OPTIONS.filter((option) => options[option] !== undefined), ...(excludeLogGroupPrefixes.length ? ['excludeLogGroupPrefixes'] : [])];
  if (given.length && !settings) {
    refuse(forwarder, `${given.join(', ')} is given to subscribeAccount with vendor code, which does not know it; leave it out, or leave code out to run our handler`);
  }
  const policyName = policyNameOf(forwarder, options);
  if (given.length && Token.isUnresolved(policyName)) {
    refuse(forwarder, `policyName is known only at deployment, and ${given.join(', ')} goes by it; give a literal one, or leave it out`);
  }
  const policy = accountPolicy(forwarder, subscriptions, { DestinationArn: functionArn }, { ...options, excludeLogGroups: [ownLogGroup, ...excludeLogGroups] });
  if (given.length) settings?.add(policyName, options, excludeLogGroupPrefixes.length ? { exclude_log_group_prefixes: excludeLogGroupPrefixes } : {});
  forwarder.node.addValidation({
    validate: () => subscriptions.made
      .filter((filter) => (filter.node.defaultChild as logs.CfnSubscriptionFilter | undefined)?.filterName === policyName)
      .map((filter) => `policyName ${show(policyName)} is also the filterName of ${filter.node.path}, and what lines have for themselves goes by these names; give each a name of its own`),
  });
  const leftOut = new Set(excludeLogGroups.map(keyOf));
  forwarder.node.addValidation({
    validate: () => OwnLogGroups.of(forwarder).comingBackTo(forwarder).filter((key) => !leftOut.has(key))
      .map((key) => `log group ${show(key)} is that of another forwarder, which forwards this one's own, so that each line would make another for ever; name it in excludeLogGroups, or leave this forwarder's own out there`),
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
