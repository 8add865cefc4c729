import { Stage } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { IConstruct } from 'constructs';
import { refuse, show } from '../validate';
import { keyOf } from './log-groups';

/**
 * The forwarders of an assembly, and the log groups that they write their own logs to.
 */
export class OwnLogGroups {
  private static readonly all = new WeakMap<IConstruct, OwnLogGroups>();

  public static of(construct: IConstruct): OwnLogGroups {
    const stage = Stage.of(construct)!;
    const found = this.all.get(stage) ?? new OwnLogGroups();
    this.all.set(stage, found);
    return found;
  }

  private readonly forwarders = new Set<IConstruct>();
  private readonly owners = new Map<string, IConstruct[]>();
  private readonly forwarded = new Map<IConstruct, Set<IConstruct>>();

  /** Note whose own a log group is. */
  public claim(forwarder: IConstruct, logGroup: logs.ILogGroupRef): void {
    const key = keyOf(logGroup);
    this.forwarders.add(forwarder);
    this.owners.set(key, [...this.ownersOf(key), forwarder]);
  }

  /** Whether a log group is a forwarder's own, or something within a forwarder makes it. */
  public has(key: string, maker: IConstruct): boolean {
    return this.owners.has(key) || maker.node.scopes.some((scope) => this.forwarders.has(scope));
  }

  /** Note that a forwarder forwards a log group, and refuse a circle: each line would make another for ever. */
  public forward(forwarder: IConstruct, logGroup: logs.ILogGroupRef): void {
    for (const owner of this.ownersOf(keyOf(logGroup))) {
      this.forwardedBy(forwarder).add(owner);
      if (this.reaches(owner, forwarder)) {
        refuse(forwarder, `log group ${show(logGroup.node.path)} is that of forwarder ${show(owner.node.path)}, which forwards this forwarder's own, so that each line would make another for ever; leave one of the two out`);
      }
    }
  }

  /** The keys of the log groups whose lines would come back, for ever, to a forwarder that forwarded them as all others. */
  public comingBackTo(forwarder: IConstruct): string[] {
    const comesBack = (owners: IConstruct[]) => owners.some((owner) => owner !== forwarder && this.reaches(owner, forwarder));
    return [...this.owners].filter(([, owners]) => comesBack(owners)).map(([key]) => key);
  }

  private reaches(from: IConstruct, to: IConstruct, seen = new Set<IConstruct>()): boolean {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return [...this.forwardedBy(from)].some((next) => this.reaches(next, to, seen));
  }

  private ownersOf(key: string): IConstruct[] {
    return this.owners.get(key) ?? [];
  }

  private forwardedBy(forwarder: IConstruct): Set<IConstruct> {
    const found = this.forwarded.get(forwarder) ?? new Set();
    this.forwarded.set(forwarder, found);
    return found;
  }
}
