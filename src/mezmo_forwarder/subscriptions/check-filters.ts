import { Annotations, CfnOutput, CfnResource, Stack, Stage } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { IConstruct } from 'constructs';
import { isKnown, show } from '../validate';
import { listed } from './left-out';
import { keyOfName } from './log-groups';
import { Subscriptions } from './subscription';

/** How many subscription filters CloudWatch Logs takes on a log group, since September 2026. */
const FILTERS_A_GROUP = 5;

/** How many it took before. */
const FILTERS_A_GROUP_BEFORE = 2;

/** How many resources CloudFormation takes in a stack, and the context by which CDK lets users say otherwise. */
const RESOURCES_A_STACK = 500;
const RESOURCES_CONTEXT = '@aws-cdk/core:stackResourceLimit';

/** How many outputs CloudFormation takes in a stack. */
const OUTPUTS_A_STACK = 200;

interface Filters {
  readonly group: string;
  readonly filters: IConstruct[];
}

/** Look at the filters on a forwarder's log groups, whoever made them: warn of what surprises, and return what cannot be. */
export function checkFilters(forwarder: IConstruct, referredStacks: Iterable<Stack>): string[] {
  const errors: string[] = [];
  const full: string[] = [];
  const shared: string[] = [];
  for (const { group, filters } of filtersByGroup(Stage.of(forwarder)!)) {
    const forwarders = filters.map((filter) => deliveryOf(filter)?.forwarder).filter((one) => one !== undefined);
    if (!forwarders.includes(forwarder)) continue;
    // Of several forwarders one says it.
    const isFirst = !forwarders.some((other) => other.node.path < forwarder.node.path);
    if (filters.length > FILTERS_A_GROUP) {
      if (isFirst) errors.push(`log group ${show(group)} has ${filters.length} subscription filters: ${filters.map((filter) => filter.node.path).join(', ')}; CloudWatch Logs takes ${FILTERS_A_GROUP}: remove some`);
    } else if (filters.length > FILTERS_A_GROUP_BEFORE) {
      full.push(group);
    }
    if (!isFirst) shared.push(group);
  }
  if (full.length) {
    Annotations.of(forwarder).addWarningV2('mezmo-forwarder:manyFilters',
      `log groups with more than ${FILTERS_A_GROUP_BEFORE} subscription filters: ${listed(full)}; CloudWatch Logs takes ${FILTERS_A_GROUP} since September 2026, and took ${FILTERS_A_GROUP_BEFORE} before: remove some if the deployment fails`);
  }
  if (shared.length) {
    Annotations.of(forwarder).addWarningV2('mezmo-forwarder:twoForwarders',
      `log groups that another forwarder is subscribed to as well: ${listed(shared)}; their lines arrive twice, unless the filter patterns differ: leave them out of one`);
  }
  return [...errors, ...tooManyResources(Stack.of(forwarder)), ...[...referredStacks].flatMap(tooManyOutputs)];
}

function tooManyOutputs(stack: Stack): string[] {
  const outputs = stack.node.findAll().filter((one) => one instanceof CfnOutput && Stack.of(one) === stack);
  if (outputs.length <= OUTPUTS_A_STACK) return [];
  return [`stack ${show(stack.node.path)} has ${outputs.length} outputs, by which the forwarder knows the names of its log groups among others; CloudFormation takes ${OUTPUTS_A_STACK}: give log groups a literal logGroupName, which needs none, or make a forwarder in that stack`];
}

/** An error that tells what to do, before CDK's, which does not. */
function tooManyResources(stack: Stack): string[] {
  const limit = Number(stack.node.tryGetContext(RESOURCES_CONTEXT) ?? RESOURCES_A_STACK);
  const resources = stack.node.findAll().filter((one) => CfnResource.isCfnResource(one) && Stack.of(one) === stack);
  const filters = resources.filter((one) => one instanceof logs.CfnSubscriptionFilter);
  if (!limit || resources.length <= limit || !filters.length) return [];
  return [`stack ${show(stack.node.path)} has ${resources.length} resources, of which ${filters.length} are subscription filters; CloudFormation takes ${limit}: use subscribeAccount for all log groups of the account, or a forwarder in each of several stacks, or leave log groups out`];
}

/** The filters of an assembly by region, account and log group. */
function filtersByGroup(stage: Stage): Iterable<Filters> {
  const found = new Map<string, Filters>();
  for (const filter of stage.node.findAll()) {
    if (!(filter instanceof logs.CfnSubscriptionFilter)) continue;
    const stack = Stack.of(filter);
    const group = deliveryOf(filter)?.key ?? keyOfName(stack, filter.logGroupName);
    const key = [...[stack.region, stack.account].filter(isKnown), group].join(' ');
    const known: Filters = found.get(key) ?? { group, filters: [] };
    known.filters.push(filter);
    found.set(key, known);
  }
  return found.values();
}

/** Where a filter delivers, which is known of its L2. */
function deliveryOf(filter: IConstruct): ReturnType<typeof Subscriptions.deliveryOf> {
  return filter.node.scope && Subscriptions.deliveryOf(filter.node.scope);
}
