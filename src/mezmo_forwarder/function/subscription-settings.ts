import * as fs from 'fs';
import * as path from 'path';
import { FeatureFlags, IAspect, Stack, Stage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ASPECT_STABILIZATION } from 'aws-cdk-lib/cx-api';
import { Construct, IConstruct } from 'constructs';
import { LineOptions, lineSettings } from '../lines/line-options';
import { hash } from '../references';
import { environmentBytes, ENVIRONMENT_LIMIT } from '../settings';
import { refuse } from '../validate';
import { HANDLER } from './function-code';

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
  private readonly made = new Map<LineOptions, Record<string, unknown>>();
  private moved: string[] = [];
  private visited = false;
  private changed = false;

  public constructor(
    private readonly forwarder: Construct,
    private readonly functions: () => (lambda.Function | undefined)[],
    private readonly hashKeyVariable?: string,
  ) {}

  /** Give a subscription settings of its own. */
  public add(filterName: string, options: LineOptions, more: Record<string, unknown> = {}): void {
    const made = this.made.get(options) ?? lineSettings(this.forwarder, options, this.hashKeyVariable);
    this.made.set(options, made);
    this.all[filterName] = { ...made, ...more };
    this.changed = true;
    // With stabilization CDK comes again, for the filter; without, this is the last chance.
    if (this.visited && !isStabilized(this.forwarder)) this.move();
  }

  /** What stands in the settings document. */
  public get document(): Record<string, unknown> {
    const here = Object.entries(this.all).filter(([name]) => !this.moved.includes(name));
    return {
      subscriptions: here.length ? Object.fromEntries(here) : undefined,
      subscriptions_file: this.moved.length ? FILE : undefined,
    };
  }

  /** CDK calls this before it synthesizes, for the forwarder and then for what is in it, such as a filter that came late. */
  public visit(node: IConstruct): void {
    this.visited ||= node === this.forwarder;
    if (this.visited && (this.changed || node === this.forwarder)) this.move();
  }

  /** Move what does not fit, once everything is known. */
  private move(): void {
    const moved = this.moved.length > 0;
    if (Object.keys(this.all).length === 0 || (moved && !this.changed)) return;
    this.changed = false;
    if (!moved && this.bytes() <= LARGEST_ENVIRONMENT) return;
    const stack = Stack.of(this.forwarder);
    const literal = Object.entries(this.all).map(([name, settings]) => [name, stack.resolve(settings)]).filter(([, settings]) => isLiteral(settings));
    this.moved = literal.map(([name]) => name);
    if (literal.length) this.pack(Object.fromEntries(literal));
    const bytes = this.bytes();
    if (bytes > ENVIRONMENT_LIMIT) {
      refuse(this.forwarder, `environment has ${bytes} bytes with the settings of subscriptions that hold what is known only at deployment; Lambda takes ${ENVIRONMENT_LIMIT}: give literal values to subscribe`);
    }
  }

  private pack(settings: Record<string, unknown>): void {
    const text = JSON.stringify(settings);
    const directory = path.join(Stage.of(this.forwarder)!.assetOutdir, `mezmo-forwarder-${hash(text)}`);
    fs.rmSync(directory, { recursive: true, force: true }); // of an earlier release, into the same cdk.out
    fs.cpSync(HANDLER, directory, { recursive: true });
    fs.writeFileSync(path.join(directory, FILE), text);
    const code = lambda.Code.fromAsset(directory);
    this.forwarder.node.tryRemoveChild('SubscriptionSettings'); // with fewer of them
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

/** Whether CDK shows to all aspects what other aspects have made. */
export function isStabilized(construct: IConstruct): boolean {
  return FeatureFlags.of(construct).isEnabled(ASPECT_STABILIZATION) ?? false;
}
