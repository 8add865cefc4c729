import { IConstruct } from 'constructs';
import { isKnown, refuse, show } from '../validate';
import { LogGroupTags } from './log-group-tags';

/** What the handler recognizes, none of it an id; `tests/handler/samples` shows of which services. */
const RECOGNIZED = [
  'action', 'api', 'cluster', 'component', 'container', 'database', 'engine', 'environment', 'event_name', 'event_region', 'event_source', 'family', 'function',
  'job', 'log', 'machine', 'namespace', 'prefix', 'project', 'service', 'stage', 'traffic', 'web_acl', 'zone',
];

/** What is known of every line, if at all. */
const ALWAYS = ['account', 'account_alias', 'log_group', 'log_stream', 'policy_level', 'region'];

/** Refuse a text whose template names what is never recognized; `{Name}` and other braces are text. */
export function checkTemplate(scope: IConstruct, property: string, template: string | undefined, tags: LogGroupTags[] = []): void {
  if (!isKnown(template)) return;
  for (const [, name] of template.matchAll(/\{([a-z_]+)\}/g)) {
    if (name.startsWith('tag_')) {
      if (tags.some(({ _names }) => !_names || _names.includes(name))) continue;
      refuse(scope, `${property} is ${show(template)}, and {${name}} is no tag that logGroupTags names; name its key there, such as LogGroupTags.asMeta(${show(name.slice(4))})`);
    }
    if (![...RECOGNIZED, ...ALWAYS].includes(name)) {
      refuse(scope, `${property} is ${show(template)}, and {${name}} is never recognized; use one of ${[...ALWAYS, ...RECOGNIZED].join(', ')}`);
    }
  }
}
