import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

/**
 * How one alarm differs from what it is by itself.
 */
export interface AlarmOptions {
  /**
   * Whether there is this alarm.
   *
   * @default true
   */
  readonly enabled?: boolean;

  /**
   * The value at which it goes off.
   *
   * @default - that of the alarm
   */
  readonly threshold?: number;

  /**
   * How many of the latest periods it looks at.
   *
   * @default - that of the alarm
   */
  readonly evaluationPeriods?: number;

  /**
   * In how many of them the threshold must be reached.
   *
   * @default - that of the alarm; all of them, where `evaluationPeriods` is given
   */
  readonly datapointsToAlarm?: number;

  /**
   * What is done when it goes off, in place of what is done for all.
   *
   * @default - the `actions` of all
   */
  readonly actions?: cloudwatch.IAlarmAction[];
}

/**
 * Options for a forwarder's alarms, each of which is named here.
 */
export interface AddAlarmsOptions {
  /**
   * What is done when an alarm goes off, such as a message to a topic.
   *
   * @default - nothing; the alarms show their state
   */
  readonly actions?: cloudwatch.IAlarmAction[];

  /**
   * What is done when it is over.
   *
   * @default - nothing
   */
  readonly okActions?: cloudwatch.IAlarmAction[];

  /**
   * Lines that Mezmo refused for good: one in 5 minutes.
   *
   * @default - as said
   */
  readonly linesRejected?: AlarmOptions;

  /**
   * Lines of the store that Mezmo refused for good: one in 5 minutes.
   *
   * @default - as said
   */
  readonly redrivenLinesRejected?: AlarmOptions;

  /**
   * Payloads that are not what CloudWatch sends: one in 5 minutes.
   *
   * @default - as said
   */
  readonly payloadsSetAside?: AlarmOptions;

  /**
   * Lines of invocations that failed, which could not be stored: one in 5 minutes.
   *
   * @default - as said
   */
  readonly linesUndelivered?: AlarmOptions;

  /**
   * The ingestion key, refused by Mezmo: once in 5 minutes.
   *
   * @default - as said
   */
  readonly keyRefused?: AlarmOptions;

  /**
   * Replies of Mezmo with a status that nobody has told us of: one in 5 minutes.
   *
   * @default - as said
   */
  readonly unexpectedReplies?: AlarmOptions;

  /**
   * Lines that are stored without a request, since Mezmo was given up: in 15 minutes on end.
   *
   * @default - as said
   */
  readonly breakerOpen?: AlarmOptions;

  /**
   * A store that is not empty for 15 minutes: after 4 of 5 runs of the re-drive with the usual `redriveInterval`.
   *
   * @default - as said
   */
  readonly storeNotEmpty?: AlarmOptions;

  /**
   * The age of the oldest that waits in the store, in seconds: 6 hours.
   *
   * @default - as said
   */
  readonly oldestStoredAge?: AlarmOptions;

  /**
   * Invocations that ended in an error: one in 5 minutes, 2 times in 15 minutes.
   *
   * @default - as said
   */
  readonly errors?: AlarmOptions;

  /**
   * Invocations that Lambda turned away: one in 5 minutes, 3 times on end.
   *
   * @default - as said
   */
  readonly throttles?: AlarmOptions;

  /**
   * How long an event waited in Lambda, in milliseconds: 15 minutes, or half of `maxEventAge` where that is shorter.
   *
   * @default - as said
   */
  readonly asyncEventAge?: AlarmOptions;

  /**
   * Events that Lambda gave up: one in 5 minutes.
   *
   * @default - as said
   */
  readonly asyncEventsDropped?: AlarmOptions;

  /**
   * Events that Lambda gave up and could not write to the store: one in 5 minutes.
   *
   * @default - as said
   */
  readonly destinationDeliveryFailures?: AlarmOptions;

  /**
   * Runs of the re-drive that ended in an error: in 2 of 3 intervals.
   *
   * @default - as said
   */
  readonly redriveErrors?: AlarmOptions;

  /**
   * A re-drive that does not run while the function does: in 3 intervals on end.
   *
   * @default - as said
   */
  readonly redriveStopped?: AlarmOptions;

  /**
   * Log events that CloudWatch Logs could not hand over, of any subscription of the region: one in 5 minutes.
   *
   * @default - as said
   */
  readonly deliveryErrors?: AlarmOptions;

  /**
   * Log events that CloudWatch Logs was not let hand over, of any subscription of the region: one in 5 minutes, 3 times on end.
   *
   * @default - as said
   */
  readonly deliveryThrottling?: AlarmOptions;

  /**
   * How far the function is behind a Kinesis data stream, in milliseconds: 15 minutes, 3 times in 5 minutes each; with `addKinesisStream` only.
   *
   * @default - as said
   */
  readonly iteratorAge?: AlarmOptions;

  /**
   * No invocation at all: in an hour. Only for a forwarder to which something always comes, so it is off unless given.
   *
   * @default - no such alarm
   */
  readonly noEvents?: AlarmOptions;
}
