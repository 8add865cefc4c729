import { Annotations, CfnResource, Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { IConstruct } from 'constructs';
import { exportOnly, isAbroad } from '../references';
import { isKnown, show } from '../validate';
import { LogGroupFacts, LogGroupMatch } from './log-group-match';
import { classWithoutFilters, givenRegion } from './log-groups';
import { StackDependencies } from './stack-dependencies';

/** Why something is left out, by the id of the warning: what is said of it, and the remedy. */
const REASONS = {
  'mezmo-forwarder:otherEnvironment': 'of another region or account, and CloudWatch Logs invokes functions of its own alone; make a forwarder there',
  'mezmo-forwarder:otherStage': 'in a stage of its own, which is deployed on its own; make a forwarder in it',
  'mezmo-forwarder:logGroupClass': 'of a class without subscription filters, and a log group\'s class cannot be changed; make another of class STANDARD',
  'mezmo-forwarder:conditionalLogGroup': 'made under a condition of another stack, which the forwarder\'s stack cannot know; make a forwarder in that stack',
  'mezmo-forwarder:unnamedLogGroup': 'of another stack, to which only an export could refer; give the log group a literal logGroupName',
  'mezmo-forwarder:dependencyCycle': 'of a stack that depends on the forwarder\'s, which would have to depend on it; put the forwarder into a stack on which no other depends, or write logs.SubscriptionFilter with the forwarder as its destination beside the log group',
  'mezmo-forwarder:functionLogGroup': 'made by Lambda for a function, and not by this app; give the function a logGroup, or set the feature flag "@aws-cdk/aws-lambda:useCdkManagedLogGroup"',
  'mezmo-forwarder:lateLogGroup': 'made by an aspect when CDK had passed already; set the feature flag "@aws-cdk/core:aspectStabilization"',
};

export type Reason = keyof typeof REASONS;

/** How many are named in a warning. */
const MOST_NAMED = 5;

/** Whether what a resource makes is of another region or account than the forwarder. */
export function isElsewhere(forwarder: IConstruct, resource: CfnResource): boolean {
  const [theirs, ours] = [Stack.of(resource), Stack.of(forwarder)];
  return differ(givenRegion(resource) ?? theirs.region, ours.region) || differ(theirs.account, ours.account);
}

/** Why a forwarder cannot subscribe the log group that a resource makes, if so. */
export function obstacleTo(forwarder: IConstruct, resource: CfnResource): Reason | undefined {
  if (isElsewhere(forwarder, resource)) return 'mezmo-forwarder:otherEnvironment';
  if (classWithoutFilters(resource)) return 'mezmo-forwarder:logGroupClass';
  if (Stack.of(resource) !== Stack.of(forwarder) && resource.cfnOptions.condition) return 'mezmo-forwarder:conditionalLogGroup';
  if (!isAbroad(forwarder, resource)) return undefined;
  const literal = resource instanceof logs.CfnLogGroup && isKnown(resource.logGroupName);
  if (!literal && exportOnly(forwarder, resource)) return 'mezmo-forwarder:unnamedLogGroup';
  return StackDependencies.of(forwarder).reaches(resource, forwarder) ? 'mezmo-forwarder:dependencyCycle' : undefined;
}

/**
 * What `subscribeAll` leaves out, to be told in one warning for each reason, however much there is of it.
 */
export class LeftOut {
  private readonly found = new Map<Reason, Set<string>>();
  private readonly unmatched = new Set<string>();

  public constructor(private readonly forwarder: IConstruct) {}

  public add(reason: Reason, construct: IConstruct): void {
    const found = this.found.get(reason) ?? new Set();
    this.found.set(reason, found.add(construct.node.path));
  }

  /** Note which matches are true of nothing there is: slips of the pen, likely. */
  public addUnmatched(matches: LogGroupMatch[], all: LogGroupFacts[]): void {
    matches.filter((match) => !all.some((facts) => match._is(facts))).forEach((match) => this.unmatched.add(match._text));
  }

  public warn(): void {
    const annotations = Annotations.of(this.forwarder);
    for (const [reason, paths] of this.found) {
      annotations.addWarningV2(reason, `subscribeAll leaves out ${listed(paths)}: ${REASONS[reason]}`);
    }
    if (this.unmatched.size) {
      annotations.addWarningV2('mezmo-forwarder:unmatchedLogGroups', `subscribeAll is given what is true of no log group: ${[...this.unmatched].join(', ')}; correct it, or leave it out`);
    }
  }
}

/** The first few of many paths. */
export function listed(paths: Iterable<string>): string {
  const all = [...paths].map(show);
  const more = all.length > MOST_NAMED ? ` and ${all.length - MOST_NAMED} more` : '';
  return all.slice(0, MOST_NAMED).join(', ') + more;
}

function differ(one: unknown, other: string): boolean {
  return isKnown(one) && isKnown(other) && one !== other;
}
