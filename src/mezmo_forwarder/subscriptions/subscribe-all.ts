import { Annotations, AspectPriority, Aspects, CfnResource, IAspect, RemoveTag, Stack, Stage, Tag } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IConstruct } from 'constructs';
import { isStabilized, SubscriptionSettings } from '../function/subscription-settings';
import { refuse, show } from '../validate';
import { isElsewhere, LeftOut, listed, obstacleTo } from './left-out';
import { factsOf, LogGroupFacts, LogGroupMatch } from './log-group-match';
import { givenName, keyOfResource, knownPart, logGroupOf, makesLogGroup, placedName } from './log-groups';
import { OwnLogGroups } from './own-log-groups';
import { StackDependencies } from './stack-dependencies';
import { SubscribeOptions, Subscriptions } from './subscription';

/**
 * Options for the subscriptions of all log groups of a scope. Those of the filters and lines hold for each of them.
 */
export interface SubscribeAllOptions extends SubscribeOptions {
  /**
   * The log groups that are subscribed: those of which one of these is true.
   *
   * @default - all
   */
  readonly includeLogGroups?: LogGroupMatch[];

  /**
   * The log groups that are left out: those of which one of these is true.
   *
   * @default - none
   */
  readonly excludeLogGroups?: LogGroupMatch[];
}

/** After the aspects that change things, tags among them, and before those that only look. */
const PRIORITY = (AspectPriority.DEFAULT + AspectPriority.READONLY) / 2;

/** One call of `subscribeAll`. */
interface Call {
  readonly scope: IConstruct;
  readonly options: SubscribeAllOptions;
}

/**
 * Subscribes the log groups of whole scopes, each where CDK comes across it, so that whatever made or changed it has done so.
 *
 * @internal
 */
export class SubscribeAll implements IAspect {
  private readonly calls: Call[] = [];
  private readonly leftOut: LeftOut;
  private readonly decided = new Set<IConstruct>();
  private readonly unseen: string[] = [];
  private forwarderVisited = false;

  public constructor(private readonly forwarder: Construct, private readonly subscriptions: Subscriptions) {
    this.leftOut = new LeftOut(forwarder);
    Aspects.of(forwarder).add(this, { priority: PRIORITY });
    forwarder.node.addValidation({ validate: () => this.finish() });
  }

  public add(scope: IConstruct, options: SubscribeAllOptions): void {
    for (const property of ['includeLogGroups', 'excludeLogGroups'] as const) {
      if (options[property]?.length === 0) {
        refuse(this.forwarder, `${property} is empty; give a LogGroupMatch, or leave ${property} out`);
      }
      options[property]?.forEach((match) => match._check(this.forwarder, property));
    }
    this.subscriptions.ownOptions(options);
    const stage = Stage.of(this.forwarder)!;
    const within = stage.node.scopes.includes(scope) ? stage : scope;
    if ((Stage.isStage(within) ? within : Stage.of(within)) !== stage) {
      refuse(this.forwarder, `subscribeAll has the scope ${show(scope.node.path)}, which is in another stage or app than the forwarder, and a stage is deployed on its own; make a forwarder in there`);
    }
    this.calls.push({ scope, options });
    Aspects.of(within).add(this, { priority: PRIORITY });
  }

  public visit(node: IConstruct): void {
    if (node === this.forwarder) {
      // Without stabilization CDK does not come again, and options of the lines would be packed anew with each log group.
      if (!isStabilized(this.forwarder) && this.calls.some(({ options }) => this.subscriptions.ownOptions(options).length)) this.visitAll();
      this.forwarderVisited = true;
    }
    if (makesLogGroup(node)) this.decide(node);
  }

  private visitAll(): void {
    for (const resource of this.calls.flatMap(({ scope }) => scope.node.findAll()).filter(makesLogGroup)) {
      if (Stage.of(resource) !== Stage.of(this.forwarder)) continue;
      tagsOf(resource).forEach((tag) => tag.visit(resource));
      this.decide(resource);
    }
  }

  private decide(resource: CfnResource): void {
    if (this.decided.has(resource)) return;
    this.decided.add(resource);
    const facts = factsOf(resource);
    const call = this.calls.find((one) => covers(one, resource, facts));
    if (!call || this.isOwn(resource) || this.subscriptions.has(keyOfResource(resource))) return;
    const obstacle = obstacleTo(this.forwarder, resource);
    if (obstacle) {
      this.leftOut.add(obstacle, resource);
      return;
    }
    this.subscriptions.add(logGroupOf(this.forwarder, resource), call.options);
    if (this.forwarderVisited) this.unseen.push(resource.node.path);
  }

  private isOwn(resource: CfnResource): boolean {
    return OwnLogGroups.of(this.forwarder).has(keyOfResource(resource), resource);
  }

  private hasOtherAspects(): boolean {
    const ours = [Tag, RemoveTag, SubscribeAll, SubscriptionSettings];
    return this.forwarder.node.scopes.some((scope) => Aspects.of(scope).all.some((aspect) => !ours.some((one) => aspect instanceof one)));
  }

  /** Tell what was left out, once all aspects are through. */
  private finish(): string[] {
    StackDependencies.forget(this.forwarder);
    for (const call of this.calls) {
      const all = call.scope.node.findAll();
      const groups = all.filter(makesLogGroup);
      const found = groups.filter((resource) => !this.isOwn(resource)).map((resource) => ({ resource, facts: factsOf(resource) }));
      for (const { resource, facts } of found) {
        if (!covers(call, resource, facts)) continue;
        if (Stage.of(resource) !== Stage.of(this.forwarder)) {
          this.leftOut.add('mezmo-forwarder:otherStage', Stage.of(resource)!);
        } else if (!this.decided.has(resource)) {
          this.leftOut.add('mezmo-forwarder:lateLogGroup', resource);
        }
      }
      const without = this.functionsWithout(groups, all).map((resource) => ({ resource, facts: factsOfFunction(resource) }));
      without.filter(({ resource, facts }) => covers(call, resource, facts)).forEach(({ resource }) => this.leftOut.add('mezmo-forwarder:functionLogGroup', resource));
      const { includeLogGroups = [], excludeLogGroups = [] } = call.options;
      this.leftOut.addUnmatched([...includeLogGroups, ...excludeLogGroups], [...found, ...without].map(({ facts }) => facts));
    }
    this.leftOut.warn();
    if (this.unseen.length && !isStabilized(this.forwarder) && this.hasOtherAspects()) {
      Annotations.of(this.forwarder).addWarningV2('mezmo-forwarder:unseenByAspects',
        `subscribeAll has subscribed ${listed(this.unseen)} after CDK had shown the forwarder to the other aspects, which have not seen these filters; set the feature flag "@aws-cdk/core:aspectStabilization", or make the forwarder's stack last`);
    }
    return [];
  }

  /** The functions to which Lambda itself gives a log group, which is not of this app. */
  private functionsWithout(groups: CfnResource[], all: IConstruct[]): lambda.CfnFunction[] {
    const here = (construct: IConstruct) => Stage.of(construct) === Stage.of(this.forwarder);
    const functions = all.filter((one) => one instanceof lambda.CfnFunction).filter((fn) => here(fn) && !fn.loggingConfig && !isElsewhere(this.forwarder, fn));
    const named = new Set(functions.length ? groups.filter(here).map((resource) => placedName(Stack.of(resource), givenName(resource))) : []);
    return functions.filter((fn) => ![fn.ref, fn.functionName ?? fn.ref].some((name) => named.has(placedName(Stack.of(fn), `/aws/lambda/${name}`))));
  }
}

function covers({ scope, options }: Call, resource: CfnResource, facts: LogGroupFacts): boolean {
  return resource.node.scopes.includes(scope)
    && (options.includeLogGroups?.some((match) => match._is(facts)) ?? true)
    && !options.excludeLogGroups?.some((match) => match._is(facts));
}

/** The tags that CDK is yet to give a resource. */
function tagsOf(resource: CfnResource): (Tag | RemoveTag)[] {
  return resource.node.scopes
    .flatMap((scope) => Aspects.of(scope).applied)
    .filter(({ aspect }) => aspect instanceof Tag || aspect instanceof RemoveTag)
    .sort((one, other) => one.priority - other.priority)
    .map(({ aspect }) => aspect as Tag | RemoveTag);
}

/** What would tell the log group that Lambda makes for a function. */
function factsOfFunction(fn: lambda.CfnFunction): LogGroupFacts {
  return { path: fn.node.path, name: `/aws/lambda/${knownPart(fn.functionName)}`, tags: {} };
}
