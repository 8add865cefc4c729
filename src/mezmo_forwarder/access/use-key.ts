import * as iam from 'aws-cdk-lib/aws-iam';

/** Let a role use a customer-managed key, if there is one, through one service alone. */
export function useKey(service: string, region: string, keyArn: string | undefined, ...actions: string[]): iam.PolicyStatement[] {
  if (keyArn === undefined) return [];
  return [new iam.PolicyStatement({
    actions,
    resources: [keyArn],
    conditions: { StringEquals: { 'kms:ViaService': `${service}.${region}.amazonaws.com` } },
  })];
}
