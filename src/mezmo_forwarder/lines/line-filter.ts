import { Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { checkFieldName, isKnown, refuse, show } from '../validate';
import { checkPattern } from './patterns';

/**
 * How bad a line is, from the least to the most.
 */
export enum LogLevel {
  /** Trace, or verbose. */
  TRACE = 'trace',

  /** Debug. */
  DEBUG = 'debug',

  /** Information, or a notice. */
  INFO = 'info',

  /** A warning. */
  WARN = 'warn',

  /** An error. */
  ERROR = 'error',

  /** Fatal, critical, an alert, an emergency. */
  FATAL = 'fatal',
}

const LEVELS = Object.values(LogLevel);

/**
 * Some lines, told by what they say. A line of several log events is looked at as a whole, once it is joined.
 *
 * Where a filter pattern of the subscription can do the work, prefer it: CloudWatch Logs leaves out what does not match
 * at no cost, and what it leaves out invokes no function.
 *
 * @example
 * new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 *   exclude: [LineFilter.healthChecks(), LineFilter.field('path', '/ready', '/live')],
 * });
 */
export abstract class LineFilter {
  /**
   * Lines in which a pattern is found.
   *
   * It is an expression as `Redaction.pattern` takes it. One that could take too many steps is refused, with what to do.
   *
   * @param pattern a regular expression, looked for in the first 16 KiB
   */
  public static pattern(pattern: string): LineFilter {
    return new PatternFilter(pattern);
  }

  /**
   * Lines of a level, or of one of several, which they name themselves: in the usual fields of a JSON object, or in a word
   * near the beginning of a text. A line that names none is of none.
   *
   * @param levels one level or more
   */
  public static level(...levels: LogLevel[]): LineFilter {
    return new LevelFilter(levels);
  }

  /**
   * Lines of a level, or of one less bad.
   *
   * @param level the worst of them
   */
  public static levelAtMost(level: LogLevel): LineFilter {
    return new LevelFilter(LEVELS.slice(0, LEVELS.indexOf(level) + 1));
  }

  /**
   * Lines of a level, or of one worse.
   *
   * @param level the least bad of them
   */
  public static levelAtLeast(level: LogLevel): LineFilter {
    return new LevelFilter(LEVELS.slice(LEVELS.indexOf(level)));
  }

  /**
   * Lines that are a JSON object with a field.
   *
   * @param name the field's name; `a.b` is a field of that name, or field `b` of the object `a`
   * @param values what it may be: a text as it is, and everything else as its JSON text, such as `200`, `true` or `null`, or anything if there are none
   */
  public static field(name: string, ...values: string[]): LineFilter {
    return new FieldFilter(name, values);
  }

  /**
   * What Lambda writes itself: START, END, REPORT and the like, as text or JSON. Those that tell of a run that failed are none of them.
   */
  public static lambdaPlatform(): LineFilter {
    return new ReadyMade('lambda-platform');
  }

  /**
   * Requests by which load balancers, Kubernetes and Route 53 ask whether a service is well. Those it answered with a status of
   * 500 or more are none of them.
   */
  public static healthChecks(): LineFilter {
    return new ReadyMade('health-checks');
  }

  /** @internal */
  public abstract _bind(scope: IConstruct, property: string): LineFilterSettings;
}

/**
 * Options of a share.
 */
export interface SamplingOptions {
  /**
   * The lines that it is a share of.
   *
   * @default - all, but those that a rule before this one is for
   */
  readonly filter?: LineFilter;
}

/**
 * A share of some lines that is sent, while the others are counted as filtered.
 *
 * CloudWatch's id of a log event decides, so that the same are sent when an event is delivered twice, or sent again.
 *
 * @example
 * new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 *   sampling: [Sampling.share(0.1, { filter: LineFilter.levelAtMost(LogLevel.INFO) })],
 * });
 */
export class Sampling {
  /**
   * A share of lines.
   *
   * @param share from 0 for none of them to 1 for all
   */
  public static share(share: number, options: SamplingOptions = {}): Sampling {
    return new Sampling(share, options.filter);
  }

  private constructor(private readonly part: number, private readonly filter?: LineFilter) {}

  /** @internal */
  public _bind(scope: IConstruct): SamplingSettings {
    if (!isKnown(this.part) || !(this.part >= 0 && this.part <= 1)) {
      const value = Token.isUnresolved(this.part) ? 'known only at deployment' : show(this.part);
      refuse(scope, `sampling's share is ${value}; give a number from 0 to 1`);
    }
    return { share: this.part, filter: this.filter?._bind(scope, "sampling's filter") };
  }
}

/**
 * The handler's settings for a filter.
 * @internal
 */
export interface LineFilterSettings {
  readonly by: string;
  readonly pattern?: string;
  readonly levels?: string[];
  readonly name?: string;
  readonly values?: string[];
}

/**
 * The handler's settings for a share.
 * @internal
 */
export interface SamplingSettings {
  readonly share: number;
  readonly filter?: LineFilterSettings;
}

class PatternFilter extends LineFilter {
  public constructor(private readonly text: string) {
    super();
  }

  public _bind(scope: IConstruct, property: string): LineFilterSettings {
    checkPattern(scope, `${property}'s pattern`, this.text);
    return { by: 'pattern', pattern: this.text };
  }
}

class LevelFilter extends LineFilter {
  public constructor(private readonly levels: LogLevel[]) {
    super();
  }

  public _bind(scope: IConstruct, property: string): LineFilterSettings {
    if (this.levels.length === 0) {
      refuse(scope, `${property} is of no level; give one, such as LogLevel.DEBUG`);
    }
    return { by: 'level', levels: this.levels };
  }
}

class FieldFilter extends LineFilter {
  public constructor(private readonly field: string, private readonly values: string[]) {
    super();
  }

  public _bind(scope: IConstruct, property: string): LineFilterSettings {
    if ([this.field, this.values, ...this.values].some((one) => Token.isUnresolved(one))) {
      refuse(scope, `${property}'s field ${show(this.field)} has a name or a value known only at deployment; give literal ones`);
    }
    checkFieldName(scope, `${property}'s field`, this.field);
    return { by: 'field', name: this.field, values: this.values.length ? this.values : undefined };
  }
}

class ReadyMade extends LineFilter {
  public constructor(private readonly by: string) {
    super();
  }

  public _bind(): LineFilterSettings {
    return { by: this.by };
  }
}
