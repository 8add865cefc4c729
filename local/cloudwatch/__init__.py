"""CloudWatch's metrics, alarms and dashboards, as far as ours use them, worked out from what functions write.

It does what CloudWatch's documentation says, and no more: an expression, a query or a treatment of missing
data that it does not know is an error.
"""

from local.cloudwatch.alarms import Alarm, State
from local.cloudwatch.metrics import Metrics

__all__ = ["Alarm", "Metrics", "State"]
