import { Annotations, Lazy, Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';
import { isKnown, refuse, show } from './validate';

/** CloudWatch's limits, in bytes: for the selection criteria of an account's policy, and for the name of one log group. */
const LARGEST_CRITERIA = 25 * 1024;
const LONGEST_NAME = 512;

/** @internal */
export interface AccountPolicyProps {
  readonly policyName: string;
  /** The policy's JSON document. */
  readonly document: Record<string, unknown>;
  /** The names of the log groups that are left out, which may be tokens; asked when all are known. */
  readonly leftOut: () => string[];
}

/**
 * CloudWatch's one subscription policy of an account in a region.
 * @internal
 */
export function accountPolicy(scope: Construct, id: string, props: AccountPolicyProps): logs.CfnAccountPolicy {
  if (isKnown(props.policyName) && !/^(?!aws\/)[^:*]{1,256}$/.test(props.policyName)) {
    refuse(scope, `policyName is ${show(props.policyName)}; give 1 to 256 characters without ":" and "*" that do not begin with "aws/"`);
  }
  claim(scope);
  const stack = Stack.of(scope);
  const names = () => sorted(stack, props.leftOut());
  scope.node.addValidation({ validate: () => tooLarge(names()) });
  return new logs.CfnAccountPolicy(scope, id, {
    policyName: props.policyName,
    policyType: 'SUBSCRIPTION_FILTER_POLICY',
    policyDocument: stack.toJsonString(props.document),
    scope: 'ALL',
    selectionCriteria: Lazy.string({ produce: () => criteria(names()) }),
  });
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
    'subscribe fewer log groups singly, or leave out those of one prefix with excludeLogGroupPrefixes'];
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
