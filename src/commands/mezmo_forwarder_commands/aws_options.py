"""The options of every command that calls AWS; apart, so that `--help` needs no AWS library."""

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the options that `aws_session.AwsSession` takes."""
    options = parser.add_argument_group("AWS")
    options.add_argument("--region", metavar="NAME", help="AWS_REGION or the profile's by default")
    options.add_argument("--profile", metavar="NAME", help="of the AWS CLI's configuration")
