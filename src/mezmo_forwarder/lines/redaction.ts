import { Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { refuse, show } from '../validate';
import { refusalOf } from './patterns';

/**
 * What is kept of what is redacted.
 */
export enum RedactionKeep {
  /**
   * A hash: equal values are seen to be equal. Its key is `redactHashKey`.
   *
   * Without a key it would be worth nothing: there are so few card numbers, addresses and names that whoever reads the hash of one finds it by trying them all.
   */
  HASH = 'hash',

  /** The last four letters or digits, of twelve or more. */
  LAST_FOUR = 'last-four',
}

/**
 * What stands in the place of what is redacted.
 */
export interface RedactionOptions {
  /**
   * What is kept of it.
   *
   * @default - nothing
   */
  readonly keep?: RedactionKeep;

  /**
   * The text in its place: up to 80 characters of ASCII, without `"` and `\`.
   *
   * @default - "[redacted:<the rule's name>]"; with `keep`, "[redacted:<the rule's name>:<what is kept>]"
   */
  readonly text?: string;
}

/** What a text in place of what is redacted may be, so that no JSON has to escape it. */
const TEXT = /^[ !#-[\]-~]{0,80}$/;

const NAME = /^[A-Za-z0-9_-]{1,40}$/;

/**
 * A rule of what must not leave: it is replaced in every line, in `meta`, `app` and `hostname` as well, before anything is sent.
 *
 * @example
 * new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 *   redact: [Redaction.email({ text: '<mail>' }), Redaction.creditCard({ keep: RedactionKeep.LAST_FOUR })],
 * });
 */
export class Redaction {
  /** All ready-made rules. */
  public static all(options: RedactionOptions = {}): Redaction[] {
    return READY_MADE.map((name) => new Redaction(name, options));
  }

  /** E-mail addresses. */
  public static email(options: RedactionOptions = {}): Redaction {
    return new Redaction('email', options);
  }

  /** Numbers of payment cards, 13 to 19 digits, whose check digit is right. */
  public static creditCard(options: RedactionOptions = {}): Redaction {
    return new Redaction('credit-card', options);
  }

  /** International bank account numbers, of a country's length, whose check digits are right. */
  public static iban(options: RedactionOptions = {}): Redaction {
    return new Redaction('iban', options);
  }

  /** Ids of AWS access keys, `AKIA...` and `ASIA...`. */
  public static awsAccessKeyId(options: RedactionOptions = {}): Redaction {
    return new Redaction('aws-access-key-id', options);
  }

  /** AWS secret access keys, after a name like `secret_access_key` or after their id. */
  public static awsSecretKey(options: RedactionOptions = {}): Redaction {
    return new Redaction('aws-secret-key', options);
  }

  /** JSON web tokens. */
  public static jwt(options: RedactionOptions = {}): Redaction {
    return new Redaction('jwt', options);
  }

  /** What follows `Bearer`. */
  public static bearerToken(options: RedactionOptions = {}): Redaction {
    return new Redaction('bearer-token', options);
  }

  /** IPv4 addresses, and EC2's hostnames of them, like `ip-10-0-0-1`. */
  public static ipv4(options: RedactionOptions = {}): Redaction {
    return new Redaction('ipv4', options);
  }

  /** IPv6 addresses. */
  public static ipv6(options: RedactionOptions = {}): Redaction {
    return new Redaction('ipv6', options);
  }

  /** Private keys in PEM, as far as they are in one message. */
  public static privateKey(options: RedactionOptions = {}): Redaction {
    return new Redaction('private-key', options);
  }

  /**
   * What a pattern of yours matches, or what its group `(?P<secret>...)` does.
   *
   * It is a Python regular expression of a subset that takes no more than linear time: characters, classes, `. \d \w \s \b ^ $`, groups, `|`, repeats, `(?i)` in front; no looking around and
   * no backreferences. One that could take too many steps is refused, with what to do. A repeat without a limit goes on as far as it
   * can at the end of a pattern, elsewhere for 4096 characters, or for fewer if what precedes it makes that too slow: `token=(?P<secret>[^ ]+)` has all of a long token, `token=[^ ]+;` may not.
   *
   * @param name its name, of letters, digits, `_` and `-`, which stands in place of what it matches
   * @param pattern the expression
   * @param options what stands in the place of what it matches
   */
  public static pattern(name: string, pattern: string, options: RedactionOptions = {}): Redaction {
    return new Redaction(name, options, pattern);
  }

  private constructor(private readonly name: string, private readonly options: RedactionOptions, private readonly expression?: string) {}

  /**
   * The rule in the handler's settings.
   * @internal
   */
  public _bind(scope: IConstruct): RedactionSettings {
    const { name, expression, options: { keep, text } } = this;
    for (const value of [name, expression, text]) {
      if (Token.isUnresolved(value)) {
        refuse(scope, `redact has ${show(value)}, which is known only at deployment, in its rule ${show(name)}; give a literal text`);
      }
    }
    if (!NAME.test(name)) {
      refuse(scope, `redact has a rule named ${show(name)}; give a name of up to 40 letters, digits, "_" and "-"`);
    }
    const refusal = expression === undefined ? undefined : refusalOf(expression);
    if (refusal) {
      refuse(scope, `redact has the pattern ${show(expression)} in its rule ${show(name)}, which ${refusal}`);
    }
    if (keep !== undefined && text !== undefined) {
      refuse(scope, `redact has both keep, ${show(keep)}, and text, ${show(text)}, in its rule ${show(name)}; leave one out`);
    }
    if (text !== undefined && !TEXT.test(text)) {
      refuse(scope, `redact has the text ${show(text)} in its rule ${show(name)}; give up to 80 characters of ASCII without " and \\`);
    }
    return { rule: name, pattern: expression, keep, text };
  }
}

/** @internal */
export interface RedactionSettings {
  readonly rule: string;
  readonly pattern?: string;
  readonly keep?: RedactionKeep;
  readonly text?: string;
}

const READY_MADE = ['email', 'credit-card', 'iban', 'aws-access-key-id', 'aws-secret-key', 'jwt', 'bearer-token', 'ipv4', 'ipv6', 'private-key'];
