// The application that each language has, in C#. It is compiled in the release workflow only: see docs/languages.md.
using System.Collections.Generic;
using Amazon.CDK;
using Amazon.CDK.AWS.Logs;
using Amazon.CDK.AWS.SecretsManager;
using MezmoForwarder;

public static class Program
{
    public static void Main()
    {
        var app = new App();
        var stack = new Stack(app, "MezmoLogs", new StackProps
        {
            Env = new Amazon.CDK.Environment { Account = "123456789012", Region = "eu-west-3" }
        });
        var secret = Secret.FromSecretNameV2(stack, "MezmoIngestionKey", "MezmoIngestionKey");
        var forwarder = new MezmoLogForwarder(stack, "MezmoLogForwarder", new MezmoLogForwarderProps
        {
            IngestionKey = IngestionKey.FromSecretsManager(secret, "LOGDNA_KEY"),
            Destination = MezmoDestination.LogAnalysis(new LogAnalysisOptions { Url = "https://logs.eu.mezmo.com" }),
            MezmoEnv = (string?)app.Node.TryGetContext("mezmo-env") ?? "prod",
            MetaFields = new[] { MetaField.GROUP, MetaField.STREAM },
            LogGroupTags = new[] { LogGroupTags.AsTags("team") },
            Redact = new[]
            {
                Redaction.Email(new RedactionOptions { Text = "<mail>" }),
                Redaction.Pattern("order", @"ORD-\d{8}")
            },
            UndeliveredStore = UndeliveredStore.Bucket(new UndeliveredBucketOptions
            {
                UndeliveredExpiration = Duration.Days(30)
            }),
            Timeout = Duration.Seconds(90)
        });
        forwarder.Subscribe(LogGroup.FromLogGroupName(stack, "Orders", "/aws/lambda/orders"));
        forwarder.Subscribe(LogGroup.FromLogGroupName(stack, "Shop", "/aws/ecs/shop"), new SubscribeOptions
        {
            FilterPattern = FilterPattern.AnyTerm("ERROR", "WARN"),
            App = "shop",
            MezmoTags = new[] { "web", "eu" },
            Meta = new Dictionary<string, string> { ["team"] = "shop" },
            Multiline = Multiline.Java(new MultilineOptions { MaxLines = 100 }),
            Exclude = new[] { LineFilter.HealthChecks(), LineFilter.Field("path", "/ready", "/live") },
            Sampling = new[]
            {
                Sampling.Share(0.1, new SamplingOptions { Filter = LineFilter.LevelAtMost(LogLevel.INFO) })
            }
        });
        forwarder.AddAlarms(new AddAlarmsOptions
        {
            LinesRejected = new AlarmOptions { Threshold = 5 },
            Throttles = new AlarmOptions { Enabled = false }
        });
        app.Synth();
    }
}
