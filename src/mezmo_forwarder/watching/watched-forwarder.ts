import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { refuse, show } from '../validate';
import { AddAlarmsOptions } from './alarm-options';
import { ForwarderAlarms } from './alarms';
import { AddDashboardOptions, makeDashboard } from './dashboard';
import { filterMetric, FilterMetricOptions } from './filter-metrics';
import { MetricsDetail, NAMESPACE, OWN_METRICS, REDRIVE_METRICS } from './metrics';
import { Watched } from './watched';

/**
 * What is seen of a forwarder from outside: its handler's metrics, Lambda's, and CloudWatch Logs' of its subscriptions;
 * and the alarms and the dashboard over them.
 *
 * @internal
 */
export abstract class WatchedForwarder extends Construct {
  /** @internal */
  public abstract readonly _watched: Watched;

  private alarms?: ForwarderAlarms;
  private dashboard?: cloudwatch.Dashboard;
  private readsStream = false;

  /**
   * Add alarms for what loses lines, delays them or keeps them from arriving, with thresholds that are quiet on a good day.
   *
   * CloudWatch charges 0.10 USD a month for each metric that an alarm looks at. A second call is refused.
   *
   * @example
   * forwarder.addAlarms({
   *   actions: [new cloudwatchactions.SnsAction(topic)],
   *   linesRejected: { threshold: 5 },
   * });
   */
  public addAlarms(options: AddAlarmsOptions = {}): ForwarderAlarms {
    if (this.alarms) {
      refuse(this, 'addAlarms is called twice, and would make each alarm twice; give one call all options');
    }
    this.alarms = ForwarderAlarms._of(this, options);
    if (this.readsStream) this.alarms._watchStream();
    return this.alarms;
  }

  /**
   * Add a dashboard: whether everything is there, how late, at what cost, and who sends most.
   *
   * It shows the alarms' states if `addAlarms` was called before. CloudWatch charges 3 USD a month for each dashboard after the third.
   * A second call is refused.
   */
  public addDashboard(options: AddDashboardOptions = {}): cloudwatch.Dashboard {
    if (this.dashboard) {
      refuse(this, 'addDashboard is called twice; one dashboard shows all: remove one of the two calls');
    }
    this.dashboard = makeDashboard(this, options, this.alarms);
    return this.dashboard;
  }

  /** @internal */
  protected _watchStream(): void {
    this.readsStream = true;
    this.alarms?._watchStream();
  }

  /**
   * A metric that the handler publishes, by its name: in the namespace `MezmoForwarder`, by `FunctionName`.
   *
   * With `MetricsDetail.LOG_GROUP`, that of one log group by the dimension `LogGroup`. With vendor code or `MetricsDetail.NONE`
   * there is none, and asking for one is refused.
   *
   * @param metricName such as `LinesDelivered`
   *
   * @example
   * forwarder.metric('LinesDelivered', { dimensionsMap: { LogGroup: '/aws/ecs/shop' } });
   */
  public metric(metricName: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    const { function: fn, detail, redrive } = this._watched;
    if (detail === undefined || detail === MetricsDetail.NONE) {
      const why = detail === undefined ? 'vendor code, which publishes none; leave code out to run our handler' : 'MetricsDetail.NONE; leave metricsDetail out';
      refuse(this, `the metric ${show(metricName)} is asked for with ${why}, or use the metrics of Lambda and CloudWatch Logs`);
    }
    if (metricName in REDRIVE_METRICS && !redrive) {
      refuse(this, `the metric ${show(metricName)} is asked for with UndeliveredStore.none(), of which there is nothing to tell; leave undeliveredStore out`);
    }
    if (options.dimensionsMap?.LogGroup !== undefined && detail !== MetricsDetail.LOG_GROUP) {
      refuse(this, `the metric ${show(metricName)} is asked for by LogGroup, and metricsDetail is MetricsDetail.FORWARDER; set it to MetricsDetail.LOG_GROUP`);
    }
    return new cloudwatch.Metric({
      statistic: { ...OWN_METRICS, ...REDRIVE_METRICS }[metricName as keyof typeof OWN_METRICS] ?? 'Sum',
      ...options,
      namespace: NAMESPACE,
      metricName,
      dimensionsMap: { FunctionName: fn.functionName, ...options.dimensionsMap },
    }).attachTo(this);
  }

  /**
   * Lines that log events make, joined ones counted once. Always there, and the sum of what became of them: delivered, filtered, stored, rejected, undelivered.
   */
  public metricLinesReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('LinesReceived', options);
  }

  /**
   * Lines that Mezmo took. Always there when there are any.
   */
  public metricLinesDelivered(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('LinesDelivered', options);
  }

  /**
   * Log events that became no line: empty ones, what `include`, `exclude` and `sampling` leave out, the forwarder's own log group.
   */
  public metricLinesFiltered(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('LinesFiltered', options);
  }

  /**
   * Lines that Mezmo did not take, kept in the store to be sent again.
   */
  public metricLinesStored(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('LinesStored', options);
  }

  /**
   * Lines that Mezmo refused for good, kept below `rejected/` in the store.
   */
  public metricLinesRejected(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('LinesRejected', options);
  }

  /**
   * Lines of invocations that failed, since the store could not be written to either, or there is none. Lambda repeats them.
   */
  public metricLinesUndelivered(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('LinesUndelivered', options);
  }

  /**
   * Bytes of the lines that Mezmo took, before compression.
   */
  public metricBytesDelivered(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('BytesDelivered', options);
  }

  /**
   * Bytes of the lines that were stored.
   */
  public metricBytesStored(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('BytesStored', options);
  }

  /**
   * Bytes of the lines that Mezmo refused for good.
   */
  public metricBytesRejected(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('BytesRejected', options);
  }

  /**
   * Seconds from the oldest line's event to its delivery, the largest.
   */
  public metricOldestLineAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('OldestLineAge', options);
  }

  /**
   * Requests to Mezmo.
   */
  public metricRequests(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Requests', options);
  }

  /**
   * Requests that repeated another.
   */
  public metricRetries(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Retries', options);
  }

  /**
   * How often the key was read again because Mezmo had refused it: at a rotation, once for each warm function.
   */
  public metricKeyRefreshes(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('KeyRefreshes', options);
  }

  /**
   * Invocations in which Mezmo refused the key, also after it was read again.
   */
  public metricKeyRefused(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('KeyRefused', options);
  }

  /**
   * Replies of Mezmo with a status that nobody has told us of.
   */
  public metricUnexpectedReplies(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('UnexpectedReplies', options);
  }

  /**
   * Invocations that stored lines without a request, since others before had failed.
   */
  public metricBreakerOpen(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('BreakerOpen', options);
  }

  /**
   * Payloads that are not what CloudWatch sends, kept below `rejected/` in the store.
   */
  public metricPayloadsSetAside(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('PayloadsSetAside', options);
  }

  /**
   * Lookups of a log group's tags that told none, so that its lines go without. Only with `logGroupTags`.
   */
  public metricTagLookupsFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('TagLookupsFailed', options);
  }

  /**
   * Objects that wait in the store after a run of the re-drive, the most. Absent while there are none.
   */
  public metricStoreDepth(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('StoreDepth', options);
  }

  /**
   * Seconds since the oldest object that waits was stored, the largest.
   */
  public metricOldestStoredAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('OldestStoredAge', options);
  }

  /**
   * Lines of the store that Mezmo took.
   */
  public metricLinesRedriven(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('LinesRedriven', options);
  }

  /**
   * Bytes of the lines of the store that Mezmo took.
   */
  public metricBytesRedriven(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('BytesRedriven', options);
  }

  /**
   * Lines of the store that Mezmo refused for good.
   */
  public metricRedrivenLinesRejected(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('RedrivenLinesRejected', options);
  }

  /**
   * Invocations of the function, repeated ones included.
   */
  public metricInvocations(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._watched.function.metricInvocations(options);
  }

  /**
   * Invocations that ended in an error: the handler's, a time-out, a crash.
   */
  public metricErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._watched.function.metricErrors(options);
  }

  /**
   * Invocations that Lambda turned away for want of concurrency, and tries again.
   */
  public metricThrottles(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._watched.function.metricThrottles(options);
  }

  /**
   * Milliseconds that an invocation takes, on average.
   */
  public metricDuration(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._watched.function.metricDuration(options);
  }

  /**
   * Invocations at the same time, the most.
   */
  public metricConcurrentExecutions(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.lambda('ConcurrentExecutions', 'Maximum', options);
  }

  /**
   * Events that Lambda accepted to hand to the function.
   */
  public metricAsyncEventsReceived(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.lambda('AsyncEventsReceived', 'Sum', options);
  }

  /**
   * Milliseconds that an event waited in Lambda before the function was invoked with it, the most.
   */
  public metricAsyncEventAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.lambda('AsyncEventAge', 'Maximum', options);
  }

  /**
   * Events that Lambda gave up: after the last retry, or too old. With a store they go there.
   */
  public metricAsyncEventsDropped(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.lambda('AsyncEventsDropped', 'Sum', options);
  }

  /**
   * Events that Lambda gave up and could not write to the store, so that they are lost.
   */
  public metricDestinationDeliveryFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.lambda('DestinationDeliveryFailures', 'Sum', options);
  }

  /**
   * Invocations that Lambda stopped because it saw a loop.
   */
  public metricRecursiveInvocationsDropped(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.lambda('RecursiveInvocationsDropped', 'Sum', options);
  }

  /**
   * Milliseconds from a record's arrival in a Kinesis data stream to the function, the most. Only after `addKinesisStream`.
   */
  public metricIteratorAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.lambda('IteratorAge', 'Maximum', options);
  }

  /**
   * Log events that CloudWatch Logs forwarded to subscriptions.
   *
   * Of one subscription, or of all that the region has: CloudWatch cannot be asked for some.
   */
  public metricForwardedLogEvents(options: FilterMetricOptions = {}): cloudwatch.MathExpression {
    return filterMetric('ForwardedLogEvents', options);
  }

  /**
   * Bytes, compressed, that CloudWatch Logs forwarded to subscriptions.
   *
   * Of one subscription, or of all that the region has: CloudWatch cannot be asked for some.
   */
  public metricForwardedBytes(options: FilterMetricOptions = {}): cloudwatch.MathExpression {
    return filterMetric('ForwardedBytes', options);
  }

  /**
   * Log events that CloudWatch Logs could not hand over to a subscription's destination. What is worth it, it tries again for up to a day.
   *
   * Of one subscription, or of all that the region has: CloudWatch cannot be asked for some.
   */
  public metricDeliveryErrors(options: FilterMetricOptions = {}): cloudwatch.MathExpression {
    return filterMetric('DeliveryErrors', options);
  }

  /**
   * Log events that CloudWatch Logs was not let hand over yet, since the destination was throttled.
   *
   * Of one subscription, or of all that the region has: CloudWatch cannot be asked for some.
   */
  public metricDeliveryThrottling(options: FilterMetricOptions = {}): cloudwatch.MathExpression {
    return filterMetric('DeliveryThrottling', options);
  }

  private lambda(metricName: string, statistic: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this._watched.function.metric(metricName, { statistic, ...options });
  }
}
