import { Annotations, Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { checkFieldName, checkText, isKnown, refuse, show } from '../validate';
import { LineOptions } from './line-options';
import { LogGroupTags } from './log-group-tags';
import { checkTemplate } from './template';

/** Fields of `meta` that are always the forwarder's own. */
const OWN_META = ['owner', 'group', 'stream', 'event_id', 'filters', 'region', 'account_alias', 'aws_service', 'trace_id', 'part', 'parts', 'part_head', 'part_tail', 'truncated_bytes', 'event_ids', 'event_timestamp',
  'json_texts', 'json_numbers', 'json_left_out'];

/** The most fields of the user's own. */
const MOST_META = 50;

/** Mezmo's limit for tags; whether in all or each it does not say. */
const TAGS_LIMIT = 80;

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
