"""The Lambda function: CloudWatch Logs events in, Mezmo lines out."""
