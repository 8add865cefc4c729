"""All log groups of an organization: each account sends to one that has the forwarder, and the key."""

import json
from tempfile import mkdtemp

from aws_cdk import App, Aws, CfnStackSet, DefaultStackSynthesizer, Environment, RemovalPolicy, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_kinesis import Stream, StreamEncryption, StreamMode
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, MezmoLogForwarder, MezmoLogReceiver, MezmoLogSender

ACCOUNT = "111111111111"  # has the forwarder, and is the delegated administrator of StackSets
REGION, OTHERS = "eu-west-3", ["eu-west-1", "us-east-1"]
ORGANIZATION, ROOT = "o-a1b2c3d4e5", "r-a1b2"  # or an organizational unit in place of the root
OWN_LOGS = "/mezmo/forwarder"


def of_each_account() -> str:
    """Return the template that each account gets, in each region: one policy, one role, no code, no key."""
    stack = Stack(
        App(outdir=mkdtemp(), analytics_reporting=False),
        "MezmoSending",
        synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    sender = MezmoLogSender(
        stack,
        "MezmoLogSender",
        destination_arn=f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{ACCOUNT}:destination:mezmo",
        organization=True,
    )
    # The forwarder's account is one of them: its own lines would come round again.
    sender.subscribe_account(exclude_log_groups=[LogGroup.from_log_group_name(stack, "Own", OWN_LOGS)])
    return json.dumps(Template.from_stack(stack).to_json())


app = App()
home = Stack(app, "MezmoReceiving", env=Environment(account=ACCOUNT, region=REGION))
secret = Secret.from_secret_name_v2(home, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    home,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    mezmo_tags=["{account}"],
    memory_size=256,
    log_group=LogGroup(
        home,
        "Logs",
        log_group_name=OWN_LOGS,
        retention=RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    ),
)
MezmoLogReceiver(
    home,
    "MezmoLogReceiver",
    forwarder=forwarder,
    stream=Stream(
        home,
        "Stream",
        stream_name="mezmo-logs",
        stream_mode=StreamMode.ON_DEMAND,
        encryption=StreamEncryption.MANAGED,
        removal_policy=RemovalPolicy.DESTROY,
    ),
    organization_id=ORGANIZATION,
    destination_name="mezmo",
)

organization = Stack(app, "MezmoOrganization", env=Environment(account=ACCOUNT, region=REGION))
organization.add_dependency(home)
for region in OTHERS:  # log groups send within their region; the stream may be of another
    abroad = Stack(app, f"MezmoReceiving-{region}", env=Environment(account=ACCOUNT, region=region))
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/mezmo-logs"
    MezmoLogReceiver(
        abroad,
        "MezmoLogReceiver",
        stream=Stream.from_stream_arn(abroad, "Stream", stream),
        organization_id=ORGANIZATION,
        destination_name="mezmo",
    )
    abroad.add_dependency(home)
    organization.add_dependency(abroad)

CfnStackSet(
    organization,
    "Senders",
    stack_set_name="mezmo-log-sender",
    description="Sends the events of all log groups to the account that forwards them to Mezmo",
    permission_model="SERVICE_MANAGED",
    call_as="DELEGATED_ADMIN",
    auto_deployment=CfnStackSet.AutoDeploymentProperty(enabled=True, retain_stacks_on_account_removal=False),
    capabilities=["CAPABILITY_IAM"],
    template_body=of_each_account(),
    operation_preferences=CfnStackSet.OperationPreferencesProperty(
        failure_tolerance_percentage=10, max_concurrent_percentage=10, region_concurrency_type="PARALLEL"
    ),
    stack_instances_group=[
        CfnStackSet.StackInstancesProperty(
            regions=[REGION, *OTHERS],
            deployment_targets=CfnStackSet.DeploymentTargetsProperty(organizational_unit_ids=[ROOT]),
        )
    ],
)
app.synth()
