import { CfnElement, Stack, Stage } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { topLevel } from '../references';
import { referencesOf } from './log-groups';

/**
 * Which stacks of an assembly depend on which, before CDK works it out: it does so after the aspects, and then refuses a circle.
 */
export class StackDependencies {
  private static readonly known = new WeakMap<IConstruct, StackDependencies>();

  /** Those of a construct's assembly, as far as they are known in this synthesis. */
  public static of(construct: IConstruct): StackDependencies {
    const stage = Stage.of(construct)!;
    const found = this.known.get(stage) ?? new StackDependencies();
    this.known.set(stage, found);
    return found;
  }

  /** Forget them, since another synthesis may find others. */
  public static forget(construct: IConstruct): void {
    this.known.delete(Stage.of(construct)!);
  }

  private readonly direct = new Map<Stack, Set<Stack>>();

  /** Note that one construct's stack will depend on another's, unless that is still to be looked for. */
  public add(from: IConstruct, to: IConstruct): void {
    this.direct.get(topLevel(Stack.of(from)))?.add(topLevel(Stack.of(to)));
  }

  /** Whether one construct's stack depends on another's, by way of others too. */
  public reaches(from: IConstruct, to: IConstruct): boolean {
    const goal = topLevel(Stack.of(to));
    const seen = new Set<Stack>();
    const next = [topLevel(Stack.of(from))];
    for (let stack = next.pop(); stack; stack = next.pop()) {
      if (stack === goal) return true;
      if (seen.has(stack)) continue;
      seen.add(stack);
      next.push(...this.of(stack));
    }
    return false;
  }

  private of(stack: Stack): Set<Stack> {
    let found = this.direct.get(stack);
    if (!found) {
      found = new Set(stack.dependencies);
      for (const construct of stack.node.findAll()) {
        if (topLevel(Stack.of(construct)) !== stack) continue;
        const references = CfnElement.isCfnElement(construct) ? referencesOf(construct).map(({ target }) => target) : [];
        for (const target of [...references, ...construct.node.dependencies]) {
          const theirs = target.node.scopes.filter(Stack.isStack).pop();
          if (theirs) found.add(topLevel(theirs));
        }
      }
      this.direct.set(stack, found);
    }
    return found;
  }
}
