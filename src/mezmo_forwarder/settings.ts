import { Fn, Stack, Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { refuse } from './validate';

/** The one variable through which the construct speaks to the handler. */
export const SETTINGS_VARIABLE = 'MEZMO_FORWARDER_SETTINGS';

/** Lambda's limit for names and values of all variables together, in bytes. */
export const ENVIRONMENT_LIMIT = 4096;

/**
 * Make a text safe to stand in the settings document, whatever it is at deployment.
 *
 * `Stack.toJsonString` puts a token's value between quotation marks as it is, so one that holds `"` or `\` would break
 * the document. CloudFormation escapes it instead. A number's token is the only kind that `toJsonString` leaves
 * untouched, so the escaped text, with its quotation marks, travels as one.
 */
export function text(value: string): string | number {
  if (!Token.isUnresolved(value)) return value;
  const backslashes = Fn.join('\\\\', Fn.split('\\', value));
  const quotes = Fn.join('\\"', Fn.split('"', backslashes));
  return Token.asNumber(Fn.join('', ['"', quotes, '"']));
}

/** Refuse an environment that Lambda would refuse; what is known only at deployment counts as nothing. */
export function checkEnvironment(scope: IConstruct, environment: Record<string, string>): void {
  const bytes = environmentBytes(scope, environment);
  if (bytes > ENVIRONMENT_LIMIT) {
    refuse(scope, `environment has ${bytes} bytes with the forwarder's settings; Lambda takes ${ENVIRONMENT_LIMIT}: shorten environment, mezmoTags, hostname, app, or the patterns of redact, include, exclude and sampling`);
  }
}

/** How many bytes names and values of variables have; what is known only at deployment counts as nothing. */
export function environmentBytes(scope: IConstruct, environment: Record<string, string>): number {
  const stack = Stack.of(scope);
  return Object.entries(environment).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + literalBytes(stack.resolve(value)), 0);
}

function literalBytes(resolved: unknown): number {
  if (typeof resolved === 'string') return Buffer.byteLength(resolved);
  if (Array.isArray(resolved)) return resolved.reduce<number>((sum, part) => sum + literalBytes(part), 0);
  const join = (resolved as { 'Fn::Join'?: [string, unknown] })['Fn::Join'];
  return join ? literalBytes(join[1]) : 0;
}
