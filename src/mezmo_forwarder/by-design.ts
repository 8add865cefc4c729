import { AspectPriority, Aspects, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { IConstruct } from 'constructs';
import { showResolved } from './validate';

/**
 * Tell cdk-nag, where it is used, what is so by design.
 *
 * It reads this from the construct tree; nothing of it stands in a template. As metadata and not by `acknowledge`, which refuses
 * the name of a finding that holds an ARN with a partition.
 */
export function byDesign(construct: IConstruct, rule: string, reason: string): void {
  construct.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, { [rule]: reason });
}

/** The same for what a policy of ours allows with a wildcard; what else the role may do is judged as ever. */
export function wildcardsByDesign(policy: iam.Policy): void {
  const told = new Set<string>();
  const visit = (node: IConstruct) => {
    if (!(node instanceof iam.CfnPolicy)) return;
    const { Statement } = Stack.of(node).resolve(node.policyDocument) as { Statement: { Action: unknown; Resource: unknown }[] };
    const found = Statement.flatMap(({ Action, Resource }) => [
      ...[Action].flat().map((action) => `Action::${action}`),
      ...[Resource].flat().map((resource) => `Resource::${asNagWritesIt(resource)}`),
    ]);
    for (const finding of found.filter((text) => text.includes('*') && !told.has(text))) {
      told.add(finding);
      byDesign(node, `AwsSolutions-IAM5[${finding}]`, reasonOf(finding));
    }
  };
  Aspects.of(policy).add({ visit }, { priority: AspectPriority.READONLY });
}

function reasonOf(finding: string): string {
  if (finding === 'Resource::*') return 'these actions know no narrower resource';
  if (finding.startsWith('Action::')) return 'all actions that read, and allow_log_access asked for them';
  return 'objects of the store, or what is below a log group, whose names are made at run time';
}

/** A resource as cdk-nag names it in its findings. */
function asNagWritesIt(resource: unknown): string {
  const shown = JSON.parse(showResolved(resource));
  return (typeof shown === 'string' ? shown : JSON.stringify(shown)).replaceAll('${', '<').replaceAll('}', '>');
}
