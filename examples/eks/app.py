"""An EKS cluster that is there already: the CloudWatch add-on, and its log groups forwarded."""

from aws_cdk import App, RemovalPolicy, Stack, Validations
from aws_cdk import aws_eks as eks
from aws_cdk.aws_iam import ManagedPolicy, Role, ServicePrincipal, SessionTagsPrincipal
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_secretsmanager import Secret

from mezmo_forwarder import IngestionKey, LineFilter, MezmoLogForwarder

app = App()
stack = Stack(app, "ClusterLogs")
cluster = app.node.try_get_context("cluster") or "prod"
secret = Secret.from_secret_name_v2(stack, "MezmoIngestionKey", "MezmoIngestionKey")
forwarder = MezmoLogForwarder(
    stack,
    "MezmoLogForwarder",
    ingestion_key=IngestionKey.from_secrets_manager(secret, field="LOGDNA_KEY"),
    mezmo_tags=["eks"],
    memory_size=256,
)

# A filter needs its log group, and Fluent Bit makes them with the first line: so they are made here, before.
groups = {
    log: LogGroup(
        stack,
        log.title(),
        log_group_name=f"/aws/containerinsights/{cluster}/{log}",
        retention=RetentionDays.ONE_WEEK,
        removal_policy=RemovalPolicy.DESTROY,
    )
    for log in ["application", "dataplane", "host", "performance"]
}
forwarder.subscribe(
    groups["application"], app="{namespace}/{container}", exclude=[LineFilter.health_checks()]
)
forwarder.subscribe(groups["dataplane"])
forwarder.subscribe(groups["host"])
# "performance" is Container Insights' metrics as JSON, many of them: not forwarded.

# EKS makes this one when the control plane's logging is turned on, as the README does first.
control_plane = LogGroup.from_log_group_name(stack, "ControlPlane", f"/aws/eks/{cluster}/cluster")
forwarder.subscribe(control_plane, mezmo_tags=["eks", "control-plane"])

pods = ServicePrincipal("pods.eks.amazonaws.com")
agent = Role(
    stack,
    "Agent",
    assumed_by=SessionTagsPrincipal(pods),
    managed_policies=[ManagedPolicy.from_aws_managed_policy_name("CloudWatchAgentServerPolicy")],
)
# For cdk-nag; so, since `Validations.of(agent).acknowledge` refuses an id with more than one "::" in it.
POLICY = "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/CloudWatchAgentServerPolicy]"
agent.node.add_metadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, {POLICY: "AWS's own, for its own agent"})
identity = eks.CfnAddon(stack, "PodIdentity", cluster_name=cluster, addon_name="eks-pod-identity-agent")
add_on = eks.CfnAddon(
    stack,
    "CloudWatch",
    cluster_name=cluster,
    addon_name="amazon-cloudwatch-observability",
    pod_identity_associations=[
        eks.CfnAddon.PodIdentityAssociationProperty(
            role_arn=agent.role_arn, service_account="cloudwatch-agent"
        )
    ],
)
add_on.node.add_dependency(identity, *groups.values())
app.synth()
