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
   * The value at which it goes off, in the unit of its metric: a count, or seconds or milliseconds where the alarm says so.
   *
   * @default - that of the alarm
   */
  readonly threshold?: number;

  /**
   * How many of the latest periods it looks at. A period is 5 minutes, where the alarm does not say otherwise.
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
   * Lines that Mezmo refused for good.
   *
   * @default - one in 5 minutes
   */
  readonly linesRejected?: AlarmOptions;

  /**
   * Lines of the store that Mezmo refused for good.
   *
   * @default - one in 5 minutes
   */
  readonly redrivenLinesRejected?: AlarmOptions;

  /**
   * Payloads that are not what CloudWatch sends.
   *
   * @default - one in 5 minutes
   */
  readonly payloadsSetAside?: AlarmOptions;

  /**
   * Lines of invocations that failed, which could not be stored.
   *
   * @default - one in 5 minutes
   */
  readonly linesUndelivered?: AlarmOptions;

  /**
   * The ingestion key, refused by Mezmo.
   *
   * @default - once in 5 minutes
   */
  readonly keyRefused?: AlarmOptions;

  /**
   * Replies of Mezmo with a status that nobody has told us of.
   *
   * @default - one in 5 minutes
   */
  readonly unexpectedReplies?: AlarmOptions;

  /**
   * Lines that are stored without a request, since Mezmo was given up.
   *
   * @default - 15 minutes on end
   */
  readonly breakerOpen?: AlarmOptions;

  /**
   * A store that is not empty for 15 minutes.
   *
   * @default - after 4 of 5 runs of the re-drive with the usual `redriveInterval`
   */
  readonly storeNotEmpty?: AlarmOptions;

  /**
   * The age of the oldest that waits in the store, in seconds.
   *
   * @default - 6 hours
   */
  readonly oldestStoredAge?: AlarmOptions;

  /**
   * Invocations that ended in an error.
   *
   * @default - one in 5 minutes, 2 times in 15 minutes
   */
  readonly errors?: AlarmOptions;

  /**
   * Invocations that Lambda turned away.
   *
   * @default - one in 5 minutes, 3 times on end
   */
  readonly throttles?: AlarmOptions;

  /**
   * How long an event waited in Lambda, in milliseconds.
   *
   * @default - 15 minutes, or half of `maxEventAge` where that is shorter
   */
  readonly asyncEventAge?: AlarmOptions;

  /**
   * Events that Lambda gave up.
   *
   * @default - one in 5 minutes
   */
  readonly asyncEventsDropped?: AlarmOptions;

  /**
   * Events that Lambda gave up and could not write to the store.
   *
   * @default - one in 5 minutes
   */
  readonly destinationDeliveryFailures?: AlarmOptions;

  /**
   * Runs of the re-drive that ended in an error.
   *
   * @default - in 2 of 3 intervals
   */
  readonly redriveErrors?: AlarmOptions;

  /**
   * A re-drive that does not run while the function does.
   *
   * @default - in 3 intervals on end
   */
  readonly redriveStopped?: AlarmOptions;

  /**
   * Log events that CloudWatch Logs could not hand over, of any subscription of the region.
   *
   * @default - one in 5 minutes
   */
  readonly deliveryErrors?: AlarmOptions;

  /**
   * Log events that CloudWatch Logs was not let hand over, of any subscription of the region.
   *
   * @default - one in 5 minutes, 3 times on end
   */
  readonly deliveryThrottling?: AlarmOptions;

  /**
   * How far the function is behind a Kinesis data stream, in milliseconds.
   *
   * @default - 15 minutes, 3 times in 5 minutes each; with `addKinesisStream` only
   */
  readonly iteratorAge?: AlarmOptions;

  /**
   * No invocation at all: in an hour. Only for a forwarder to which something always comes, so it is off unless given.
   *
   * @default - no such alarm
   */
  readonly noEvents?: AlarmOptions;
}
