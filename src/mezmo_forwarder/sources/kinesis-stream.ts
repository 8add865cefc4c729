import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { useKey } from '../access/use-key';
import { OnFailure } from '../delivery/undelivered-store';
import { hash, place, resourceOf, withoutExport } from '../references';
import { checkDuration, checkEnv, checkRange, isKnown, refuse, show } from '../validate';

/**
 * Options for reading one Kinesis data stream.
 */
export interface KinesisStreamOptions {
  /**
   * How many records one invocation gets at most, up to 10000. A record of CloudWatch's holds many lines, and all of a batch
   * must go through within the function's `timeout`.
   *
   * @default 100
   */
  readonly batchSize?: number;

  /**
   * How long Lambda waits for a batch to fill, up to 5 minutes.
   *
   * @default Duration.seconds(5)
   */
  readonly maxBatchingWindow?: Duration;

  /**
   * How many invocations work on one shard at a time, 1 to 10.
   *
   * @default 1
   */
  readonly parallelizationFactor?: number;

  /**
   * Where in the stream reading begins. It is fixed once deployed: for another, remove the stream, deploy, and add it again.
   *
   * @default lambda.StartingPosition.TRIM_HORIZON - nothing that is in the stream already is skipped
   */
  readonly startingPosition?: lambda.StartingPosition;

  /**
   * How old a record may grow, from 1 minute to 7 days, before Lambda gives it up to the undelivered store. Those after it wait as long.
   *
   * @default Duration.hours(6) - as long as an event of a subscription
   */
  readonly maxRecordAge?: Duration;

  /**
   * How often Lambda repeats a batch that failed, up to 10000.
   *
   * @default - until its records are older than `maxRecordAge`
   */
  readonly retryAttempts?: number;
}

// What Lambda's guide asks for to read a stream, but for kinesis:SubscribeToShard, which only a consumer with enhanced
// fan-out needs. Older guides and Lambda's own error text name kinesis:ListStreams too; IAM knows that on "*" only,
// aws-cdk-lib's event source went without it for years, and the guide has dropped it.
const READING = [
  'kinesis:DescribeStream',
  'kinesis:DescribeStreamSummary',
  'kinesis:GetRecords',
  'kinesis:GetShardIterator',
  'kinesis:ListShards',
];

/**
 * Let a function read a stream.
 *
 * @returns the mapping, and what the function's role must be allowed before it is made
 * @internal
 */
export function readStream(
  scope: Construct,
  target: lambda.IFunction,
  stream: kinesis.IStream,
  options: KinesisStreamOptions,
  onFailure: OnFailure | undefined,
): { mapping: lambda.EventSourceMapping; statements: iam.PolicyStatement[] } {
  const { batchSize = 100, maxBatchingWindow = Duration.seconds(5), parallelizationFactor = 1, maxRecordAge = Duration.hours(6), retryAttempts } = options;
  const startingPosition = options.startingPosition ?? lambda.StartingPosition.TRIM_HORIZON;
  checkRange(scope, 'batchSize', batchSize, 1, 10_000, 'records');
  checkDuration(scope, 'maxBatchingWindow', maxBatchingWindow, 'seconds', 0, 300);
  checkRange(scope, 'parallelizationFactor', parallelizationFactor, 1, 10, 'invocations');
  checkDuration(scope, 'maxRecordAge', maxRecordAge, 'seconds', 60, 604_800);
  checkRange(scope, 'retryAttempts', retryAttempts, 0, 10_000, 'retries');
  if (startingPosition === lambda.StartingPosition.AT_TIMESTAMP) {
    refuse(scope, `startingPosition is ${show(startingPosition)}, which needs a time; give StartingPosition.TRIM_HORIZON or StartingPosition.LATEST`);
  }
  const resource = resourceOf<kinesis.CfnStream>(stream, kinesis.CfnStream.CFN_RESOURCE_TYPE_NAME);
  const name = resource ? resource.name : stream.streamName;
  const identity = isKnown(name) ? `${isKnown(stream.env.account) ? stream.env.account : ''}:${name}` : place(resource ?? stream);
  checkEnv(scope, `stream ${show(identity)}`, stream, 'region', 'Lambda reads streams of its own region only: make a forwarder there');
  const id = `KinesisStream${hash(identity)}`;
  if (scope.node.tryFindChild(id)) {
    refuse(scope, `stream ${show(identity)} is already added; its lines would arrive twice: remove one of the two calls`);
  }
  const remedy = 'look the stream up with Stream.fromStreamAttributes';
  const arn = withoutExport(scope, resource ? resource.attrArn : stream.streamArn, remedy).text;
  const keyArn = stream.encryptionKey && withoutExport(scope, stream.encryptionKey.keyArn, remedy).text;
  const mapping = new lambda.EventSourceMapping(scope, id, {
    target,
    eventSourceArn: arn,
    batchSize,
    maxBatchingWindow,
    parallelizationFactor,
    startingPosition,
    maxRecordAge,
    retryAttempts,
    bisectBatchOnError: true,
    // The handler names the first record that it could not deal with, so those before it are not read again.
    reportBatchItemFailures: true,
    onFailure,
  });
  return {
    mapping,
    statements: [
      new iam.PolicyStatement({ actions: READING, resources: [arn] }),
      ...useKey('kinesis', Stack.of(scope).region, keyArn, 'kms:Decrypt'),
    ],
  };
}
