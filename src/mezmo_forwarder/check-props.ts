import { Annotations, SizeRoundingBehavior } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { IngestionKey } from './delivery/ingestion-key';
import { MezmoLogForwarderProps } from './forwarder-props';
import { checkLineOptions } from './lines/check-line-options';
import { checkDuration, checkRange, checkText, refuse, show } from './validate';

/** Of the handler's time: what one request takes that hangs, what it keeps free to write to the store, and to end in good order. */
const HANGING_REQUEST_SECONDS = 10;
const STORE_SECONDS = 5;
const ENDING_SECONDS = 2;

/** Refuse properties that cannot be, and warn of those that will surprise. */
export function checkProps(scope: IConstruct, props: MezmoLogForwarderProps): void {
  if (!(props.ingestionKey instanceof IngestionKey)) {
    refuse(scope, 'ingestionKey is not an IngestionKey; a key as plain text would stand in the template: put it into a secret and give IngestionKey.fromSecretsManager');
  }
  checkRange(scope, 'memorySize', props.memorySize, 128, 10240, 'MB');
  checkDuration(scope, 'timeout', props.timeout, 'seconds', 1, 900);
  checkRange(scope, 'retryAttempts', props.retryAttempts, 0, 2, 'retries');
  checkRange(scope, 'reservedConcurrentExecutions', props.reservedConcurrentExecutions, 0, 100_000, 'executions');
  checkDuration(scope, 'maxEventAge', props.maxEventAge, 'seconds', 60, 21600);
  checkDuration(scope, 'keyLifetime', props.keyLifetime, 'seconds', 1, 86400);
  checkLineOptions(scope, props, props.logGroupTags);
  checkText(scope, 'accountAlias', props.accountAlias, 64);
  if (props.logGroup && props.logRetention !== undefined) {
    refuse(scope, `logRetention is ${show(props.logRetention)} beside a logGroup of your own; set the retention there`);
  }
}

/** Refuse what loses events, and warn of what delays them, by whether there is a store. */
export function checkLoss(scope: IConstruct, props: MezmoLogForwarderProps, store: boolean): void {
  if (props.reservedConcurrentExecutions === 0) {
    if (!store) {
      refuse(scope, 'reservedConcurrentExecutions is 0 with UndeliveredStore.none(), so that every event is lost; give 1 or more, or leave undeliveredStore out to keep them');
    }
    Annotations.of(scope).addWarningV2('mezmo-forwarder:zeroConcurrency',
      'reservedConcurrentExecutions is 0, so that nothing is forwarded: a pause. Events wait for maxEventAge, and then in the store for the re-drive; give 1 or more, or leave it out, to go on');
  }
  if (props.code || !props.timeout || props.timeout.isUnresolved()) return;
  const least = HANGING_REQUEST_SECONDS + (store ? STORE_SECONDS : 0) + ENDING_SECONDS;
  if (props.timeout.toSeconds() < least) {
    const otherwise = store ? 'what it would have taken is stored, and may arrive twice' : 'what it would have taken fails, and may be lost';
    Annotations.of(scope).addWarningV2('mezmo-forwarder:shortTimeout',
      `timeout is ${props.timeout.toSeconds()} seconds, in which a request to a slow Mezmo is broken off: ${otherwise}; give ${least} seconds or more, of which ${HANGING_REQUEST_SECONDS} are for the request`);
  }
}

/** Refuse a re-drive that cannot be. */
export function checkRedrive(scope: IConstruct, props: MezmoLogForwarderProps, store: boolean): void {
  for (const property of ['redriveInterval', 'redriveRate'] as const) {
    if (props[property] !== undefined && !store) {
      refuse(scope, `${property} is given with UndeliveredStore.none(), from which nothing is sent again; leave ${property} out, or leave undeliveredStore out to keep what is undelivered`);
    }
  }
  if (props.redriveInterval?.isUnresolved()) {
    refuse(scope, 'redriveInterval is known only at deployment, and the time-out of the re-drive depends on it; give a literal one');
  }
  checkDuration(scope, 'redriveInterval', props.redriveInterval, 'minutes', 1, 1440);
  checkRange(scope, 'redriveRate', props.redriveRate?.toBytes({ rounding: SizeRoundingBehavior.NONE }), 1024, 2 ** 30, 'bytes a second');
}
