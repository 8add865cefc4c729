import { IConstruct } from 'constructs';
import { checkText, isKnown, refuse, show } from './validate';

/** Characters that a pattern may have. */
const LONGEST_PATTERN = 500;

/** Refuse a pattern that the handler would refuse, as far as JavaScript can tell. */
export function checkPattern(scope: IConstruct, property: string, pattern: string): void {
  checkText(scope, property, pattern, LONGEST_PATTERN);
  if (!isKnown(pattern)) {
    refuse(scope, `${property} is a pattern known only at deployment, which nobody could check; give a literal one`);
  }
  try {
    new RegExp(pattern.replace(/^\(\?i\)/, ''));
  } catch (error) {
    refuse(scope, `${property} is ${show(pattern)}, which is no pattern: ${(error as Error).message}; correct it`);
  }
}
