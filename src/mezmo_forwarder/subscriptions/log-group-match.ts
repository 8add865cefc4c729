import { CfnResource, TagManager, Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { refuse, show } from '../validate';
import { knownPart, nameOf } from './log-groups';

/**
 * Some log groups of an application, told by where they stand, by name or by tag.
 *
 * In a glob, `*` stands for any text, "/" and nothing included. One that is empty, or known only at deployment, is refused.
 *
 * @example
 * forwarder.subscribeAll(this, {
 *   includeLogGroups: [LogGroupMatch.name('/aws/lambda/*'), LogGroupMatch.tag('team', 'orders')],
 *   excludeLogGroups: [LogGroupMatch.path('Shop/Debug')],
 * });
 */
export class LogGroupMatch {
  /**
   * Log groups by the path of their construct, or of whatever they stand in.
   *
   * @param glob such as `Prod/Orders`, which is every log group in there
   */
  public static path(glob: string): LogGroupMatch {
    return new LogGroupMatch('path', [glob], ({ path }) => fits(path, glob, '(/.*)?'));
  }

  /**
   * Log groups by name. Only `*` stands for what is known at deployment alone: the name of a group that is given none, or a part of one.
   *
   * @param glob such as `/aws/lambda/*`
   */
  public static name(glob: string): LogGroupMatch {
    return new LogGroupMatch('name', [glob], ({ name }) => fits(name, glob));
  }

  /**
   * Log groups by a tag, which may come from `Tags.of` whatever they stand in.
   *
   * @param key the tag's key, as it is
   * @param value a glob of its value; any if left out
   */
  public static tag(key: string, value: string = '*'): LogGroupMatch {
    return new LogGroupMatch('tag', [key, value], ({ tags }) => key in tags && fits(knownPart(tags[key]), value));
  }

  private constructor(private readonly by: string, private readonly texts: string[], private readonly is: (group: LogGroupFacts) => boolean) {}

  /** @internal */
  public _check(scope: IConstruct, property: string): void {
    for (const text of this.texts) {
      if (Token.isUnresolved(text) || typeof text !== 'string' || text === '') {
        refuse(scope, `${property}'s ${this.by} is ${Token.isUnresolved(text) ? 'known only at deployment' : show(text)}; give a literal text that is not empty`);
      }
    }
  }

  /** @internal */
  public _is(group: LogGroupFacts): boolean {
    return this.is(group);
  }

  /** @internal */
  public get _text(): string {
    return `${this.by} ${this.texts.map(show).join(' = ')}`;
  }
}

/**
 * What tells a log group.
 * @internal
 */
export interface LogGroupFacts {
  readonly path: string;
  readonly name: string;
  readonly tags: { [key: string]: string };
}

/** What tells the log group that a resource makes. */
export function factsOf(resource: CfnResource): LogGroupFacts {
  return { path: resource.node.path, name: nameOf(resource), tags: TagManager.of(resource)?.tagValues() ?? {} };
}

function fits(text: string, glob: string, rest = ''): boolean {
  const pattern = glob.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&')).join('.*');
  return new RegExp(`^${pattern}${rest}$`, 's').test(text);
}
