import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';

/**
 * Options for a metric of CloudWatch Logs about subscription filters.
 */
export interface FilterMetricOptions extends cloudwatch.MathExpressionOptions {
  /**
   * The one subscription that it is about.
   *
   * @default - all subscription filters of the region, this forwarder's and others
   */
  readonly subscription?: logs.SubscriptionFilter;
}

/** What CloudWatch Logs tells of subscription filters. */
export type FilterMetric = 'ForwardedLogEvents' | 'ForwardedBytes' | 'DeliveryErrors' | 'DeliveryThrottling';

/**
 * A metric of CloudWatch Logs, added up by a query of Metrics Insights.
 *
 * CloudWatch Logs publishes it for each filter of each log group alone, an alarm takes ten metrics at most, and a query
 * knows no OR: so it is one filter's, or all filters'.
 */
export function filterMetric(metric: FilterMetric, { subscription, ...options }: FilterMetricOptions): cloudwatch.MathExpression {
  return expression(`SELECT SUM(${metric}) FROM "AWS/Logs"${subscription ? ` WHERE ${isOf(subscription)}` : ''}`, options);
}

/** The log groups of the region of which most bytes are forwarded. */
export function largestSenders(groups: number, options: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
  return expression(`SELECT SUM(ForwardedBytes) FROM "AWS/Logs" GROUP BY LogGroupName ORDER BY SUM() DESC LIMIT ${groups}`, options);
}

function isOf(subscription: logs.SubscriptionFilter): string {
  const filter = subscription.node.defaultChild as logs.CfnSubscriptionFilter;
  return `FilterName = ${quoted(filter.filterName ?? filter.ref)} AND LogGroupName = ${quoted(filter.logGroupName)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}

function expression(text: string, options: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({ ...options, expression: text });
}
