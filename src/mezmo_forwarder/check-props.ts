import { Annotations, SizeRoundingBehavior, Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { MezmoLogForwarderProps } from './forwarder-props';
import { IngestionKey } from './ingestion-key';
import { LineFormat } from './line-format';
import { LineOptions } from './line-options';
import { LogGroupTags } from './log-group-tags';
import { checkEnvironment } from './settings';
import { checkTemplate } from './template';
import { checkDuration, checkFieldName, checkRange, checkText, isKnown, refuse, show } from './validate';

/** What Lambda takes as the name of a variable. */
export const VARIABLE_NAME = /^[a-zA-Z]\w+$/;

/** Fields of `meta` that are always the forwarder's own. */
const OWN_META = ['owner', 'group', 'stream', 'event_id', 'filters', 'region', 'account_alias', 'aws_service', 'trace_id', 'part', 'parts', 'part_head', 'part_tail', 'truncated_bytes', 'event_ids', 'event_timestamp',
  'json_texts', 'json_numbers', 'json_left_out'];

/** The most fields of the user's own. */
const MOST_META = 50;

/** Mezmo's limit for tags; whether in all or each it does not say. */
const TAGS_LIMIT = 80;

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

/** Refuse what no line can say, and warn of what Mezmo will cut. */
export function checkLineOptions(scope: IConstruct, options: LineOptions, tags?: LogGroupTags[]): void {
  checkText(scope, 'hostname', options.hostname, 256);
  checkText(scope, 'app', options.app, 512);
  checkText(scope, 'mezmoEnv', options.mezmoEnv, 80);
  if (isKnown(options.hostname) && options.hostname.includes('.')) {
    Annotations.of(scope).addWarningV2('mezmo-forwarder:dottedHostname',
      `hostname is ${show(options.hostname)}; Mezmo cuts it at the first dot, to ${show(options.hostname.split('.')[0])}, unless full names are switched on for your account`);
  }
  checkTags(scope, options.mezmoTags);
  for (const property of ['hostname', 'app', 'mezmoEnv'] as const) checkTemplate(scope, property, options[property], tags);
  options.mezmoTags?.forEach((tag) => checkTemplate(scope, 'mezmoTags', tag, tags));
  checkMeta(scope, options.meta ?? {}, tags);
  checkTimestampField(scope, options.timestampField);
}

/** Refuse fields of `meta` that are the forwarder's own, or that Mezmo does not search. */
function checkMeta(scope: IConstruct, meta: { [field: string]: string }, tags?: LogGroupTags[]): void {
  const count = Object.keys(meta).length;
  if (count > MOST_META) {
    refuse(scope, `meta has ${count} fields; give at most ${MOST_META}: Mezmo indexes about 500 a day, of all lines together`);
  }
  for (const [field, value] of Object.entries(meta)) {
    if (!/^[A-Za-z]\w{0,63}$/.test(field) || OWN_META.includes(field)) {
      refuse(scope, `meta holds ${show(field)}, which is ${OWN_META.includes(field) ? 'a field of the forwarder' : 'no name that Mezmo searches'}; give up to 64 letters, digits and "_", other than ${OWN_META.join(', ')}`);
    }
    checkText(scope, `meta's ${field}`, value, 512);
    checkTemplate(scope, `meta's ${field}`, value, tags);
  }
}

function checkTimestampField(scope: IConstruct, field: string | undefined): void {
  if (field === undefined) return;
  if (Token.isUnresolved(field)) refuse(scope, 'timestampField is a name known only at deployment; give a literal one');
  checkFieldName(scope, 'timestampField', field);
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

function checkTags(scope: IConstruct, tags: string[] | undefined): void {
  if (tags === undefined) return;
  if (Token.isUnresolved(tags)) {
    refuse(scope, 'mezmoTags is a list known only at deployment; give a list of texts, each of which may be a token');
  }
  for (const tag of tags) {
    checkText(scope, 'mezmoTags', tag);
    if (isKnown(tag) && tag.includes(',')) {
      refuse(scope, `mezmoTags holds ${show(tag)}, which has a comma; Mezmo separates tags by commas: give each as one element`);
    }
  }
  const total = tags.filter((tag) => isKnown(tag)).join(',').length;
  if (total > TAGS_LIMIT) {
    Annotations.of(scope).addWarningV2('mezmo-forwarder:longTags',
      `mezmoTags are ${total} characters in all; Mezmo's limit is ${TAGS_LIMIT} and may count all of them`);
  }
}

/** Warn of properties that the chosen destination or line format has no place for. */
export function warnOfIgnored(scope: IConstruct, props: MezmoLogForwarderProps, kind: string): void {
  const standard = (props.lineFormat ?? LineFormat.STANDARD) === LineFormat.STANDARD;
  const tags = (props.logGroupTags ?? []).some(({ _to }) => _to === 'tags' ? kind === 'pipeline' : !standard);
  const ignored = [
    ...(tags ? ['logGroupTags'] as const : []),
    ...(kind === 'pipeline' ? ['hostname', 'mezmoTags'] as const : []),
    ...(standard ? [] : ['app', 'mezmoEnv', 'metaFields', 'meta', 'accountAlias', 'jsonMessages'] as const),
  ].filter((property) => props[property] !== undefined);
  if (ignored.length) {
    Annotations.of(scope).addWarningV2('mezmo-forwarder:ignoredProperties',
      `${ignored.join(', ')} will not be sent: a Pipeline takes no hostname and tags, and only LineFormat.STANDARD has a place for the others; leave them out`);
  }
}

/** Refuse variables of the user's that Lambda would refuse, that are the forwarder's own, or that show a key. */
export function checkVariables(scope: IConstruct, theirs: Record<string, string>, ours: Record<string, string>): void {
  for (const [name, value] of Object.entries(theirs)) {
    if (!VARIABLE_NAME.test(name) || typeof value !== 'string') {
      refuse(scope, `environment's ${show(name)} has ${typeof value === 'string' ? 'no name that Lambda takes' : 'no text as its value'}; give a name of two or more letters, digits and "_", and a text`);
    }
    if (name in ours) {
      refuse(scope, `environment holds ${show(name)}, which the forwarder sets itself; remove it`);
    }
    if (/key|token|secret|logdna|mezmo/i.test(name) && isKnown(value) && /^[0-9a-f]{32}$/i.test(value.trim())) {
      refuse(scope, `environment's ${show(name)} looks like an ingestion key as plain text, which would stand in the template; put the key into a secret and give it as ingestionKey`);
    }
  }
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
    if (/^(?:[a-z]+:\/\/)?[^/@]*:[^/@]+@/i.test(isKnown(theirs[name]) ? theirs[name] : '')) {
      Annotations.of(scope).addWarningV2('mezmo-forwarder:proxyPassword',
        `environment's ${name} holds a password as plain text, which stands in the template; put the address into a secret and give secret.secretValue.unsafeUnwrap(), or acknowledge this`);
    }
  }
  checkEnvironment(scope, { ...theirs, ...ours });
}
