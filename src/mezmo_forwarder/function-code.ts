import * as path from 'path';
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { IConstruct } from 'constructs';
import { VARIABLE_NAME, warnOfIgnored } from './check-props';
import { MezmoDestination } from './destination';
import { MezmoLogForwarderProps } from './forwarder-props';
import { LineFormat } from './line-format';
import { SETTINGS_VARIABLE, text } from './settings';
import { refuse, show } from './validate';
import { VendorCode } from './vendor-code';

const RUNTIMES = ['python3.13', 'python3.14'];

/** What a function runs, and what that needs. */
export interface FunctionCode {
  readonly runtime: lambda.Runtime;
  readonly code: lambda.Code;
  readonly handler: string;
  /** What the role must be allowed for the code's sake. */
  readonly statements: iam.PolicyStatement[];
  /** The variables that the forwarder sets. */
  readonly environment: Record<string, string>;
}

/** Our handler, and its settings. */
export function ownCode(scope: IConstruct, props: MezmoLogForwarderProps): FunctionCode {
  const runtime = props.runtime ?? lambda.Runtime.PYTHON_3_13;
  if (!RUNTIMES.includes(runtime.name)) {
    refuse(scope, `runtime is ${show(runtime.name)}; the handler's modules are packed for ${RUNTIMES.join(' and ')}: give one of these`);
  }
  const key = props.ingestionKey._bind(scope);
  const destination = (props.destination ?? MezmoDestination.logAnalysis())._bind(scope);
  warnOfIgnored(scope, props, destination.kind);
  const optional = (value?: string) => value === undefined ? undefined : text(value);
  const settings = Stack.of(scope).toJsonString({
    schema: 1,
    key: key.settings,
    key_ttl: props.keyLifetime?.toSeconds(),
    destination: { ...destination, url: text(destination.url) },
    line_format: props.lineFormat ?? LineFormat.STANDARD,
    hostname: optional(props.hostname),
    app: optional(props.app),
    env: optional(props.mezmoEnv),
    tags: props.mezmoTags?.map(text),
    meta_fields: props.metaFields,
  });
  return {
    runtime,
    code: lambda.Code.fromAsset(path.join(__dirname, 'handler')),
    handler: 'handler.app.handle',
    statements: key.statements,
    environment: { ...key.environment, [SETTINGS_VARIABLE]: settings },
  };
}

/** A vendor's code, and its variables. */
export function vendorCode(scope: IConstruct, props: MezmoLogForwarderProps, vendor: VendorCode): FunctionCode {
  const { variables, handler = 'index.handler', runtime = lambda.Runtime.NODEJS_22_X } = vendor.options;
  for (const property of ['app', 'mezmoEnv', 'metaFields', 'keyLifetime'] as const) {
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
  return { runtime: props.runtime ?? runtime, code: vendor.code, handler, statements: [], environment };
}
