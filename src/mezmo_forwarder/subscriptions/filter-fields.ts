import * as logs from 'aws-cdk-lib/aws-logs';
import { IConstruct } from 'constructs';
import { isKnown, refuse } from '../validate';

/**
 * What aws-cdk-lib's `SubscriptionFilter` has no properties for.
 */
export interface FilterFields {
  /**
   * Whether each log event tells the account and region it comes from. Lines name these, where CloudWatch names those of the log group:
   * for log groups that hold log data of others (log centralization), and where a line's region is not the forwarder's.
   *
   * @default false
   */
  readonly emitSystemFields?: boolean;

  /**
   * Which events are forwarded, by their account and region, such as `@aws.region NOT IN ["us-east-1"]`. CloudWatch drops the others, so they cost nothing.
   *
   * @default - all events
   */
  readonly fieldSelectionCriteria?: string;

  /**
   * Whether the events are forwarded as the log group's transformer makes them, or without a transformer as they are.
   *
   * @default false
   */
  readonly applyOnTransformedLogs?: boolean;
}

/** CloudWatch's limit, in characters. */
const LONGEST_CRITERIA = 2000;

/**
 * Refuse what CloudWatch Logs would refuse.
 * @internal
 */
export function checkFilterFields(scope: IConstruct, { fieldSelectionCriteria: criteria }: FilterFields): void {
  if (isKnown(criteria) && !(criteria.length > 0 && criteria.length <= LONGEST_CRITERIA)) {
    refuse(scope, `fieldSelectionCriteria is ${criteria.length} characters long; give 1 to ${LONGEST_CRITERIA}`);
  }
}

/**
 * Give a filter these fields.
 * @internal
 */
export function setFilterFields(filter: logs.SubscriptionFilter, fields: FilterFields): void {
  const resource = filter.node.defaultChild as logs.CfnSubscriptionFilter;
  if (fields.emitSystemFields) resource.emitSystemFields = ['@aws.account', '@aws.region'];
  resource.fieldSelectionCriteria = fields.fieldSelectionCriteria;
  resource.applyOnTransformedLogs = fields.applyOnTransformedLogs;
}
