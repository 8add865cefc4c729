import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { checkRange, refuse } from '../validate';
import { AlarmDefinition, AlarmName, ALARMS } from './alarm-definitions';
import { AddAlarmsOptions } from './alarm-options';
import { MetricsDetail } from './metrics';
import { WatchedForwarder } from './watched-forwarder';

/**
 * A forwarder's alarms. One that is switched off, or of which there is nothing to watch, is not there.
 *
 * @example
 * const alarms = forwarder.addAlarms({ throttles: { enabled: false } });
 * new cloudwatch.CompositeAlarm(this, 'LinesAreLost', {
 *   alarmRule: cloudwatch.AlarmRule.fromAlarm(alarms.asyncEventsDropped!, cloudwatch.AlarmState.ALARM),
 * });
 */
export class ForwarderAlarms extends Construct {
  /** Mezmo refused lines for good. */
  public readonly linesRejected?: cloudwatch.Alarm;

  /** Mezmo refused lines of the store for good. */
  public readonly redrivenLinesRejected?: cloudwatch.Alarm;

  /** Something came that CloudWatch does not send. */
  public readonly payloadsSetAside?: cloudwatch.Alarm;

  /** Lines could neither be delivered nor stored. */
  public readonly linesUndelivered?: cloudwatch.Alarm;

  /** Mezmo refuses the ingestion key. */
  public readonly keyRefused?: cloudwatch.Alarm;

  /** Mezmo answers with an unknown status. */
  public readonly unexpectedReplies?: cloudwatch.Alarm;

  /** Mezmo was given up. */
  public readonly breakerOpen?: cloudwatch.Alarm;

  /** Lines wait in the store. */
  public readonly storeNotEmpty?: cloudwatch.Alarm;

  /** Lines wait in the store too long. */
  public readonly oldestStoredAge?: cloudwatch.Alarm;

  /** Invocations fail. */
  public readonly errors?: cloudwatch.Alarm;

  /** Invocations are turned away. */
  public readonly throttles?: cloudwatch.Alarm;

  /** Events wait long in Lambda. */
  public readonly asyncEventAge?: cloudwatch.Alarm;

  /** Lambda gave up events. */
  public readonly asyncEventsDropped?: cloudwatch.Alarm;

  /** Lambda could not store what it gave up. */
  public readonly destinationDeliveryFailures?: cloudwatch.Alarm;

  /** The re-drive fails. */
  public readonly redriveErrors?: cloudwatch.Alarm;

  /** The re-drive does not run. */
  public readonly redriveStopped?: cloudwatch.Alarm;

  /** The function is not invoked. Only if asked for. */
  public readonly noEvents?: cloudwatch.Alarm;

  /** CloudWatch Logs cannot hand log events over. */
  public readonly deliveryErrors?: cloudwatch.Alarm;

  /** CloudWatch Logs is not let hand log events over. */
  public readonly deliveryThrottling?: cloudwatch.Alarm;

  /** The function is behind a Kinesis data stream. Only with `addKinesisStream`. */
  public get iteratorAge(): cloudwatch.Alarm | undefined {
    return this.ofStream;
  }

  /** All of them, as for a composite alarm. */
  public get all(): cloudwatch.Alarm[] {
    return [...this.made];
  }

  private readonly made: cloudwatch.Alarm[] = [];
  private ofStream?: cloudwatch.Alarm;

  /** @internal */
  public static _of(forwarder: WatchedForwarder, options: AddAlarmsOptions): ForwarderAlarms {
    return new ForwarderAlarms(forwarder, options);
  }

  private constructor(private readonly forwarder: WatchedForwarder, private readonly options: AddAlarmsOptions) {
    super(forwarder, 'Alarms');
    (Object.keys(ALARMS) as AlarmName[]).forEach((name) => this.check(name));
    this.linesRejected = this.alarm('linesRejected');
    this.redrivenLinesRejected = this.alarm('redrivenLinesRejected');
    this.payloadsSetAside = this.alarm('payloadsSetAside');
    this.linesUndelivered = this.alarm('linesUndelivered');
    this.keyRefused = this.alarm('keyRefused');
    this.unexpectedReplies = this.alarm('unexpectedReplies');
    this.breakerOpen = this.alarm('breakerOpen');
    this.storeNotEmpty = this.alarm('storeNotEmpty');
    this.oldestStoredAge = this.alarm('oldestStoredAge');
    this.errors = this.alarm('errors');
    this.throttles = this.alarm('throttles');
    this.asyncEventAge = this.alarm('asyncEventAge');
    this.asyncEventsDropped = this.alarm('asyncEventsDropped');
    this.destinationDeliveryFailures = this.alarm('destinationDeliveryFailures');
    this.redriveErrors = this.alarm('redriveErrors');
    this.redriveStopped = this.alarm('redriveStopped');
    this.deliveryErrors = this.alarm('deliveryErrors');
    this.deliveryThrottling = this.alarm('deliveryThrottling');
    this.noEvents = this.alarm('noEvents');
  }

  /** @internal */
  public _watchStream(): void {
    this.ofStream ??= this.alarm('iteratorAge');
  }

  /** Refuse what is asked of an alarm that cannot be. */
  private check(name: AlarmName): void {
    const absent = this.absent(ALARMS[name]);
    if (absent && this.options[name] && this.options[name].enabled !== false) {
      refuse(this.forwarder, `${name} is given to addAlarms with ${absent}; leave ${name} out`);
    }
  }

  /** Why there is nothing to watch, if there is not. */
  private absent({ needs }: AlarmDefinition): string | undefined {
    const { detail, redrive } = this.forwarder._watched;
    if (needs?.includes('own metrics') && detail === undefined) return 'vendor code, which publishes no metrics of its own';
    if (needs?.includes('own metrics') && detail === MetricsDetail.NONE) return 'MetricsDetail.NONE, without which there is nothing to watch';
    if (needs?.includes('store') && !redrive) return 'UndeliveredStore.none(), of which there is nothing to watch';
    return undefined;
  }

  private alarm(name: AlarmName): cloudwatch.Alarm | undefined {
    const asked = name === 'noEvents' ? this.options.noEvents !== undefined : true;
    const definition = ALARMS[name];
    const options = this.options[name] ?? {};
    if (!asked || options.enabled === false || this.absent(definition)) return undefined;
    const watched = this.forwarder._watched;
    const usual = definition.periods?.(watched) ?? { evaluationPeriods: 1, datapointsToAlarm: 1 };
    const { evaluationPeriods = usual.evaluationPeriods } = options;
    const datapointsToAlarm = options.datapointsToAlarm ?? (options.evaluationPeriods === undefined ? usual.datapointsToAlarm : evaluationPeriods);
    const period = definition.period?.(watched) ?? Duration.minutes(5);
    const farthest = definition.farthest ?? (period.toMinutes() < 60 ? 1440 : 10_080);
    checkRange(this.forwarder, `${name}'s evaluationPeriods`, evaluationPeriods, 1, Math.floor(farthest / period.toMinutes()), `periods of ${period.toMinutes()} minutes`);
    checkRange(this.forwarder, `${name}'s datapointsToAlarm`, datapointsToAlarm, 1, evaluationPeriods, 'of the periods');
    const alarm = new cloudwatch.Alarm(this, name[0].toUpperCase() + name.slice(1), {
      metric: definition.metric(this.forwarder, { period }),
      alarmDescription: definition.description,
      threshold: options.threshold ?? definition.threshold?.(watched) ?? 1,
      comparisonOperator: definition.comparison ?? cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: definition.missing ?? cloudwatch.TreatMissingData.NOT_BREACHING,
      evaluationPeriods,
      datapointsToAlarm,
    });
    alarm.addAlarmAction(...options.actions ?? this.options.actions ?? []);
    alarm.addOkAction(...this.options.okActions ?? []);
    this.made.push(alarm);
    return alarm;
  }
}
