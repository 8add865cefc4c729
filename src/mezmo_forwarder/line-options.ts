import { MetaField, OversizeLines } from './line-format';
import { text } from './settings';

/**
 * What lines say, in all subscriptions of a forwarder or in one alone.
 */
export interface LineOptions {
  /**
   * The hostname of every line, at most 256 characters. Mezmo cuts it at the first dot.
   *
   * @default - for a subscription the forwarder's; for a forwarder the log group's name
   */
  readonly hostname?: string;

  /**
   * The app of every line, at most 512 characters.
   *
   * @default - for a subscription the forwarder's; for a forwarder the last part of the log group's name
   */
  readonly app?: string;

  /**
   * The environment (`env`) of every line.
   *
   * @default - for a subscription the forwarder's; for a forwarder none
   */
  readonly mezmoEnv?: string;

  /**
   * The tags of every line.
   *
   * @default - for a subscription the forwarder's; for a forwarder none
   */
  readonly mezmoTags?: string[];

  /**
   * What `meta` holds in `LineFormat.STANDARD`. Mezmo bills by size: the README says what each field adds to a line.
   *
   * @default - for a subscription the forwarder's; for a forwarder all of them
   */
  readonly metaFields?: MetaField[];

  /**
   * What becomes of a line that is longer than Mezmo takes whole, 16 KB.
   *
   * @default - for a subscription the forwarder's; for a forwarder `OversizeLines.SPLIT` in `LineFormat.STANDARD` and
   * `OversizeLines.WHOLE` in the others, which are Mezmo's own byte for byte
   */
  readonly oversizeLines?: OversizeLines;
}

/** The names of the options above. */
export const LINE_OPTIONS = ['hostname', 'app', 'mezmoEnv', 'mezmoTags', 'metaFields', 'oversizeLines'] as const;

/** The options as the handler's settings have them. */
export function lineSettings(options: LineOptions): Record<string, unknown> {
  const optional = (value?: string) => value === undefined ? undefined : text(value);
  return {
    hostname: optional(options.hostname),
    app: optional(options.app),
    env: optional(options.mezmoEnv),
    tags: options.mezmoTags?.map(text),
    meta_fields: options.metaFields,
    oversize_lines: options.oversizeLines,
  };
}
