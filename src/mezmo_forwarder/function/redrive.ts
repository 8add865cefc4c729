import { Duration, Size } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { wildcardsByDesign } from '../by-design';
import { UndeliveredStoreBinding } from '../delivery/undelivered-store';
import { MezmoLogForwarderProps } from '../forwarder-props';
import { FunctionCode, functionProps, redriveCode } from './function-code';

/** What the re-drive has from its forwarder. */
export interface RedriveProps {
  readonly forwarder: MezmoLogForwarderProps;
  /** The forwarder's function, and what it runs. */
  readonly target: lambda.Function;
  readonly code: FunctionCode;
  readonly store: UndeliveredStoreBinding;
  /** What both functions are made with. */
  readonly common: Partial<lambda.FunctionProps>;
  /** What both roles must be allowed. */
  readonly statements: iam.PolicyStatement[];
}

/** How often it looks for what is undelivered. */
export const REDRIVE_INTERVAL = Duration.minutes(5);

/**
 * Sends again what the forwarder could not deliver: a second function, on a schedule.
 */
export class Redrive extends Construct {
  public readonly function: lambda.Function;

  /** What the role must be allowed. */
  public readonly statements: iam.PolicyStatement[];

  public readonly policy: iam.Policy;

  public constructor(scope: Construct, id: string, { forwarder, target, code, store, common, statements }: RedriveProps) {
    super(scope, id);
    const interval = forwarder.redriveInterval ?? REDRIVE_INTERVAL;
    const own = redriveCode(code, store, target, (forwarder.redriveRate ?? Size.mebibytes(1)).toBytes());
    this.statements = [...statements, ...own.statements, ...store.redriving];
    const role = forwarder.role ?? new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.policy = new iam.Policy(this, 'Policy', { statements: this.statements });
    role.attachInlinePolicy(this.policy);
    wildcardsByDesign(this.policy);

    // A vendor's layers are for the vendor's runtime, and with them goes what lies in one of them.
    const { AWS_LAMBDA_EXEC_WRAPPER: _, ...withoutWrapper } = forwarder.environment ?? {};
    this.function = new lambda.Function(this, 'Function', {
      ...common,
      ...functionProps(scope, own, forwarder.code ? withoutWrapper : forwarder.environment),
      layers: forwarder.code ? undefined : forwarder.layers,
      description: 'Sends to Mezmo again what could not be delivered',
      // The next one begins after it has ended.
      timeout: Duration.seconds(Math.min(interval.toSeconds() - 30, 900)),
      // The next one does what this one could not.
      retryAttempts: 0,
      maxEventAge: Duration.seconds(Math.min(interval.toSeconds(), 21600)),
      role,
      securityGroups: forwarder.vpc && target.connections.securityGroups,
    });
    this.function.node.addDependency(this.policy);
    own.byDesign?.(this.function);

    new events.Rule(this, 'Schedule', {
      description: 'Sends to Mezmo again what could not be delivered',
      schedule: events.Schedule.rate(interval),
      targets: [new targets.LambdaFunction(this.function, {
        event: events.RuleTargetInput.fromObject({ mezmo_forwarder: 'redrive' }),
        retryAttempts: 0,
        maxEventAge: Duration.seconds(60),
      })],
    });
  }
}
