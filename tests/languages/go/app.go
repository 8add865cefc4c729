// The application that each language has, in Go.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"
	"github.com/mezmo-forwarder/mezmo-forwarder-go/mezmoforwarder"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("MezmoLogs"), &awscdk.StackProps{
		Env: &awscdk.Environment{Account: jsii.String("123456789012"), Region: jsii.String("eu-west-3")},
	})
	environment, given := app.Node().TryGetContext(jsii.String("mezmo-env")).(string)
	if !given {
		environment = "prod"
	}
	secret := awssecretsmanager.Secret_FromSecretNameV2(stack, jsii.String("MezmoIngestionKey"), jsii.String("MezmoIngestionKey"))
	forwarder := mezmoforwarder.NewMezmoLogForwarder(stack, jsii.String("MezmoLogForwarder"), &mezmoforwarder.MezmoLogForwarderProps{
		IngestionKey: mezmoforwarder.IngestionKey_FromSecretsManager(secret, jsii.String("LOGDNA_KEY")),
		Destination: mezmoforwarder.MezmoDestination_LogAnalysis(&mezmoforwarder.LogAnalysisOptions{
			Url: jsii.String("https://logs.eu.mezmo.com"),
		}),
		MezmoEnv:     &environment,
		MetaFields:   &[]mezmoforwarder.MetaField{mezmoforwarder.MetaField_GROUP, mezmoforwarder.MetaField_STREAM},
		LogGroupTags: &[]mezmoforwarder.LogGroupTags{mezmoforwarder.LogGroupTags_AsTags(jsii.String("team"))},
		Redact: &[]mezmoforwarder.Redaction{
			mezmoforwarder.Redaction_Email(&mezmoforwarder.RedactionOptions{Text: jsii.String("<mail>")}),
			mezmoforwarder.Redaction_Pattern(jsii.String("order"), jsii.String(`ORD-\d{8}`), nil),
		},
		UndeliveredStore: mezmoforwarder.UndeliveredStore_Bucket(&mezmoforwarder.UndeliveredBucketOptions{
			UndeliveredExpiration: awscdk.Duration_Days(jsii.Number(30)),
		}),
		Timeout: awscdk.Duration_Seconds(jsii.Number(90)),
	})
	orders := awslogs.LogGroup_FromLogGroupName(stack, jsii.String("Orders"), jsii.String("/aws/lambda/orders"))
	forwarder.Subscribe(orders, nil)
	shop := awslogs.LogGroup_FromLogGroupName(stack, jsii.String("Shop"), jsii.String("/aws/ecs/shop"))
	forwarder.Subscribe(shop, &mezmoforwarder.SubscribeOptions{
		FilterPattern: awslogs.FilterPattern_AnyTerm(jsii.String("ERROR"), jsii.String("WARN")),
		App:           jsii.String("shop"),
		MezmoTags:     jsii.Strings("web", "eu"),
		Meta:          &map[string]*string{"team": jsii.String("shop")},
		Multiline:     mezmoforwarder.Multiline_Java(&mezmoforwarder.MultilineOptions{MaxLines: jsii.Number(100)}),
		Exclude: &[]mezmoforwarder.LineFilter{
			mezmoforwarder.LineFilter_HealthChecks(),
			mezmoforwarder.LineFilter_Field(jsii.String("path"), jsii.String("/ready"), jsii.String("/live")),
		},
		Sampling: &[]mezmoforwarder.Sampling{
			mezmoforwarder.Sampling_Share(jsii.Number(0.1), &mezmoforwarder.SamplingOptions{
				Filter: mezmoforwarder.LineFilter_LevelAtMost(mezmoforwarder.LogLevel_INFO),
			}),
		},
	})
	forwarder.AddAlarms(&mezmoforwarder.AddAlarmsOptions{
		LinesRejected: &mezmoforwarder.AlarmOptions{Threshold: jsii.Number(5)},
		Throttles:     &mezmoforwarder.AlarmOptions{Enabled: jsii.Bool(false)},
	})
	app.Synth(nil)
}
