"""Messages of log groups that no service is known by: JSON whose shape tells what wrote it."""

from .containers import FIRELENS, KUBERNETES
from .payloads import reader
from .records import RESOLVER_QUERY
from .web_requests import GATEWAY_ACCESS

read = reader(KUBERNETES, FIRELENS, GATEWAY_ACCESS, RESOLVER_QUERY, known=False)
