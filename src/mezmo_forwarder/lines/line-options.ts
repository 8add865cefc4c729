import { IConstruct } from 'constructs';
import { text } from '../settings';
import { refuse, show } from '../validate';
import { LineFilter, Sampling } from './line-filter';
import { JsonMessages, MetaField, OversizeLines } from './line-format';
import { Multiline } from './multiline';
import { Redaction, RedactionKeep } from './redaction';

/**
 * What lines say, in all subscriptions of a forwarder or in one alone.
 *
 * `hostname`, `app`, `mezmoEnv`, `mezmoTags` and the texts of `meta` may be templates over what is recognized, such as
 * `{cluster}/{container}`. Where a name is not recognized, hostname and app are what they are by default, and the others are left out.
 */
export interface LineOptions {
  /**
   * The hostname of every line, at most 256 characters. Mezmo cuts it at the first dot. It may name what log group and log stream tell.
   *
   * @default - for a subscription the forwarder's; for a forwarder the cluster, function, API or database, or else the log group's name
   */
  readonly hostname?: string;

  /**
   * The app of every line, at most 512 characters.
   *
   * @default - for a subscription the forwarder's; for a forwarder the service, function or container, or else the last part of the log group's name
   */
  readonly app?: string;

  /**
   * The environment (`env`) of every line, such as `prod`, at most 80 characters.
   *
   * @default - for a subscription the forwarder's; for a forwarder none
   */
  readonly mezmoEnv?: string;

  /**
   * The tags of every line, each without a comma. Mezmo takes 80 characters of tags in all; beyond there is a warning.
   *
   * @default - for a subscription the forwarder's; for a forwarder none
   */
  readonly mezmoTags?: string[];

  /**
   * What `meta` holds in `LineFormat.STANDARD`. Mezmo bills by size: docs/reference/lines.md says what each field adds to a line.
   *
   * @default - for a subscription the forwarder's; for a forwarder all of them
   */
  readonly metaFields?: MetaField[];

  /**
   * Further fields of `meta` in `LineFormat.STANDARD`, at most 50: names of up to 64 letters, digits and `_`, texts of up to 512 characters.
   *
   * @default - for a subscription the forwarder's; for a forwarder none
   */
  readonly meta?: { [field: string]: string };

  /**
   * What becomes of a line that is longer than Mezmo takes whole, 16 KB.
   *
   * @default - for a subscription the forwarder's; for a forwarder `OversizeLines.SPLIT` in `LineFormat.STANDARD` and
   * `OversizeLines.WHOLE` in the others, which are Mezmo's own byte for byte
   */
  readonly oversizeLines?: OversizeLines;

  /**
   * What is taken out of every line, and of the names of log groups and streams, before anything is sent.
   *
   * The undelivered store keeps events as CloudWatch sent them; they are redacted when they are sent again.
   *
   * @default - for a subscription the forwarder's; for a forwarder nothing
   */
  readonly redact?: Redaction[];

  /**
   * What makes one line of several log events, such as the lines of a stack trace.
   *
   * @default - for a subscription the forwarder's; for a forwarder each log event is a line
   */
  readonly multiline?: Multiline;

  /**
   * The lines that are sent: those of at least one of these filters. The others are counted as filtered.
   *
   * Prefer the subscription's filter pattern where it can do the work: it costs nothing.
   *
   * @default - for a subscription the forwarder's; for a forwarder all
   */
  readonly include?: LineFilter[];

  /**
   * The lines that are not sent, and counted as filtered: those of at least one of these filters, whatever `include` says.
   *
   * Prefer the subscription's filter pattern where it can do the work: it costs nothing.
   *
   * @default - for a subscription the forwarder's; for a forwarder none
   */
  readonly exclude?: LineFilter[];

  /**
   * Shares of the lines that are included and not excluded. The first that is for a line decides, and a line that none is for is sent.
   *
   * @default - for a subscription the forwarder's; for a forwarder all are sent
   */
  readonly sampling?: Sampling[];

  /**
   * The field of JSON messages that holds the time of their lines: seconds, milliseconds, microseconds or nanoseconds since
   * the epoch, or a text in ISO 8601. `a.b` is a field of that name, or field `b` of the object `a`.
   *
   * A line whose message has no such field, or a time there of more than 14 days before or 2 hours after the event's own, has
   * the event's own. Where the two differ, `meta` has the event's in `event_timestamp`.
   *
   * @default - for a subscription the forwarder's; for a forwarder lines have their events' own time
   */
  readonly timestampField?: string;

  /**
   * What becomes of messages that are JSON objects, in `LineFormat.STANDARD`.
   *
   * @default - for a subscription the forwarder's; for a forwarder `JsonMessages.AS_IS`
   */
  readonly jsonMessages?: JsonMessages;
}

/** Whether a vendor's code knows the option. The compiler asks for each of them. */
const KNOWN_TO_VENDORS: Record<keyof LineOptions, boolean> = {
  hostname: true,
  app: false,
  mezmoEnv: false,
  mezmoTags: true,
  metaFields: false,
  meta: false,
  oversizeLines: false,
  redact: false,
  multiline: false,
  include: false,
  exclude: false,
  sampling: false,
  timestampField: false,
  jsonMessages: false,
};

/** The names of the options above. */
export const LINE_OPTIONS = Object.keys(KNOWN_TO_VENDORS) as (keyof LineOptions)[];

/** Those that our handler alone knows. */
export const OUR_LINE_OPTIONS = LINE_OPTIONS.filter((option) => !KNOWN_TO_VENDORS[option]);

/** The options as the handler's settings have them. */
export function lineSettings(scope: IConstruct, options: LineOptions, hashKeyVariable?: string): Record<string, unknown> {
  const optional = (value?: string) => value === undefined ? undefined : text(value);
  return {
    hostname: optional(options.hostname),
    app: optional(options.app),
    env: optional(options.mezmoEnv),
    tags: options.mezmoTags?.map(text),
    meta_fields: options.metaFields,
    meta: options.meta && Object.fromEntries(Object.entries(options.meta).map(([field, value]) => [field, text(value)])),
    oversize_lines: options.oversizeLines,
    redact: options.redact?.length ? redactSettings(scope, options.redact, hashKeyVariable) : undefined,
    multiline: options.multiline?._bind(scope),
    include: options.include?.map((filter) => filter._bind(scope, 'include')),
    exclude: options.exclude?.map((filter) => filter._bind(scope, 'exclude')),
    sampling: options.sampling?.map((one) => one._bind(scope)),
    timestamp_field: options.timestampField,
    json_messages: options.jsonMessages,
  };
}

/** The rules of redaction, and the variable that holds the key of their hashes. */
function redactSettings(scope: IConstruct, redact: Redaction[], hashKeyVariable?: string) {
  const rules = redact.map((rule) => rule._bind(scope));
  const hashes = rules.find((rule) => rule.keep === RedactionKeep.HASH);
  if (hashes && !hashKeyVariable) {
    refuse(scope, `redactHashKey is not given, and redact keeps a hash in its rule ${show(hashes.rule)}; give a secret, for example new Secret(this, "RedactHashKey"): without a key, whoever reads a hash finds what it is of by trying`);
  }
  return { rules, key_variable: hashes && hashKeyVariable };
}
