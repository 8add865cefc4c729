import { Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { refuse, show } from '../validate';

/** The most tags of a log group that its lines get, and AWS's limit for the length of a key. */
const MOST_TAGS = 20;
const LONGEST_KEY = 128;

/**
 * Tags of a log group that its lines get.
 *
 * They are read with `logs:ListTagsForResource`, which the roles may call on the subscribed log groups alone, once an hour at most, and never so that a line is lost or late by more than a second.
 * Tags that AWS sets itself, `aws:...`, and those without a value are left out.
 *
 * @example
 * new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 *   logGroupTags: [LogGroupTags.asTags('team', 'env'), LogGroupTags.asMeta('cost-center')],
 * });
 */
export class LogGroupTags {
  /**
   * Tags as Mezmo's tags, `key:value`. Mezmo takes 80 characters of tags in all: those of `mezmoTags` come first, then these in their order, and one for which there is no room is left out.
   *
   * @param keys the keys of the tags, 1 to 20, of up to 128 characters each
   */
  public static asTags(...keys: string[]): LogGroupTags {
    return new LogGroupTags('tags', keys);
  }

  /**
   * Tags as fields of `meta` in `LineFormat.STANDARD`: `cost-center` becomes `tag_cost_center`, always a text. They are at most 2 KB in all; one for which there is no room is left out.
   *
   * @param keys the keys of the tags, 1 to 20, of up to 128 characters each
   */
  public static asMeta(...keys: string[]): LogGroupTags {
    return new LogGroupTags('meta', keys);
  }

  /** All tags as Mezmo's tags, in the order of their keys, as far as there is room. */
  public static allAsTags(): LogGroupTags {
    return new LogGroupTags('tags');
  }

  /** All tags as fields of `meta`, in the order of their keys, 20 at most. Mezmo indexes some 500 fields a day of all lines together. */
  public static allAsMeta(): LogGroupTags {
    return new LogGroupTags('meta');
  }

  private constructor(
    /** @internal */
    public readonly _to: 'tags' | 'meta',
    private readonly keys?: string[],
  ) {}

  /** What templates may call these tags; undefined if any may be there. @internal */
  public get _names(): string[] | undefined {
    return this.keys?.map(fieldOf);
  }

  /** The handler's settings. @internal */
  public _bind(scope: IConstruct): LogGroupTagsSettings {
    const { keys } = this;
    if (Token.isUnresolved(keys) || keys?.some((key) => Token.isUnresolved(key))) {
      refuse(scope, 'logGroupTags has a key known only at deployment; give literal ones');
    }
    if (keys && (keys.length === 0 || keys.length > MOST_TAGS)) {
      refuse(scope, `logGroupTags has ${keys.length} keys; give 1 to ${MOST_TAGS}, or LogGroupTags.${this._to === 'tags' ? 'allAsTags' : 'allAsMeta'}()`);
    }
    const seen = new Map<string, string>();
    for (const key of keys ?? []) {
      if (key.trim() === '' || key.length > LONGEST_KEY || /^aws:/i.test(key)) {
        refuse(scope, `logGroupTags has the key ${show(key)}; give keys of 1 to ${LONGEST_KEY} characters that do not begin with "aws:", whose tags are left out`);
      }
      const field = fieldOf(key);
      if (seen.has(field)) {
        refuse(scope, `logGroupTags has the keys ${show(seen.get(field))} and ${show(key)}, which both become ${field}; leave one out`);
      }
      seen.set(field, key);
    }
    return { to: this._to, keys };
  }
}

/**
 * The handler's settings.
 * @internal
 */
export interface LogGroupTagsSettings {
  readonly to: string;
  readonly keys?: string[];
}

/** A tag's name as a field of `meta` and in templates; the handler's `tag_texts.py` does the same. */
function fieldOf(key: string): string {
  return `tag_${key.replace(/[^A-Za-z0-9_]/gu, '_')}`;
}
