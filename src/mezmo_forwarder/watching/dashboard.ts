import { Duration, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ForwarderAlarms } from './alarms';
import { largestSenders } from './filter-metrics';
import { MetricsDetail, NAMESPACE } from './metrics';
import { WatchedForwarder } from './watched-forwarder';

/**
 * Options for a forwarder's dashboard.
 */
export interface AddDashboardOptions {
  /**
   * The dashboard's name.
   *
   * @default - CloudFormation makes one
   */
  readonly dashboardName?: string;

  /**
   * How much time it shows when it is opened.
   *
   * @default Duration.hours(3)
   */
  readonly defaultInterval?: Duration;
}

/** What Lambda charges, in USD: us-east-1, first tiers, November 2026. */
const PRICE = { invocation: 0.20 / 1_000_000, gbSecond: { arm64: 0.0000133334, x86_64: 0.0000166667 } };

const PERIOD = Duration.minutes(5);
const WIDTH = 24;
const TOP = 10;

/**
 * Whether everything is there, how late, at what cost, who sends most: a row for each question.
 * @internal
 */
export function makeDashboard(forwarder: WatchedForwarder, options: AddDashboardOptions, alarms?: ForwarderAlarms): cloudwatch.Dashboard {
  const { detail, redrive } = forwarder._watched;
  const own = detail !== undefined && detail !== MetricsDetail.NONE;
  const dashboard = new cloudwatch.Dashboard(forwarder, 'Dashboard', {
    dashboardName: options.dashboardName,
    defaultInterval: options.defaultInterval ?? Duration.hours(3),
  });
  const row = (question: string, ...widgets: cloudwatch.IWidget[]) => {
    dashboard.addWidgets(new cloudwatch.TextWidget({ markdown: `## ${question}`, width: WIDTH, height: 1 }));
    dashboard.addWidgets(...widgets);
  };
  if (alarms?.all.length) {
    dashboard.addWidgets(new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: alarms.all, width: WIDTH, height: 4 }));
  }
  row('Is everything there?',
    ...own ? [sums(forwarder), whatBecame(forwarder)] : [],
    // A query each: a widget takes no more.
    graph('Log events forwarded, of all subscriptions', 6, [forwarder.metricForwardedLogEvents({ period: PERIOD, label: 'forwarded' })]),
    graph('Log events not handed over, of all', 6, [forwarder.metricDeliveryErrors({ period: PERIOD, label: 'errors' })]));
  row('How late?',
    graph('Oldest, in seconds', 8, [
      ...own ? [forwarder.metricOldestLineAge({ period: PERIOD, label: 'line, until it was delivered' })] : [],
      seconds('event, in Lambda', forwarder.metricAsyncEventAge()),
      ...own && redrive ? [forwarder.metricOldestStoredAge({ period: PERIOD, label: 'in the store' })] : [],
    ]),
    ...own && redrive ? [graph('Store', 8, [
      forwarder.metricLinesStored({ period: PERIOD, label: 'lines stored' }),
      forwarder.metricLinesRedriven({ period: PERIOD, label: 'lines sent again' }),
    ], [forwarder.metricStoreDepth({ period: PERIOD, label: 'objects waiting' })])] : [],
    graph('What went wrong', 8, wrong(forwarder, own)));
  row('At what cost?', ...cost(forwarder, own));
  row('Who sends most?',
    ...detail === MetricsDetail.LOG_GROUP ? [largest(`Bytes delivered, by log group: the ${TOP} largest`, new cloudwatch.MathExpression({
      expression: `SLICE(SORT(SEARCH('{${NAMESPACE},FunctionName,LogGroup} MetricName="BytesDelivered" FunctionName="${forwarder._watched.function.functionName}"', 'Sum', ${PERIOD.toSeconds()}), SUM, DESC), 0, ${TOP})`,
      label: '',
      period: PERIOD,
    }))] : [],
    largest(`Bytes that subscriptions of the region forward, compressed, by log group: the ${TOP} largest`, largestSenders(TOP, { period: PERIOD, label: '' })));
  return dashboard;
}

function sums(forwarder: WatchedForwarder): cloudwatch.IWidget {
  const metrics = {
    received: forwarder.metricLinesReceived({ label: 'received' }),
    delivered: forwarder.metricLinesDelivered({ label: 'delivered' }),
    filtered: forwarder.metricLinesFiltered({ label: 'filtered' }),
    stored: forwarder.metricLinesStored({ label: 'stored' }),
    rejected: forwarder.metricLinesRejected({ label: 'rejected' }),
    undelivered: forwarder.metricLinesUndelivered({ label: 'left to Lambda' }),
  };
  const { received: _, ...became } = metrics;
  const unaccounted = new cloudwatch.MathExpression({
    expression: `FILL(received, 0) - ${Object.keys(became).map((name) => `FILL(${name}, 0)`).join(' - ')}`,
    usingMetrics: metrics,
    label: 'not accounted for',
    period: PERIOD,
  });
  return new cloudwatch.SingleValueWidget({
    title: 'Lines, and what became of them',
    metrics: [...Object.values(metrics), unaccounted],
    setPeriodToTimeRange: true,
    width: 6,
    height: 6,
  });
}

function whatBecame(forwarder: WatchedForwarder): cloudwatch.IWidget {
  return graph('What became of lines', 6, [
    forwarder.metricLinesDelivered({ period: PERIOD, label: 'delivered' }),
    forwarder.metricLinesFiltered({ period: PERIOD, label: 'filtered' }),
    forwarder.metricLinesStored({ period: PERIOD, label: 'stored' }),
    forwarder.metricLinesRejected({ period: PERIOD, label: 'rejected' }),
    forwarder.metricLinesUndelivered({ period: PERIOD, label: 'left to Lambda' }),
  ], [], true);
}

function wrong(forwarder: WatchedForwarder, own: boolean): cloudwatch.IMetric[] {
  const { redrive } = forwarder._watched;
  return [
    forwarder.metricErrors({ period: PERIOD, label: 'errors' }),
    forwarder.metricThrottles({ period: PERIOD, label: 'throttles' }),
    forwarder.metricAsyncEventsDropped({ period: PERIOD, label: 'events given up' }),
    ...redrive ? [
      forwarder.metricDestinationDeliveryFailures({ period: PERIOD, label: 'events lost' }),
      redrive.function.metricErrors({ period: PERIOD, label: 'errors of the re-drive' }),
    ] : [],
    ...own ? [
      forwarder.metricRetries({ period: PERIOD, label: 'retries' }),
      forwarder.metricKeyRefused({ period: PERIOD, label: 'key refused' }),
      forwarder.metricUnexpectedReplies({ period: PERIOD, label: 'unexpected replies' }),
      forwarder.metricBreakerOpen({ period: PERIOD, label: 'breaker open' }),
    ] : [],
  ];
}

function cost(forwarder: WatchedForwarder, own: boolean): cloudwatch.IWidget[] {
  const { function: fn, redrive, memorySize, architecture } = forwarder._watched;
  const widgets: cloudwatch.IWidget[] = [];
  if (!Token.isUnresolved(memorySize)) {
    const byArchitecture = architecture === lambda.Architecture.X86_64 ? PRICE.gbSecond.x86_64 : PRICE.gbSecond.arm64;
    const usdOf = (a: string) => `FILL(milliseconds${a}, 0) * ${decimal(memorySize / 1024 / 1000 * byArchitecture)} + FILL(invocations${a}, 0) * ${decimal(PRICE.invocation)}`;
    const of = (a: string, one: lambda.Function) => ({ [`milliseconds${a}`]: one.metricDuration({ statistic: 'Sum' }), [`invocations${a}`]: one.metricInvocations() });
    widgets.push(new cloudwatch.SingleValueWidget({
      title: 'Lambda, USD in this time, at list price',
      metrics: [fn, ...redrive ? [redrive.function] : []].map((one, number) => new cloudwatch.MathExpression({
        expression: usdOf(`${number}`),
        usingMetrics: of(`${number}`, one),
        label: number ? 're-drive' : 'function',
        period: PERIOD,
      })),
      setPeriodToTimeRange: true,
      fullPrecision: true,
      width: 8,
      height: 6,
    }));
  }
  widgets.push(graph('Invocations, and milliseconds of one', 8,
    [forwarder.metricInvocations({ period: PERIOD, label: 'invocations' })], [forwarder.metricDuration({ period: PERIOD, label: 'milliseconds' })]));
  if (own) {
    widgets.push(graph('Delivered to Mezmo, bytes before compression', 8, [
      forwarder.metricBytesDelivered({ period: PERIOD, label: 'delivered' }),
      ...redrive ? [forwarder.metricBytesRedriven({ period: PERIOD, label: 'of the store' })] : [],
    ], [], true));
  }
  return widgets;
}

function graph(title: string, width: number, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = [], stacked = false): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, width, height: 6, left, right, stacked, leftYAxis: { min: 0 }, rightYAxis: right.length ? { min: 0 } : undefined, period: PERIOD });
}

function largest(title: string, metric: cloudwatch.IMetric): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, view: cloudwatch.GraphWidgetView.BAR, width: WIDTH, height: 7, setPeriodToTimeRange: true, left: [metric] });
}

function seconds(label: string, milliseconds: cloudwatch.IMetric): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({ expression: 'age / 1000', usingMetrics: { age: milliseconds }, label, period: PERIOD });
}

/** A number without an exponent, which metric math does not know. */
function decimal(value: number): string {
  return value.toFixed(16).replace(/0+$/, '');
}
