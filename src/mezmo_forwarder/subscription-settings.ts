import * as fs from 'fs';
import * as path from 'path';
import { IAspect, Stack, Stage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IConstruct } from 'constructs';
import { HANDLER } from './function-code';
import { LineOptions, lineSettings } from './line-options';
import { hash } from './references';
import { environmentBytes, ENVIRONMENT_LIMIT } from './settings';
import { refuse } from './validate';

/** Above that many bytes of variables, the subscriptions' settings move; what tokens become is not counted in them. */
const LARGEST_ENVIRONMENT = 3072;

const FILE = 'subscriptions.json';

/**
 * What subscriptions have for themselves, by the names of their filters: in the functions' environment as long as it fits.
 *
 * Beyond that it moves to a file beside the handler's code. A parameter holds 8 KB, an object in S3 costs a right and a
 * request at each cold start; a file costs neither, has no limit that matters, and changes with the code in one step.
 *
 * @internal
 */
export class SubscriptionSettings implements IAspect {
  private readonly all: Record<string, Record<string, unknown>> = {};
  private moved: string[] = [];

  public constructor(
    private readonly forwarder: Construct,
    private readonly functions: () => (lambda.Function | undefined)[],
    private readonly hashKeyVariable?: string,
  ) {}

  /** Give a subscription settings of its own. */
  public add(filterName: string, options: LineOptions, more: Record<string, unknown> = {}): void {
    this.all[filterName] = { ...lineSettings(this.forwarder, options, this.hashKeyVariable), ...more };
  }

  /** What stands in the settings document. */
  public get document(): Record<string, unknown> {
    const here = Object.entries(this.all).filter(([name]) => !this.moved.includes(name));
    return {
      subscriptions: here.length ? Object.fromEntries(here) : undefined,
      subscriptions_file: this.moved.length ? FILE : undefined,
    };
  }

  /** Move what does not fit, once everything is known: CDK calls this before it synthesizes. */
  public visit(node: IConstruct): void {
    if (node !== this.forwarder || this.moved.length || Object.keys(this.all).length === 0) return;
    const stack = Stack.of(node);
    if (this.bytes() <= LARGEST_ENVIRONMENT) return;
    const literal = Object.entries(this.all).map(([name, settings]) => [name, stack.resolve(settings)]).filter(([, settings]) => isLiteral(settings));
    this.moved = literal.map(([name]) => name);
    if (literal.length) this.pack(Object.fromEntries(literal));
    const bytes = this.bytes();
    if (bytes > ENVIRONMENT_LIMIT) {
      refuse(node, `environment has ${bytes} bytes with the settings of subscriptions that hold what is known only at deployment; Lambda takes ${ENVIRONMENT_LIMIT}: give literal values to subscribe`);
    }
  }

  private pack(settings: Record<string, unknown>): void {
    const text = JSON.stringify(settings);
    const directory = path.join(Stage.of(this.forwarder)!.assetOutdir, `mezmo-forwarder-${hash(text)}`);
    fs.rmSync(directory, { recursive: true, force: true }); // of an earlier release, into the same cdk.out
    fs.cpSync(HANDLER, directory, { recursive: true });
    fs.writeFileSync(path.join(directory, FILE), text);
    const code = lambda.Code.fromAsset(directory);
    const { s3Location } = code.bind(new Construct(this.forwarder, 'SubscriptionSettings'));
    for (const resource of this.resources) {
      resource.code = { s3Bucket: s3Location!.bucketName, s3Key: s3Location!.objectKey };
      code.bindToResource(resource);
    }
  }

  private bytes(): number {
    return Math.max(...this.resources.map((resource) => environmentBytes(resource, Stack.of(resource).resolve(resource.environment).variables)));
  }

  private get resources(): lambda.CfnFunction[] {
    return this.functions().flatMap((fn) => fn ? [fn.node.defaultChild as lambda.CfnFunction] : []);
  }
}

/** Whether nothing in resolved settings is left to CloudFormation, whose functions are objects of one field. */
function isLiteral(resolved: unknown): boolean {
  if (typeof resolved !== 'object' || resolved === null) return true;
  return Object.entries(resolved).every(([name, value]) => name !== 'Ref' && !name.startsWith('Fn::') && isLiteral(value));
}
