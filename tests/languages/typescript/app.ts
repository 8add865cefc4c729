/** The application that each language has, in TypeScript. */

import { App, Duration, Stack } from 'aws-cdk-lib';
import { FilterPattern, LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  IngestionKey, LineFilter, LogGroupTags, LogLevel, MetaField, MezmoDestination, MezmoLogForwarder, Multiline, Redaction, Sampling, UndeliveredStore,
} from 'mezmo-forwarder';

const app = new App();
const stack = new Stack(app, 'MezmoLogs', { env: { account: '123456789012', region: 'eu-west-3' } });
const secret = Secret.fromSecretNameV2(stack, 'MezmoIngestionKey', 'MezmoIngestionKey');
const forwarder = new MezmoLogForwarder(stack, 'MezmoLogForwarder', {
  ingestionKey: IngestionKey.fromSecretsManager(secret, 'LOGDNA_KEY'),
  destination: MezmoDestination.logAnalysis({ url: 'https://logs.eu.mezmo.com' }),
  mezmoEnv: app.node.tryGetContext('mezmo-env') ?? 'prod',
  metaFields: [MetaField.GROUP, MetaField.STREAM],
  logGroupTags: [LogGroupTags.asTags('team')],
  redact: [Redaction.email({ text: '<mail>' }), Redaction.pattern('order', String.raw`ORD-\d{8}`)],
  undeliveredStore: UndeliveredStore.bucket({ undeliveredExpiration: Duration.days(30) }),
  timeout: Duration.seconds(90),
});
forwarder.subscribe(LogGroup.fromLogGroupName(stack, 'Orders', '/aws/lambda/orders'));
forwarder.subscribe(LogGroup.fromLogGroupName(stack, 'Shop', '/aws/ecs/shop'), {
  filterPattern: FilterPattern.anyTerm('ERROR', 'WARN'),
  app: 'shop',
  mezmoTags: ['web', 'eu'],
  meta: { team: 'shop' },
  multiline: Multiline.java({ maxLines: 100 }),
  exclude: [LineFilter.healthChecks(), LineFilter.field('path', '/ready', '/live')],
  sampling: [Sampling.share(0.1, { filter: LineFilter.levelAtMost(LogLevel.INFO) })],
});
forwarder.addAlarms({ linesRejected: { threshold: 5 }, throttles: { enabled: false } });
app.synth();
