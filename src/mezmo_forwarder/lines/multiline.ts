import { Duration, Size, SizeRoundingBehavior, Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { checkRange, refuse } from '../validate';
import { checkPattern } from './patterns';

/**
 * How far lines are joined.
 */
export interface MultilineOptions {
  /**
   * The most log events that one line is made of, from 2 to 400.
   *
   * @default 400 - as many as Mezmo takes the ids of
   */
  readonly maxLines?: number;

  /**
   * The most bytes of a line, from 256 bytes to 256 KiB, counted as JSON text, in which a tab or a quotation mark are two.
   *
   * @default Size.kibibytes(16) - as many as Mezmo takes whole
   */
  readonly maxBytes?: Size;

  /**
   * The most time between a log event and the next, from 0 to an hour.
   *
   * @default Duration.seconds(5)
   */
  readonly maxGap?: Duration;

  /**
   * Whether JSON that is printed over several lines becomes one line as well, as `Multiline.json` says.
   *
   * @default false
   */
  readonly json?: boolean;
}

/**
 * What makes one line of several log events: a stack trace, mostly, of which CloudWatch makes an event a line.
 *
 * Only the events that came in one payload are joined: where CloudWatch cuts a trace in two, the rest of it is a line of
 * its own. A joined line has the time and the id of its first event; `meta` holds the others' in `event_ids`.
 * Better still, have the application write a trace as one event, as JSON, say: it is never cut then.
 *
 * @example
 * forwarder.subscribe(logs.LogGroup.fromLogGroupName(this, 'Shop', '/aws/ecs/shop'), {
 *   multiline: Multiline.java({ maxLines: 100 }),
 * });
 */
export abstract class Multiline {
  /** Stack traces of the JVM's languages. */
  public static java(options?: MultilineOptions): Multiline {
    return new OfKind('java', options);
  }

  /** Tracebacks of Python. */
  public static python(options?: MultilineOptions): Multiline {
    return new OfKind('python', options);
  }

  /** Stack traces of Node.js. */
  public static node(options?: MultilineOptions): Multiline {
    return new OfKind('node', options);
  }

  /** Panics of Go, with their goroutines. */
  public static go(options?: MultilineOptions): Multiline {
    return new OfKind('go', options);
  }

  /** Stack traces of .NET. */
  public static dotnet(options?: MultilineOptions): Multiline {
    return new OfKind('dotnet', options);
  }

  /** Backtraces of Ruby. */
  public static ruby(options?: MultilineOptions): Multiline {
    return new OfKind('ruby', options);
  }

  /** The stack traces of all these languages. In them, an indented line continues the one before it, too. */
  public static stackTraces(options?: MultilineOptions): Multiline {
    return new OfKind('stack-traces', options);
  }

  /**
   * JSON printed over several lines, and nothing else: an object or array from the line that begins with its bracket to the
   * one that closes it. What is no valid JSON together, or reaches a bound, stays as it came.
   *
   * Stack traces as well, with the option `json` of the others:
   *
   * @example
   * forwarder.subscribe(logs.LogGroup.fromLogGroupName(this, 'Shop', '/aws/ecs/shop'), {
   *   multiline: Multiline.stackTraces({ json: true }),
   * });
   */
  public static json(options?: MultilineOptions): Multiline {
    return new OfKind('json', options);
  }

  /** Each line that begins with a timestamp, or is JSON, or Lambda's own, is a first one, and the others continue it. */
  public static startsWithTimestamp(options?: MultilineOptions): Multiline {
    return new OfKind('timestamp', options);
  }

  /**
   * Each line in which a pattern is found is a first one, and so are Lambda's own, and the others continue it.
   *
   * It is an expression as `Redaction.pattern` takes it. One that could take too many steps is refused, with what to do.
   *
   * @param pattern a regular expression, looked for in the first 256 bytes
   */
  public static startsWith(pattern: string, options?: MultilineOptions): Multiline {
    return new OfKind('starts-with', options, pattern);
  }

  /**
   * Each line in which a pattern is found continues the one before it.
   *
   * It is an expression as `Redaction.pattern` takes it. One that could take too many steps is refused, with what to do.
   *
   * @param pattern a regular expression, looked for in the first 256 bytes
   */
  public static continuesWith(pattern: string, options?: MultilineOptions): Multiline {
    return new OfKind('continues-with', options, pattern);
  }

  /** @internal */
  public abstract _bind(scope: IConstruct): MultilineSettings;
}

/**
 * The handler's settings for joining.
 * @internal
 */
export interface MultilineSettings {
  readonly kind: string;
  readonly pattern?: string;
  readonly json?: boolean;
  readonly max_lines?: number;
  readonly max_bytes?: number;
  readonly max_gap?: number;
}

class OfKind extends Multiline {
  public constructor(private readonly kind: string, private readonly options: MultilineOptions = {}, private readonly pattern?: string) {
    super();
  }

  public _bind(scope: IConstruct): MultilineSettings {
    const { maxLines, maxBytes, maxGap } = this.options;
    for (const [name, value] of Object.entries({ maxLines, maxBytes, maxGap })) {
      if (Token.isUnresolved(value) || (value instanceof Size || value instanceof Duration) && value.isUnresolved()) {
        refuse(scope, `multiline's ${name} is known only at deployment, when nobody checks it; give a literal one`);
      }
    }
    const bytes = maxBytes?.toBytes({ rounding: SizeRoundingBehavior.NONE });
    const milliseconds = maxGap?.toMilliseconds();
    if (this.pattern !== undefined) checkPattern(scope, "multiline's pattern", this.pattern);
    checkRange(scope, "multiline's maxLines", maxLines, 2, 400, 'lines');
    checkRange(scope, "multiline's maxBytes", bytes, 256, 262_144, 'bytes');
    checkRange(scope, "multiline's maxGap", milliseconds, 0, 3_600_000, 'milliseconds');
    return { kind: this.kind, pattern: this.pattern, json: this.options.json || undefined, max_lines: maxLines, max_bytes: bytes, max_gap: milliseconds === undefined ? undefined : milliseconds / 1000 };
  }
}
