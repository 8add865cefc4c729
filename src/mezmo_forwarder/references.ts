import { createHash } from 'crypto';
import { CfnResource, Reference, ReferenceStrength, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { refuse, show } from './validate';

/** A short text that stands for others and is the same at every synthesis. */
export function hash(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 8);
}

/** Where a construct stands, as a text that is the same at every synthesis. */
export function place(construct: IConstruct): string {
  const stack = Stack.of(construct);
  return (Token.isUnresolved(stack.stackName) ? stack.node.path : stack.stackName) + construct.node.path.slice(stack.node.path.length);
}

/** The resource of a type that a construct is or makes, if this app makes it. */
export function resourceOf<T extends CfnResource>(construct: IConstruct, type: string): T | undefined {
  for (const candidate of [construct, construct.node.defaultChild]) {
    if (CfnResource.isCfnResource(candidate) && candidate.cfnResourceType === type) return candidate as T;
  }
  return undefined;
}

/** Whether a construct is of another stack; a nested stack counts as part of its parent. */
export function isAbroad(scope: IConstruct, construct: IConstruct): boolean {
  return topLevel(Stack.of(construct)) !== topLevel(Stack.of(scope));
}

/**
 * A text as a stack may refer to it, and the resources of other stacks that it depends on.
 *
 * An export would have to outlive whatever refers to it, so that neither leaving that out nor renaming the resource
 * would deploy. So another stack's resource is referred to weakly.
 */
export function withoutExport(scope: IConstruct, text: string, remedy: string): { text: string; resources: CfnResource[] } {
  const resources: CfnResource[] = [];
  for (const token of Tokenization.reverseString(text).tokens) {
    if (!Reference.isReference(token) || !CfnResource.isCfnResource(token.target) || !isAbroad(scope, token.target)) continue;
    text = text.replaceAll(token.toString(), weakly(scope, token.target, token.displayName, remedy));
    resources.push(token.target);
  }
  return { text, resources };
}

/** Why another stack's resource cannot be referred to without an export, if so. */
export function exportOnly(scope: IConstruct, target: CfnResource): string | undefined {
  const [theirs, ours] = [Stack.of(target), Stack.of(scope)];
  if (theirs.nestedStackParent) return 'is in a nested stack';
  if (Token.isUnresolved(theirs.region) === Token.isUnresolved(ours.region)) return undefined;
  return 'is in a stack without the env that the forwarder\'s has, or the other way round';
}

function weakly(scope: IConstruct, target: CfnResource, attribute: string, remedy: string): string {
  const why = exportOnly(scope, target);
  if (why) refuse(scope, `${show(target.node.path)} ${why}, so it cannot be referred to without an export; ${remedy}`);
  const value = attribute === 'Ref' ? target.ref : target.getAtt(attribute).toString();
  return Stack.consumeReference(value, ReferenceStrength.WEAK);
}

/** The stack that a nested stack is deployed with, or the stack itself. */
export function topLevel(stack: Stack): Stack {
  return stack.nestedStackParent ? topLevel(stack.nestedStackParent) : stack;
}
