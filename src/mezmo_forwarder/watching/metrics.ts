import { Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { show } from '../validate';

/**
 * Which metrics the forwarder publishes about itself. CloudWatch charges for each.
 */
export enum MetricsDetail {
  /** None. */
  NONE = 'none',

  /** One set for the forwarder, under the name of its function. */
  FORWARDER = 'forwarder',

  /** The same by log group as well: what they cost multiplies by the number of log groups. */
  LOG_GROUP = 'log-group',
}

/**
 * Refuse a log level at which Lambda drops the lines that carry the metrics.
 * @internal
 */
export function keepMetricLines(fn: lambda.Function): void {
  fn.node.addValidation({
    validate: () => {
      const resource = fn.node.defaultChild as lambda.CfnFunction;
      // As it will stand in the template: an escape hatch may have set it in more than one way.
      const { Resources } = Stack.of(fn).resolve(resource._toCloudFormation());
      const [{ Properties }] = Object.values<{ Properties: { LoggingConfig?: { ApplicationLogLevel?: unknown } } }>(Resources);
      const level = Properties.LoggingConfig?.ApplicationLogLevel;
      if (!['WARN', 'ERROR', 'FATAL'].includes(level as string)) return [];
      return [`applicationLogLevel is ${show(level)}, at which Lambda drops the lines that carry the metrics; set it to "INFO" or lower, or give the forwarder metricsDetail MetricsDetail.NONE`];
    },
  });
}

/** Where the handler's metrics are. */
export const NAMESPACE = 'MezmoForwarder';

/** The handler's metrics, and how the values of many invocations are one. */
export const OWN_METRICS = {
  LinesReceived: 'Sum',
  LinesDelivered: 'Sum',
  LinesFiltered: 'Sum',
  LinesStored: 'Sum',
  LinesRejected: 'Sum',
  LinesUndelivered: 'Sum',
  BytesDelivered: 'Sum',
  BytesStored: 'Sum',
  BytesRejected: 'Sum',
  OldestLineAge: 'Maximum',
  Requests: 'Sum',
  Retries: 'Sum',
  KeyRefreshes: 'Sum',
  KeyRefused: 'Sum',
  UnexpectedReplies: 'Sum',
  BreakerOpen: 'Sum',
  PayloadsSetAside: 'Sum',
  TagLookupsFailed: 'Sum',
} as const;

/** The re-drive's, under the forwarder's name as well. */
export const REDRIVE_METRICS = {
  StoreDepth: 'Maximum',
  OldestStoredAge: 'Maximum',
  LinesRedriven: 'Sum',
  BytesRedriven: 'Sum',
  RedrivenLinesRejected: 'Sum',
} as const;
