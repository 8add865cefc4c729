import * as lambda from 'aws-cdk-lib/aws-lambda';

/**
 * The names of the variables that a vendor's code reads.
 */
export interface VendorVariables {
  /** The variable that holds the key. */
  readonly key: string;

  /**
   * The variable that holds the address.
   * @default - the address is not given
   */
  readonly url?: string;

  /**
   * The variable that holds the hostname.
   * @default - `hostname` is refused
   */
  readonly hostname?: string;

  /**
   * The variable that holds the tags, separated by commas.
   * @default - `mezmoTags` is refused
   */
  readonly tags?: string;

  /**
   * The variable that is `true` for `LineFormat.MEZMO_LAMBDA_RAW`.
   * @default - `lineFormat` is refused
   */
  readonly rawEvent?: string;
}

/**
 * How a vendor's code is run.
 */
export interface VendorCodeOptions {
  /**
   * The function in the code that Lambda calls.
   * @default "index.handler"
   */
  readonly handler?: string;

  /**
   * The runtime. The forwarder's own `runtime`, if given, wins.
   * @default - Node.js 22
   */
  readonly runtime?: lambda.Runtime;

  /**
   * The names of the variables it reads.
   */
  readonly variables: VendorVariables;
}

/**
 * A vendor's code, run in place of our handler with the same key, permission and subscriptions.
 *
 * @example
 * new MezmoLogForwarder(this, 'MezmoLogForwarder', {
 *   ingestionKey: IngestionKey.fromDynamicReference(secret, 'LOGDNA_KEY'),
 *   code: VendorCode.mezmoCloudwatch(lambda.Code.fromAsset('mezmo-cloudwatch.zip')),
 * });
 */
export class VendorCode {
  /**
   * Mezmo's retired `logdna-cloudwatch` (releases 1 and 2), which most tutorials use.
   *
   * @param code its zip, as an asset or in a bucket
   */
  public static logdnaCloudwatch(code: lambda.Code): VendorCode {
    return new VendorCode(code, {
      variables: { key: 'LOGDNA_KEY', url: 'LOGDNA_URL', hostname: 'LOGDNA_HOSTNAME', tags: 'LOGDNA_TAGS', rawEvent: 'LOG_RAW_EVENT' },
    });
  }

  /**
   * Mezmo's `mezmo-cloudwatch`, the successor.
   *
   * @param code its zip, as an asset or in a bucket
   */
  public static mezmoCloudwatch(code: lambda.Code): VendorCode {
    return new VendorCode(code, {
      variables: { key: 'INGESTION_KEY', url: 'INGESTION_URL', hostname: 'HOSTNAME', tags: 'TAGS', rawEvent: 'LOG_RAW_EVENT' },
    });
  }

  /**
   * Any other code that reads its key from a variable.
   *
   * @param code its zip or folder, as an asset or in a bucket
   */
  public static of(code: lambda.Code, options: VendorCodeOptions): VendorCode {
    return new VendorCode(code, options);
  }

  private constructor(
    /** The code. */
    public readonly code: lambda.Code,
    /** How it is run. */
    public readonly options: VendorCodeOptions,
  ) {}
}
