import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { MezmoLogForwarderProps } from '../forwarder-props';
import { isKnown } from '../validate';

/**
 * Options for the endpoints of a VPC.
 */
export interface VpcEndpointsOptions {
  /**
   * The subnets of the interface endpoints, one of each availability zone.
   *
   * @default - those that the function runs in
   */
  readonly subnets?: ec2.SubnetSelection;
}

const HTTPS = 443;

/**
 * Let a function out by TLS alone: on 443, on the destination's port, and on the proxy's where there is one.
 *
 * DNS at the VPC's own resolver passes no security group.
 * @internal
 */
export function letOut(fn: lambda.Function, destination: string, { environment = {}, ipv6AllowedForDualStack }: MezmoLogForwarderProps): void {
  const ports = new Set([HTTPS, portOf(destination), portOf(proxyOf(environment))]);
  const peers = [ec2.Peer.anyIpv4(), ...(ipv6AllowedForDualStack ? [ec2.Peer.anyIpv6()] : [])];
  for (const port of ports) {
    peers.forEach((peer) => fn.connections.allowTo(peer, ec2.Port.tcp(port)));
  }
}

/**
 * The AWS services that the functions call.
 * @internal
 */
export interface Calls {
  readonly secretsManager: boolean;
  readonly ssm: boolean;
  readonly lambda: boolean;
  readonly logs: boolean;
  readonly s3: boolean;
}

/**
 * Make the endpoints that the functions need to reach AWS without the internet, open to them alone.
 * @internal
 */
export function makeEndpoints(scope: Construct, fn: lambda.Function, vpc: ec2.IVpc, subnets: ec2.SubnetSelection | undefined, calls: Calls): ec2.InterfaceVpcEndpoint[] {
  const { SECRETS_MANAGER, SSM, LAMBDA, CLOUDWATCH_LOGS } = ec2.InterfaceVpcEndpointAwsService;
  const services: [string, boolean, ec2.InterfaceVpcEndpointAwsService][] = [
    ['SecretsManagerEndpoint', calls.secretsManager, SECRETS_MANAGER],
    ['SsmEndpoint', calls.ssm, SSM],
    ['LambdaEndpoint', calls.lambda, LAMBDA],
    ['LogsEndpoint', calls.logs, CLOUDWATCH_LOGS],
  ];
  const made = services.filter(([, called]) => called).map(([id, , service]) => {
    const endpoint = new ec2.InterfaceVpcEndpoint(scope, id, { vpc, service, subnets: { ...subnets, onePerAz: true }, open: false });
    endpoint.connections.allowDefaultPortFrom(fn);
    return endpoint;
  });
  if (calls.s3) {
    new ec2.GatewayVpcEndpoint(scope, 'S3Endpoint', { vpc, service: ec2.GatewayVpcEndpointAwsService.S3, subnets: [subnets ?? {}] });
  }
  return made;
}

/**
 * Have the functions reach AWS without the proxy, if they have one.
 * @internal
 */
export function bypassProxy(fns: lambda.Function[], environment: Record<string, string>, calls: Calls): void {
  if (proxyOf(environment) === undefined) return;
  const { region, urlSuffix } = Stack.of(fns[0]);
  const names = [calls.secretsManager && 'secretsmanager', calls.ssm && 'ssm', calls.lambda && 'lambda', calls.logs && 'logs', calls.s3 && 's3'].filter(Boolean);
  const hosts = names.map((name) => `${name}.${region}.${urlSuffix}`);
  // Python heeds the one in lower case, if there are both.
  const variable = 'no_proxy' in environment ? 'no_proxy' : 'NO_PROXY';
  const value = [...(environment[variable] ? [environment[variable]] : []), ...hosts].join(',');
  fns.forEach((fn) => fn.addEnvironment(variable, value));
}

function proxyOf(environment: Record<string, string>): string | undefined {
  return environment.https_proxy ?? environment.HTTPS_PROXY;
}

/** The port of an address, as far as it is known. */
function portOf(address: string | undefined): number {
  if (!isKnown(address)) return HTTPS;
  const written = address.includes('://') ? address : `http://${address}`;
  if (!URL.canParse(written)) return HTTPS;
  const { port, protocol } = new URL(written);
  return port ? Number(port) : protocol === 'http:' ? 80 : HTTPS;
}
