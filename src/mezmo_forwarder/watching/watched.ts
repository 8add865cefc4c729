import { Duration } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { MetricsDetail } from './metrics';

/** What metrics, alarms and dashboard know of a forwarder. */
export interface Watched {
  readonly function: lambda.Function;
  /** What sends again what is undelivered, and how often; none without a store. */
  readonly redrive?: { readonly function: lambda.Function; readonly interval: Duration };
  /** Which metrics of its own it publishes; undefined with vendor code, which publishes none. */
  readonly detail?: MetricsDetail;
  readonly maxEventAge: Duration;
  readonly memorySize: number;
  readonly architecture: lambda.Architecture;
}
