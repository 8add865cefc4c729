import * as path from 'path';
import { Annotations, Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { IConstruct } from 'constructs';
import { byDesign } from '../by-design';
import { MezmoDestination } from '../delivery/destination';
import { UndeliveredStoreBinding } from '../delivery/undelivered-store';
import { MezmoLogForwarderProps } from '../forwarder-props';
import { LineFormat } from '../lines/line-format';
import { lineSettings, OUR_LINE_OPTIONS } from '../lines/line-options';
import { SETTINGS_VARIABLE, text } from '../settings';
import { refuse, show } from '../validate';
import { MetricsDetail } from '../watching/metrics';
import { SubscriptionSettings } from './subscription-settings';
import { checkVariables, VARIABLE_NAME } from './variables';
import { VendorCode } from './vendor-code';

const RUNTIMES = ['python3.13', 'python3.14'];

const HASH_KEY_VARIABLE = 'MEZMO_FORWARDER_REDACT_HASH_KEY';

/** The variable that holds the key of hashes, if there is one. */
export function hashKeyVariable(props: MezmoLogForwarderProps): string | undefined {
  return props.redactHashKey && HASH_KEY_VARIABLE;
}

/** Where the handler's code lies. */
export const HANDLER = path.join(__dirname, '../handler');

/** Why the runtime need not be the newest. */
function testedRuntime(fn: lambda.Function): void {
  byDesign(fn, 'AwsSolutions-L1', `the handler's modules are packed for, and tested on, ${RUNTIMES.join(' and ')}, which AWS supports`);
}

/** What a function runs, and what that needs. */
export interface FunctionCode {
  readonly runtime: lambda.Runtime;
  readonly code: lambda.Code;
  readonly handler: string;
  /** What the role must be allowed for the code's sake. */
  readonly statements: iam.PolicyStatement[];
  /** The variables that the forwarder sets, but for the settings. */
  readonly environment: Record<string, string>;
  /** Says what of a function that runs it is so by design. */
  readonly byDesign?: (fn: lambda.Function) => void;
  /** The address that it sends to. */
  readonly destination: string;
  /** Where it reads the key, if it does. */
  readonly keySource?: string;
  /** The settings of our handler. */
  readonly settings?: Record<string, unknown>;
}

/** Our handler, and its settings. */
export function ownCode(scope: IConstruct, props: MezmoLogForwarderProps, store: UndeliveredStoreBinding | undefined, subscriptions: SubscriptionSettings): FunctionCode {
  const runtime = props.runtime ?? lambda.Runtime.PYTHON_3_13;
  if (!RUNTIMES.includes(runtime.name)) {
    refuse(scope, `runtime is ${show(runtime.name)}; the handler's modules are packed for ${RUNTIMES.join(' and ')}: give one of these`);
  }
  const key = props.ingestionKey._bind(scope);
  const destination = (props.destination ?? MezmoDestination.logAnalysis())._bind(scope);
  warnOfIgnored(scope, props, destination.kind);
  const metrics = props.metricsDetail ?? MetricsDetail.FORWARDER;
  return {
    runtime,
    code: lambda.Code.fromAsset(HANDLER),
    handler: 'handler.app.handle',
    statements: key.statements,
    byDesign: testedRuntime,
    destination: destination.url,
    keySource: key.settings.source,
    // A {{resolve:...}} reference, not the key
    environment: { ...key.environment, ...(props.redactHashKey ? { [HASH_KEY_VARIABLE]: props.redactHashKey.secretValue.unsafeUnwrap() } : {}) },
    settings: {
      schema: 1,
      key: key.settings,
      key_ttl: props.keyLifetime?.toSeconds(),
      destination: { ...destination, url: text(destination.url) },
      line_format: props.lineFormat ?? LineFormat.STANDARD,
      ...lineSettings(scope, props, hashKeyVariable(props)),
      recognize: props.recognize,
      account_alias: props.accountAlias === undefined ? undefined : text(props.accountAlias),
      log_group_tags: props.logGroupTags?.length ? props.logGroupTags.map((tags) => tags._bind(scope)) : undefined,
      store: store?.settings,
      metrics: metrics === MetricsDetail.NONE ? undefined : metrics,
      subscriptions: Lazy.uncachedAny({ produce: () => subscriptions.document.subscriptions }),
      subscriptions_file: Lazy.uncachedAny({ produce: () => subscriptions.document.subscriptions_file }),
    },
  };
}

/** Warn of properties that the chosen destination or line format has no place for. */
function warnOfIgnored(scope: IConstruct, props: MezmoLogForwarderProps, kind: string): void {
  const standard = (props.lineFormat ?? LineFormat.STANDARD) === LineFormat.STANDARD;
  const tags = (props.logGroupTags ?? []).some(({ _to }) => _to === 'tags' ? kind === 'pipeline' : !standard);
  const ignored = [
    ...(tags ? ['logGroupTags'] as const : []),
    ...(kind === 'pipeline' ? ['hostname', 'mezmoTags'] as const : []),
    ...(standard ? [] : ['app', 'mezmoEnv', 'metaFields', 'meta', 'accountAlias', 'jsonMessages'] as const),
  ].filter((property) => props[property] !== undefined);
  if (ignored.length) {
    Annotations.of(scope).addWarningV2('mezmo-forwarder:ignoredProperties',
      `${ignored.join(', ')} will not be sent: a Pipeline takes no hostname and tags, and only LineFormat.STANDARD has a place for the others; leave them out`);
  }
}

/** What sends again what `code` could not deliver: the same handler, or ours beside a vendor's code, which it invokes. */
export function redriveCode(code: FunctionCode, store: UndeliveredStoreBinding, target: lambda.IFunction, bytesPerSecond: number): FunctionCode {
  const redrive = { function: target.functionName, bytes_per_second: bytesPerSecond };
  if (code.settings) {
    return { ...code, handler: 'handler.redrive.handle', settings: { ...code.settings, redrive } };
  }
  return {
    runtime: lambda.Runtime.PYTHON_3_13,
    code: lambda.Code.fromAsset(HANDLER),
    handler: 'handler.redrive.handle',
    statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] })],
    environment: {},
    byDesign: testedRuntime,
    destination: code.destination,
    settings: { schema: 1, store: store.settings, redrive },
  };
}

/** The properties of a function that runs the code, with the user's variables beside the forwarder's. */
export function functionProps(scope: IConstruct, { environment, settings, ...code }: FunctionCode, theirs: Record<string, string> = {}) {
  const ours = settings ? { ...environment, [SETTINGS_VARIABLE]: Stack.of(scope).toJsonString(settings) } : environment;
  checkVariables(scope, theirs, ours);
  return { runtime: code.runtime, code: code.code, handler: code.handler, environment: { ...theirs, ...ours } };
}

/** A vendor's code, and its variables. */
export function vendorCode(scope: IConstruct, props: MezmoLogForwarderProps, vendor: VendorCode): FunctionCode {
  const { variables, handler = 'index.handler', runtime = lambda.Runtime.NODEJS_22_X } = vendor.options;
  for (const property of [...OUR_LINE_OPTIONS, 'recognize', 'accountAlias', 'logGroupTags', 'keyLifetime', 'redactHashKey', 'metricsDetail'] as const) {
    if (props[property] !== undefined) {
      refuse(scope, `${property} is given with vendor code, which does not know it; leave ${property} out, or leave code out to run our handler`);
    }
  }
  if (props.lineFormat === LineFormat.STANDARD) {
    refuse(scope, 'lineFormat is LineFormat.STANDARD with vendor code, which does not know it; leave lineFormat out, or leave code out to run our handler');
  }
  const environment: Record<string, string> = {};
  const give = (property: string, variable: string | undefined, value: string | undefined) => {
    if (value === undefined) return;
    if (variable === undefined) {
      refuse(scope, `${property} is given with vendor code that names no variable for it; name it in VendorVariables, or leave ${property} out`);
    }
    if (!VARIABLE_NAME.test(variable) || variable in environment) {
      refuse(scope, `${property}'s variable is named ${show(variable)}, which is no name or another property's; give each a name of its own`);
    }
    environment[variable] = value;
  };
  const destination = (props.destination ?? MezmoDestination.logAnalysis())._bind(scope);
  if (destination.gzip !== undefined) {
    refuse(scope, `destination's gzip is ${destination.gzip} with vendor code, which does not know it; leave gzip out, or leave code out to run our handler`);
  }
  give('ingestionKey', variables.key, props.ingestionKey._value(scope));
  give('destination', variables.url, variables.url || props.destination ? destination.url : undefined);
  give('hostname', variables.hostname, props.hostname);
  give('mezmoTags', variables.tags, props.mezmoTags?.join(','));
  give('lineFormat', variables.rawEvent, props.lineFormat === LineFormat.MEZMO_LAMBDA_RAW ? 'true' : undefined);
  return { runtime: props.runtime ?? runtime, code: vendor.code, handler, statements: [], environment, destination: destination.url };
}
