import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, IConstruct } from 'constructs';
import { useKey } from '../access/use-key';
import { byDesign } from '../by-design';
import { resourceOf } from '../references';
import { checkDuration, checkEnv, isKnown, refuse, show } from '../validate';

/**
 * Options for a bucket of the forwarder's own.
 */
export interface UndeliveredBucketOptions {
  /**
   * How long what is undelivered is kept, in whole days. It is sent again and deleted long before, unless Mezmo stays away.
   *
   * @default Duration.days(30)
   */
  readonly undeliveredExpiration?: Duration;

  /**
   * How long what Mezmo refused for good is kept, in whole days.
   *
   * @default Duration.days(90)
   */
  readonly rejectedExpiration?: Duration;

  /**
   * What happens to the bucket when it leaves the stack. CloudFormation deletes a bucket only when it is empty.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Where the forwarder keeps what it could not deliver, until it is sent again.
 *
 * @example
 * new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
 *   undeliveredStore: UndeliveredStore.bucket({ undeliveredExpiration: Duration.days(14) }),
 * });
 */
export abstract class UndeliveredStore {
  /**
   * A bucket of the forwarder's own: encrypted by S3 or with `encryptionKey`, reached by TLS only, closed to the public, kept when the stack goes.
   */
  public static bucket(options: UndeliveredBucketOptions = {}): UndeliveredStore {
    return new OwnBucket(options);
  }

  /**
   * A bucket that you bring, for one forwarder alone. How long it keeps its objects is yours to say.
   *
   * A customer-managed KMS key is granted when the bucket names it, as `Bucket.fromBucketAttributes` does with `encryptionKey`.
   *
   * @param bucket one of the forwarder's own region and account
   */
  public static fromBucket(bucket: s3.IBucket): UndeliveredStore {
    return new BroughtBucket(bucket);
  }

  /**
   * None: what fails to the last is lost.
   */
  public static none(): UndeliveredStore {
    return new NoStore();
  }

  /** @internal */
  public abstract _bind(scope: Construct, key?: kms.IKey): UndeliveredStoreBinding | undefined;
}

/** @internal */
export interface UndeliveredStoreBinding {
  readonly bucket: s3.IBucket;
  /** The `store` of the handler's settings. */
  readonly settings: { bucket: string; owner: string };
  /** What the forwarder's role must be allowed. */
  readonly keeping: iam.PolicyStatement[];
  /** What the re-drive's role must be allowed. */
  readonly redriving: iam.PolicyStatement[];
  /** The bucket as the place for what Lambda gives up. */
  readonly onFailure: OnFailure;
}

class OwnBucket extends UndeliveredStore {
  public constructor(private readonly options: UndeliveredBucketOptions) {
    super();
  }

  public _bind(scope: Construct, key?: kms.IKey): UndeliveredStoreBinding {
    const { undeliveredExpiration = Duration.days(30), rejectedExpiration = Duration.days(90), removalPolicy } = this.options;
    checkDuration(scope, 'undeliveredExpiration', undeliveredExpiration, 'days', 1, LONGEST_EXPIRATION);
    checkDuration(scope, 'rejectedExpiration', rejectedExpiration, 'days', 1, LONGEST_EXPIRATION);
    const bucket = new s3.Bucket(scope, 'UndeliveredBucket', {
      encryption: key ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
      encryptionKey: key,
      // One request to KMS for many objects
      bucketKeyEnabled: key ? true : undefined,
      enforceSSL: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: false,
      removalPolicy: removalPolicy ?? RemovalPolicy.RETAIN,
      lifecycleRules: [
        { prefix: UNDELIVERED, expiration: undeliveredExpiration },
        { prefix: FAILED, expiration: undeliveredExpiration },
        { prefix: REJECTED, expiration: rejectedExpiration },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    byDesign(bucket, 'AwsSolutions-S1', 'only the forwarder\'s two roles are granted anything here, and an access log would need a bucket that outlives this one; bring a bucket that has one with UndeliveredStore.fromBucket');
    return bind(scope, bucket);
  }
}

class BroughtBucket extends UndeliveredStore {
  public constructor(private readonly bucket: s3.IBucket) {
    super();
  }

  public _bind(scope: Construct): UndeliveredStoreBinding {
    const what = `undeliveredStore's bucket ${show(identity(this.bucket))}`;
    checkEnv(scope, what, this.bucket, 'region', 'Lambda writes to a bucket of its own region only: bring one of that region, or leave undeliveredStore out');
    checkEnv(scope, what, this.bucket, 'account', 'the store must be the account\'s own: bring one of that account, and let S3 replicate it where else you want it, or leave undeliveredStore out');
    return bind(scope, this.bucket);
  }
}

class NoStore extends UndeliveredStore {
  public _bind(): undefined {
    return undefined;
  }
}

/**
 * Lambda's way to name where its failure records go. Ours grants nothing: aws-cdk-lib's `S3Destination` lets the role read as well.
 * @internal
 */
export class OnFailure implements lambda.IDestination, lambda.IEventSourceDlq {
  public constructor(private readonly bucket: s3.IBucket) {}

  /** Called by Lambda's constructs. */
  public bind(): lambda.DestinationConfig {
    return { destination: this.bucket.bucketArn };
  }
}

const UNDELIVERED = 'undelivered/';
const REJECTED = 'rejected/';
/** Where Lambda puts its failure records, of whatever kind. */
const FAILED = 'aws/lambda/';
/** The re-drive's own notes, the lease among them. */
const REDRIVE = 'redrive/';

/** S3's limit, in days. */
const LONGEST_EXPIRATION = 2 ** 31 - 1;

function bind(scope: Construct, bucket: s3.IBucket): UndeliveredStoreBinding {
  claim(scope, bucket);
  const stack = Stack.of(scope);
  const allow = (action: string, ...resources: string[]) => new iam.PolicyStatement({ actions: [action], resources });
  const below = (...prefixes: string[]) => prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
  const list = allow('s3:ListBucket', bucket.bucketArn);
  const useTheKey = (...what: string[]) => useKey('s3', stack.region, bucket.encryptionKey?.keyArn, ...what);
  return {
    bucket,
    settings: { bucket: bucket.bucketName, owner: stack.account },
    // Lambda refuses the destination unless its role may list the bucket and put anywhere in it.
    keeping: [list, allow('s3:PutObject', bucket.arnForObjects('*')), ...useTheKey('kms:GenerateDataKey')],
    redriving: [
      list,
      allow('s3:GetObject', ...below(UNDELIVERED, REJECTED, FAILED, REDRIVE)),
      allow('s3:PutObject', ...below(UNDELIVERED, REJECTED, REDRIVE)),
      allow('s3:DeleteObject', ...below(UNDELIVERED, REJECTED, FAILED)),
      ...useTheKey('kms:Decrypt', 'kms:GenerateDataKey'),
    ],
    onFailure: new OnFailure(bucket),
  };
}

/** Which forwarder each bucket of an app belongs to. */
const owners = new WeakMap<IConstruct, Map<string, string>>();

/** Refuse a bucket that is another forwarder's: either re-drive would send the other's lines. */
function claim(scope: IConstruct, bucket: s3.IBucket): void {
  const known = owners.get(scope.node.root) ?? new Map<string, string>();
  owners.set(scope.node.root, known);
  const owner = known.get(identity(bucket));
  if (owner !== undefined) {
    refuse(scope, `undeliveredStore's bucket ${show(identity(bucket))} is already that of ${owner}, and a re-drive would send the other forwarder's lines; give each forwarder a bucket of its own`);
  }
  known.set(identity(bucket), scope.node.path);
}

/** A bucket's literal name, or else where its resource or construct stands. */
function identity(bucket: s3.IBucket): string {
  const resource = resourceOf<s3.CfnBucket>(bucket, s3.CfnBucket.CFN_RESOURCE_TYPE_NAME);
  const name = resource ? resource.bucketName : bucket.bucketName;
  return isKnown(name) ? name : (resource ?? bucket).node.path;
}
