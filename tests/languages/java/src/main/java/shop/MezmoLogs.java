package shop;

import io.github.mezmoforwarder.AddAlarmsOptions;
import io.github.mezmoforwarder.AlarmOptions;
import io.github.mezmoforwarder.IngestionKey;
import io.github.mezmoforwarder.LineFilter;
import io.github.mezmoforwarder.LogAnalysisOptions;
import io.github.mezmoforwarder.LogGroupTags;
import io.github.mezmoforwarder.LogLevel;
import io.github.mezmoforwarder.MetaField;
import io.github.mezmoforwarder.MezmoDestination;
import io.github.mezmoforwarder.MezmoLogForwarder;
import io.github.mezmoforwarder.Multiline;
import io.github.mezmoforwarder.MultilineOptions;
import io.github.mezmoforwarder.Redaction;
import io.github.mezmoforwarder.RedactionOptions;
import io.github.mezmoforwarder.Sampling;
import io.github.mezmoforwarder.SamplingOptions;
import io.github.mezmoforwarder.SubscribeOptions;
import io.github.mezmoforwarder.UndeliveredBucketOptions;
import io.github.mezmoforwarder.UndeliveredStore;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import software.amazon.awscdk.App;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.Environment;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.StackProps;
import software.amazon.awscdk.services.logs.FilterPattern;
import software.amazon.awscdk.services.logs.LogGroup;
import software.amazon.awscdk.services.secretsmanager.Secret;

/** The application that each language has, in Java. */
public final class MezmoLogs {
    public static void main(String[] arguments) {
        var app = new App();
        var environment = Environment.builder().account("123456789012").region("eu-west-3").build();
        var stack = new Stack(app, "MezmoLogs", StackProps.builder().env(environment).build());
        var secret = Secret.fromSecretNameV2(stack, "MezmoIngestionKey", "MezmoIngestionKey");
        var forwarder = MezmoLogForwarder.Builder.create(stack, "MezmoLogForwarder")
            .ingestionKey(IngestionKey.fromSecretsManager(secret, "LOGDNA_KEY"))
            .destination(MezmoDestination.logAnalysis(
                LogAnalysisOptions.builder().url("https://logs.eu.mezmo.com").build()))
            .mezmoEnv(Objects.requireNonNullElse((String) app.getNode().tryGetContext("mezmo-env"), "prod"))
            .metaFields(List.of(MetaField.GROUP, MetaField.STREAM))
            .logGroupTags(List.of(LogGroupTags.asTags("team")))
            .redact(List.of(
                Redaction.email(RedactionOptions.builder().text("<mail>").build()),
                Redaction.pattern("order", "ORD-\\d{8}")))
            .undeliveredStore(UndeliveredStore.bucket(
                UndeliveredBucketOptions.builder().undeliveredExpiration(Duration.days(30)).build()))
            .timeout(Duration.seconds(90))
            .build();
        forwarder.subscribe(LogGroup.fromLogGroupName(stack, "Orders", "/aws/lambda/orders"));
        forwarder.subscribe(LogGroup.fromLogGroupName(stack, "Shop", "/aws/ecs/shop"), SubscribeOptions.builder()
            .filterPattern(FilterPattern.anyTerm("ERROR", "WARN"))
            .app("shop")
            .mezmoTags(List.of("web", "eu"))
            .meta(Map.of("team", "shop"))
            .multiline(Multiline.java(MultilineOptions.builder().maxLines(100).build()))
            .exclude(List.of(LineFilter.healthChecks(), LineFilter.field("path", "/ready", "/live")))
            .sampling(List.of(Sampling.share(
                0.1, SamplingOptions.builder().filter(LineFilter.levelAtMost(LogLevel.INFO)).build())))
            .build());
        forwarder.addAlarms(AddAlarmsOptions.builder()
            .linesRejected(AlarmOptions.builder().threshold(5).build())
            .throttles(AlarmOptions.builder().enabled(false).build())
            .build());
        app.synth();
    }
}
