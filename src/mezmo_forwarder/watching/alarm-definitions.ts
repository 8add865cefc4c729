import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { AddAlarmsOptions } from './alarm-options';
import { Watched } from './watched';
import { WatchedForwarder } from './watched-forwarder';

/** The options that are an alarm. */
export type AlarmName = Exclude<keyof AddAlarmsOptions, 'actions' | 'okActions'>;

/** What an alarm needs: our handler with its metrics, a store with its re-drive, both, a stream. */
export type Need = 'own metrics' | 'store' | 'own metrics and store' | 'stream';

/** An alarm as it is by itself: it goes off at the threshold, in 5 minutes, and takes what is missing for good. */
export interface AlarmDefinition {
  readonly needs?: Need;
  readonly metric: (forwarder: WatchedForwarder, options: { period: Duration }) => cloudwatch.IMetric;
  readonly period?: (watched: Watched) => Duration;
  readonly threshold?: (watched: Watched) => number;
  readonly periods?: (watched: Watched) => { evaluationPeriods: number; datapointsToAlarm: number };
  /** How far back CloudWatch looks, in minutes: a week at most, a day at periods below an hour, three hours for a query. */
  readonly farthest?: number;
  readonly comparison?: cloudwatch.ComparisonOperator;
  readonly missing?: cloudwatch.TreatMissingData;
  /** What it means, and what to do. */
  readonly description: string;
}

const MINUTE = 60_000;
const LATE = 15;

/** Of the latest periods, in how many the threshold is reached. */
const of = (datapointsToAlarm: number, evaluationPeriods: number) => () => ({ datapointsToAlarm, evaluationPeriods });

/** An interval of the re-drive, in which there is one run; a period of 5 minutes holds several of a shorter one. */
const interval = ({ redrive }: Watched) => Duration.minutes(Math.max(5, redrive!.interval.toMinutes()));

/** So many runs that more than 15 minutes lie between the first and the last; since they end at no fixed time, a period may have none. */
const runs = (watched: Watched) => {
  const datapointsToAlarm = Math.ceil(LATE / interval(watched).toMinutes()) + 1;
  return { datapointsToAlarm, evaluationPeriods: datapointsToAlarm + 1 };
};

export const ALARMS: Record<AlarmName, AlarmDefinition> = {
  linesRejected: {
    needs: 'own metrics',
    metric: (forwarder, options) => forwarder.metricLinesRejected(options),
    description: 'Mezmo refused lines for good. With a store they are kept below rejected/ in its bucket, with the reasons: read them, mend what makes such lines, and have the re-drive send them again.',
  },
  redrivenLinesRejected: {
    needs: 'own metrics and store',
    metric: (forwarder, options) => forwarder.metricRedrivenLinesRejected(options),
    description: 'Mezmo refused lines of the store for good. They are kept below rejected/ in the undelivered bucket, with the reasons: read them, mend what makes such lines, and have the re-drive send them again.',
  },
  payloadsSetAside: {
    needs: 'own metrics',
    metric: (forwarder, options) => forwarder.metricPayloadsSetAside(options),
    description: 'Something came that is not what CloudWatch Logs sends, or could not be read three times. With a store it is kept below rejected/ in its bucket: read it, and find who sends it.',
  },
  linesUndelivered: {
    needs: 'own metrics',
    metric: (forwarder, options) => forwarder.metricLinesUndelivered(options),
    description: 'Lines could neither be delivered nor stored. Lambda tries again twice, within minutes, and then they are at its on-failure destination, if it can be written to: read the function\'s log for what S3 and Mezmo say.',
  },
  keyRefused: {
    needs: 'own metrics',
    metric: (forwarder, options) => forwarder.metricKeyRefused(options),
    description: 'Mezmo refuses the ingestion key, also after it was read again: nothing is delivered, lines are stored. Put a valid key into the secret or parameter; the rest happens by itself.',
  },
  unexpectedReplies: {
    needs: 'own metrics',
    metric: (forwarder, options) => forwarder.metricUnexpectedReplies(options),
    description: 'Mezmo, or something on the way to it, answers with a status that nobody has told us of. Lines are stored: read the function\'s log for the status, and look at proxy and destination.',
  },
  breakerOpen: {
    needs: 'own metrics',
    metric: (forwarder, options) => forwarder.metricBreakerOpen(options),
    periods: of(3, 3),
    description: 'For 15 minutes Mezmo could not be reached, or did not take lines. They are stored, and sent by themselves when it is back: look at Mezmo\'s status page and the way out of the VPC.',
  },
  storeNotEmpty: {
    needs: 'own metrics and store',
    metric: (forwarder, options) => forwarder.metricStoreDepth(options),
    period: interval,
    periods: runs,
    description: 'Lines wait in the undelivered bucket, run after run. They are sent by themselves when Mezmo takes them: read the re-drive\'s log for the reason.',
  },
  oldestStoredAge: {
    needs: 'own metrics and store',
    metric: (forwarder, options) => forwarder.metricOldestStoredAge(options),
    period: interval,
    threshold: () => 6 * 3600,
    description: 'Lines wait in the undelivered bucket for 6 hours, in seconds. It keeps them for 30 days, unless told otherwise: read the re-drive\'s log for what holds them up.',
  },
  errors: {
    metric: (forwarder, options) => forwarder.metricErrors(options),
    periods: of(2, 3),
    description: 'Invocations of the function fail, time out or crash. Lambda tries again twice and then stores the event, if there is a store: read the function\'s log.',
  },
  throttles: {
    metric: (forwarder, options) => forwarder.metricThrottles(options),
    periods: of(3, 3),
    description: 'For 15 minutes Lambda has turned invocations away for want of concurrency. Events wait up to maxEventAge: raise reservedConcurrentExecutions, or the account\'s limit.',
  },
  asyncEventAge: {
    metric: (forwarder, options) => forwarder.metricAsyncEventAge(options),
    threshold: ({ maxEventAge }) => maxEventAge.isUnresolved() ? LATE * MINUTE : Math.min(LATE * MINUTE, maxEventAge.toMilliseconds() / 2),
    description: 'Events wait long in Lambda before the function is invoked, in milliseconds: it is throttled, or fails. Those older than maxEventAge are given up.',
  },
  asyncEventsDropped: {
    metric: (forwarder, options) => forwarder.metricAsyncEventsDropped(options),
    description: 'Lambda gave up events, after the last retry or too old. With a store they are below aws/lambda/ in the bucket and sent again by themselves; without one they are lost: read the function\'s log.',
  },
  destinationDeliveryFailures: {
    needs: 'store',
    metric: (forwarder, options) => forwarder.metricDestinationDeliveryFailures(options),
    description: 'Lambda gave up events and could not write them to the undelivered bucket: they are LOST. Look at the bucket, its policy and its key.',
  },
  redriveErrors: {
    needs: 'store',
    metric: (forwarder, options) => forwarder._watched.redrive!.function.metricErrors(options),
    period: interval,
    periods: of(2, 3),
    description: 'Runs of the re-drive fail, so that what is stored is not sent again: read its log.',
  },
  redriveStopped: {
    needs: 'store',
    // Only while the function runs, or it would go off until the first run after a deployment. Where it does, and there are no runs, their value is 0.
    metric: (forwarder, { period }) => new cloudwatch.MathExpression({
      expression: 'IF(invocations, runs)',
      usingMetrics: { invocations: forwarder.metricInvocations(), runs: forwarder._watched.redrive!.function.metricInvocations() },
      label: 'Runs of the re-drive while the function runs',
      period,
    }),
    period: interval,
    periods: of(3, 3),
    comparison: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    description: 'The re-drive does not run, so that what is stored is not sent again: look at its schedule, which somebody may have disabled, and at its throttles.',
  },
  deliveryErrors: {
    metric: (forwarder, options) => forwarder.metricDeliveryErrors(options),
    farthest: 180,
    description: 'CloudWatch Logs could not hand log events of a subscription of this region over, the forwarder\'s or another. What is refused for good (no permission, no function) is LOST, the rest is tried again for a day: the metric DeliveryErrors in AWS/Logs names filter and log group.',
  },
  deliveryThrottling: {
    metric: (forwarder, options) => forwarder.metricDeliveryThrottling(options),
    farthest: 180,
    periods: of(3, 3),
    description: 'For 15 minutes CloudWatch Logs has not been let hand log events of a subscription of this region over, the forwarder\'s or another, and tries again for a day: raise reservedConcurrentExecutions, or the account\'s limit.',
  },
  iteratorAge: {
    needs: 'stream',
    metric: (forwarder, options) => forwarder.metricIteratorAge(options),
    threshold: () => LATE * MINUTE,
    periods: of(3, 3),
    description: 'The function is behind the Kinesis data stream, in milliseconds. Records older than maxRecordAge, or than the stream keeps, are given up: raise parallelizationFactor or the number of shards.',
  },
  noEvents: {
    // Not left missing: CloudWatch would go by what it last saw, hours ago.
    metric: (forwarder, { period }) => new cloudwatch.MathExpression({
      expression: 'FILL(invocations, 0)',
      usingMetrics: { invocations: forwarder.metricInvocations() },
      label: 'Invocations',
      period,
    }),
    period: () => Duration.hours(1),
    comparison: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    missing: cloudwatch.TreatMissingData.BREACHING,
    description: 'The function was not invoked at all: look whether the log groups get events and still have their subscription filters.',
  },
};
