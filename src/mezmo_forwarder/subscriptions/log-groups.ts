import { CfnElement, CfnResource, DefaultTokenResolver, IPostProcessor, IResolvable, IResolveContext, Reference, Stack, StringConcat, Tokenization } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';
import { hash, place, resourceOf } from '../references';
import { isKnown } from '../validate';

const LOG_GROUP = logs.CfnLogGroup.CFN_RESOURCE_TYPE_NAME;
/** What `LogRetention` makes, and `logRetention` of a function: it makes the log group as well, if there is none. */
const LOG_RETENTION = 'Custom::LogRetention';

/** What stands for the part of a text that is known only at deployment. */
const UNKNOWN = '\0';

/** A group's literal name, or else where its resource or construct stands: equal for one group as L1 and as L2. */
export function identity(logGroup: logs.ILogGroupRef): string {
  const resource = groupResource(logGroup);
  const name = resource ? resource.logGroupName : logGroup.logGroupRef.logGroupName;
  return isKnown(name) ? name : place(resource ?? logGroup);
}

/** The log group's resource, if this app makes it. */
export function groupResource(logGroup: logs.ILogGroupRef): logs.CfnLogGroup | undefined {
  return resourceOf<logs.CfnLogGroup>(logGroup, LOG_GROUP);
}

/** Whether a construct is a resource that makes a log group. */
export function makesLogGroup(construct: IConstruct): construct is CfnResource {
  return CfnResource.isCfnResource(construct) && [LOG_GROUP, LOG_RETENTION].includes(construct.cfnResourceType);
}

/** The log group that a resource makes, for use in a scope. */
export function logGroupOf(scope: Construct, resource: CfnResource): logs.ILogGroupRef {
  if (resource instanceof logs.CfnLogGroup) return resource;
  const name = resource.cfnResourceType === LOG_GROUP ? resource.ref : resource.getAtt('LogGroupName').toString();
  const id = `LogGroup${hash(place(resource))}`;
  return scope.node.tryFindChild(id) as logs.LogGroup | undefined ?? logs.LogGroup.fromLogGroupName(scope, id, name);
}

/** The name that a resource gives its log group, `UNKNOWN` in place of what is known only at deployment. */
export function nameOf(resource: CfnResource): string {
  return knownPart(givenName(resource));
}

/** The name that a resource gives its log group, as it is or as CloudFormation gets it. */
export function givenName(resource: CfnResource): unknown {
  return resource instanceof logs.CfnLogGroup ? resource.logGroupName : propertiesOf(resource).LogGroupName;
}

/** The region that a resource makes its log group in, where it is not that of its stack. */
export function givenRegion(resource: CfnResource): unknown {
  return resource.cfnResourceType === LOG_RETENTION ? propertiesOf(resource).LogGroupRegion : undefined;
}

/** The class of the log group that a resource makes, if it is one that takes no subscription filter. */
export function classWithoutFilters(resource: CfnResource): string | undefined {
  const given = resource instanceof logs.CfnLogGroup ? resource.logGroupClass : undefined;
  return isKnown(given) && given !== logs.LogGroupClass.STANDARD ? given : undefined;
}

/** A name as a stack's template has it, so that it tells what it is the name of. */
export function placedName(stack: Stack, name: unknown): string {
  const resolved = stack.resolve(name);
  return typeof resolved === 'string' ? resolved : `${place(stack)} ${JSON.stringify(resolved)}`;
}

function propertiesOf(resource: CfnResource): Record<string, unknown> {
  const { Resources } = Stack.of(resource).resolve(resource._toCloudFormation());
  const [{ Properties }] = Object.values<{ Properties?: Record<string, unknown> }>(Resources);
  return Properties ?? {};
}

/** A text with `UNKNOWN` in place of what is known only at deployment, tokens or CloudFormation's functions. */
export function knownPart(text: unknown): string {
  if (typeof text !== 'string') {
    const [delimiter, parts] = (text as { 'Fn::Join'?: [string, unknown[]] } | undefined)?.['Fn::Join'] ?? [];
    return Array.isArray(parts) ? parts.map(knownPart).join(delimiter) : UNKNOWN;
  }
  return Tokenization.reverseString(text).tokens.reduce<string>((known, token) => known.replaceAll(token.toString(), UNKNOWN), text);
}

/** A log group's literal name, or else where the resource stands that makes it: the same however the log group is referred to. */
export function keyOf(logGroup: logs.ILogGroupRef): string {
  const resource = groupResource(logGroup);
  return resource ? keyOfResource(resource) : keyOfName(Stack.of(logGroup), logGroup.logGroupRef.logGroupName);
}

/** The same, of the resource that makes a log group. */
export function keyOfResource(resource: CfnResource): string {
  const name = nameOf(resource);
  return name.includes(UNKNOWN) ? place(resource) : name;
}

/** The same, of a name in a stack, which may be a reference to the resource. */
export function keyOfName(stack: Stack, name: string): string {
  if (isKnown(name)) return name;
  const whole = Tokenization.reverseString(name).length === 1;
  const targets = new Set(whole ? referencesIn(stack, name).map(({ target }) => target).filter(makesLogGroup) : []);
  const [resource] = targets;
  return targets.size === 1 ? keyOfResource(resource) : placedName(stack, name);
}

/** The references that stand in a value, to whatever. */
function referencesIn(scope: IConstruct, value: unknown): Reference[] {
  const recorder = new Recorder();
  Tokenization.resolve(value, { scope, resolver: recorder, preparing: true });
  return recorder.references;
}

/** The references that stand in what an element adds to its template. */
export function referencesOf(element: CfnElement): Reference[] {
  return referencesIn(element, element._toCloudFormation());
}

/** Resolves, and remembers the references that it met. */
class Recorder extends DefaultTokenResolver {
  public readonly references: Reference[] = [];

  public constructor() {
    super(new StringConcat());
  }

  public resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): unknown {
    if (Reference.isReference(token)) this.references.push(token);
    return super.resolveToken(token, context, postProcessor);
  }
}
