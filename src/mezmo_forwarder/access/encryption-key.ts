import { Annotations, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { withoutExport } from '../references';
import { checkEnv, refuse, show, showResolved } from '../validate';

/** A customer-managed key as the forwarder's stack may refer to it: never by an export. */
export function ownKey(scope: Construct, key: kms.IKey | undefined): kms.IKey | undefined {
  if (key === undefined) return undefined;
  if (key.keyArn.includes(':alias/')) {
    refuse(scope, `encryptionKey is the alias ${show(key.node.path)}, which neither a role nor a log group can be given; give the key itself, with Key.fromLookup or Key.fromKeyArn`);
  }
  checkEnv(scope, `encryptionKey ${show(key.node.path)}`, key, 'region', 'bucket, log group and functions take keys of their own region only: give one of that region');
  const { text } = withoutExport(scope, key.keyArn, 'look the key up with Key.fromKeyArn');
  return text === key.keyArn ? key : kms.Key.fromKeyArn(scope, 'EncryptionKey', text);
}

/**
 * Let CloudWatch Logs use a key for the log groups of the forwarder's stack, which CDK's `LogGroup` leaves to its user.
 *
 * CloudFormation names the group after the key's policy is there, so the group is told by the name of its stack.
 */
export function letLogsUse(scope: Construct, key: kms.IKey): void {
  const stack = Stack.of(scope);
  const groups = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: Token.isUnresolved(stack.stackName) ? '*' : `${stack.stackName}-*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const statement = new iam.PolicyStatement({
    principals: [new iam.ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
    actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    resources: ['*'],
    conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups } },
  });
  if (key.addToResourcePolicy(statement, true).statementAdded) return;
  const document = showResolved(stack.resolve(statement.toStatementJson()));
  Annotations.of(scope).addWarningV2('mezmo-forwarder:encryptionKeyPolicy',
    `CDK cannot change the policy of encryptionKey ${key.node.path}, and CloudWatch Logs refuses a log group whose key does not let it in. ` +
    `Give the key's policy this statement before the deployment: ${document}`);
}
