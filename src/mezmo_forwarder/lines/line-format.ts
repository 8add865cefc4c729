/**
 * What one line in Mezmo looks like.
 */
export enum LineFormat {
  /**
   * The message as it is, but for trailing white space, with the event's own time, and where it came from in `meta`.
   */
  STANDARD = 'standard',

  /**
   * What Mezmo's own CloudWatch Lambda sends by default: the message in a JSON envelope.
   */
  MEZMO_LAMBDA = 'mezmo-lambda',

  /**
   * What Mezmo's own CloudWatch Lambda sends with `LOG_RAW_EVENT`: the message, with the envelope in `meta`.
   */
  MEZMO_LAMBDA_RAW = 'mezmo-lambda-raw',
}

/**
 * What becomes of a line that is longer than Mezmo takes whole, 16 KB.
 */
export enum OversizeLines {
  /** It is sent in parts that Mezmo takes whole, and `meta` numbers them. */
  SPLIT = 'split',

  /** Its beginning is sent. */
  TRUNCATE = 'truncate',

  /** It is sent as it is, and Mezmo cuts it. */
  WHOLE = 'whole',
}

/**
 * What becomes of messages that are JSON objects, in `LineFormat.STANDARD`.
 */
export enum JsonMessages {
  /**
   * Mezmo gets them as they are, and parses them: each of their fields is indexed, by its rules. It stringifies what is deeper
   * than three levels, indexes about 500 fields a day, and no more parses one whose type changes.
   */
  AS_IS = 'as-is',

  /** They are text: whole, with a space at the end, which keeps Mezmo from parsing them. The line has the level that they tell. */
  TEXT = 'text',

  /**
   * The same, and `meta` has their fields in a form that does Mezmo's index no harm: in `json_texts` and `json_numbers`, with
   * `user_id` for the field `id` of the object `user`.
   */
  FLATTENED = 'flattened',
}

/**
 * A field of `meta` in `LineFormat.STANDARD`.
 */
export enum MetaField {
  /** The account that owns the log group, as text of 12 digits. */
  OWNER = 'owner',

  /** The log group's name. */
  GROUP = 'group',

  /** The log stream's name. */
  STREAM = 'stream',

  /** CloudWatch's id of the event: equal in two lines when one event was delivered twice. */
  EVENT_ID = 'event_id',

  /** The names of the subscription filters that matched, as a list. */
  FILTERS = 'filters',

  /** The account's alias, if `accountAlias` gives one. */
  ACCOUNT_ALIAS = 'account_alias',

  /** The region. */
  REGION = 'region',

  /** What is recognized of who wrote the line: `aws_service`, and a field for each name and id that the service has. */
  SERVICE = 'service',

  /** The id of the trace that a JSON message tells, as `trace_id`: W3C's or X-Ray's, 32 hex digits. */
  TRACE = 'trace',
}
