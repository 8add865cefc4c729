import { Duration, Stack, Token } from 'aws-cdk-lib';
import { IEnvironmentAware } from 'aws-cdk-lib/interfaces';
import { IConstruct } from 'constructs';

/**
 * Refuse a configuration: the message names the property, the value and the remedy.
 */
export function refuse(scope: IConstruct, message: string): never {
  throw new Error(`${message} (at ${scope.node.path})`);
}

/** Show a value in an error as the user would write it. */
export function show(value: unknown): string {
  return JSON.stringify(value);
}

/** Show what CloudFormation will make of a value, as `Fn::Sub` would write it. */
export function showResolved(resolved: unknown): string {
  return JSON.stringify(resolved, (_key, value) => {
    if (value?.Ref) return `\${${value.Ref}}`;
    if (value?.['Fn::GetAtt']) return `\${${value['Fn::GetAtt'].join('.')}}`;
    if (value?.['Fn::Join']) return value['Fn::Join'][1].map((part: unknown) => JSON.parse(showResolved(part))).join(value['Fn::Join'][0]);
    return value;
  });
}

/** Whether a value is known at synthesis, so that it can be checked. */
export function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value);
}

/** Refuse a whole number outside a range; a token passes. */
export function checkRange(scope: IConstruct, property: string, value: number | undefined, least: number, most: number, unit: string): void {
  if (isKnown(value) && !(Number.isInteger(value) && value >= least && value <= most)) {
    refuse(scope, `${property} is ${show(value)}; give a whole number from ${least} to ${most} ${unit}`);
  }
}

/** Refuse a duration that is not a whole number of a unit, or outside a range of it; a token passes. */
export function checkDuration(scope: IConstruct, property: string, value: Duration | undefined, unit: 'seconds' | 'minutes' | 'days', least: number, most: number): void {
  if (value === undefined || value.isUnresolved()) return;
  const inUnit = { seconds: 1, minutes: 60, days: 86400 }[unit];
  checkRange(scope, property, value.toSeconds({ integral: false }) / inUnit, least, most, unit);
}

/** Refuse a text that is empty, too long or holds what no header or query can carry; a token passes. */
export function checkText(scope: IConstruct, property: string, value: string | undefined, longest = Infinity): void {
  if (!isKnown(value)) return;
  if (typeof value !== 'string') {
    refuse(scope, `${property} is ${show(value)}; give a text`);
  }
  if (value.trim() === '') {
    refuse(scope, `${property} is ${show(value)}; give a text that is not empty, or leave ${property} out`);
  }
  if (value.length > longest) {
    refuse(scope, `${property} is ${show(value)}, ${value.length} characters long; give at most ${longest}`);
  }
  if (/\p{Cc}/u.test(value)) {
    refuse(scope, `${property} is ${show(value)}, which holds a control character; remove it`);
  }
}

/** Refuse a text that is no name of a JSON field, as far as the handler finds them. */
export function checkFieldName(scope: IConstruct, property: string, name: string): void {
  if (!/^[^"\\\x00-\x1f]+$/.test(name)) {
    refuse(scope, `${property} is ${show(name)}; give a name that is not empty, without quotation marks, backslashes and control characters`);
  }
}

/** Refuse what is known to be of another region or account than the stack. */
export function checkEnv(scope: IConstruct, what: string, theirs: IEnvironmentAware, dimension: 'region' | 'account', remedy: string): void {
  const [their, our] = [theirs.env[dimension], Stack.of(scope)[dimension]];
  if (isKnown(their) && isKnown(our) && their !== our) {
    refuse(scope, `${what} is of ${dimension} ${show(their)} and the forwarder of ${show(our)}; ${remedy}`);
  }
}
