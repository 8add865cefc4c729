import { Annotations } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { checkEnvironment } from '../settings';
import { isKnown, refuse, show } from '../validate';

/** What Lambda takes as the name of a variable. */
export const VARIABLE_NAME = /^[a-zA-Z]\w+$/;

/** Refuse variables of the user's that Lambda would refuse, that are the forwarder's own, or that show a key. */
export function checkVariables(scope: IConstruct, theirs: Record<string, string>, ours: Record<string, string>): void {
  for (const [name, value] of Object.entries(theirs)) {
    if (!VARIABLE_NAME.test(name) || typeof value !== 'string') {
      refuse(scope, `environment's ${show(name)} has ${typeof value === 'string' ? 'no name that Lambda takes' : 'no text as its value'}; give a name of two or more letters, digits and "_", and a text`);
    }
    if (name in ours) {
      refuse(scope, `environment holds ${show(name)}, which the forwarder sets itself; remove it`);
    }
    if (/key|token|secret|logdna|mezmo/i.test(name) && isKnown(value) && /^[0-9a-f]{32}$/i.test(value.trim())) {
      refuse(scope, `environment's ${show(name)} looks like an ingestion key as plain text, which would stand in the template; put the key into a secret and give it as ingestionKey`);
    }
  }
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
    if (/^(?:[a-z]+:\/\/)?[^/@]*:[^/@]+@/i.test(isKnown(theirs[name]) ? theirs[name] : '')) {
      Annotations.of(scope).addWarningV2('mezmo-forwarder:proxyPassword',
        `environment's ${name} holds a password as plain text, which stands in the template; put the address into a secret and give secret.secretValue.unsafeUnwrap(), or acknowledge this`);
    }
  }
  checkEnvironment(scope, { ...theirs, ...ours });
}
