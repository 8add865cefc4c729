"""One HTTP/1.1 client: TLS verified, connection kept, proxies honoured, no wait without a bound."""

import functools
import http.client
import io
import os
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

from .errors import TransportError

if TYPE_CHECKING:
    from typing_extensions import Buffer

CONNECT_SECONDS = 5.0  # for the address, the proxy and the TLS handshake together
LARGEST_REPLY = 1 << 16


class Reply(Struct, frozen=True):
    """A response.

    Args:
        status: the status code.
        headers: by their names in lower case.
        body: its first 64 KiB, or as much as was asked for.
        complete: whether the connection held until the end of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool = True


class _Request(Struct, frozen=True):
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    largest: int


class _StaleError(Exception):
    """A kept connection turned out to be closed by the other side."""


@functools.cache
def tls_context(authorities: str | None = None) -> ssl.SSLContext:
    """Return a context that verifies certificates, by a file of authorities or the machine's own."""
    context = ssl.create_default_context(cafile=authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Client:
    """Requests to one origin.

    Args:
        url: any address of that origin.
        authorities: a file with the certificates to trust in the place of the machine's own.
        clock: seconds, monotonic; deadlines are on this clock.
    """

    def __init__(
        self, url: str, *, authorities: str | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        parts = urlsplit(url)
        self._parts = parts
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._authorities = authorities
        self._clock = clock
        self._kept: tuple[http.client.HTTPConnection, _Wire] | None = None

    def post(self, target: str, headers: Mapping[str, str], body: bytes, deadline: float) -> Reply:
        """Send one POST and read its response; see `request`."""
        return self.request("POST", target, headers, body, deadline)

    def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float,
        *,
        largest: int = LARGEST_REPLY,
    ) -> Reply:
        """Send one request and read its response.

        A kept connection that the other side has closed meanwhile is opened again, once.

        Args:
            method: the HTTP method.
            target: path and query, encoded.
            headers: the headers, but for those of the connection.
            body: the whole body.
            deadline: when to give up, on the client's clock.
            largest: how many bytes of the response's body to read.

        Raises:
            TransportError: there was no response by the deadline, or none that is HTTP; or the address, the
                proxy's or a header is malformed.
        """
        try:
            request = _Request(method, target, headers, body, largest)
            if self._kept:
                try:
                    return self._exchange(request, deadline, reused=True)
                except _StaleError:
                    self.close()
            return self._exchange(request, deadline, reused=False)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise _transport_error(error, self._host) from error
        except ValueError:  # of the text, which is not chained, a password or a token may be a part
            self.close()
            raise TransportError(
                f"the address or a header of the request to {self._host!r} is malformed", retryable=False
            ) from None
        except BaseException:
            self.close()
            raise

    def warm_up(self) -> None:
        """Load what TLS needs, ahead of the first request."""
        if self._parts.scheme == "https":
            tls_context(self._authorities)

    def close(self) -> None:
        """Close the kept connection, if there is one."""
        if self._kept:
            self._kept[1].close()
            self._kept = None

    def _exchange(self, request: _Request, deadline: float, *, reused: bool) -> Reply:
        connection, wire = self._kept = self._kept or self._open(deadline)
        wire.deadline = deadline
        broken: OSError | None = None
        try:
            connection.request(
                request.method, request.target, request.body, {"Host": self._parts.netloc, **request.headers}
            )
        except TimeoutError:
            raise
        except OSError as error:
            broken = error  # who refuses early answers and closes while the body is still on its way
        try:
            response = connection.getresponse()
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            failure = broken or error
            if reused and isinstance(failure, ConnectionError | ssl.SSLError):
                raise _StaleError from failure
            raise failure from None
        with response:
            try:
                answer = response.read(request.largest)
                # http.client takes a body that is shorter than announced for whole.
                complete = len(answer) == request.largest or not response.length
            except (OSError, http.client.HTTPException):
                answer = b""
                complete = False
            finished = response.isclosed()
        if broken or response.will_close or not complete or not finished:
            self.close()
        return Reply(
            response.status, {name.lower(): value for name, value in response.getheaders()}, answer, complete
        )

    def _open(self, deadline: float) -> "tuple[http.client.HTTPConnection, _Wire]":
        proxy = _proxy_for(self._parts)
        deadline = min(deadline, self._clock() + CONNECT_SECONDS)
        host, port = (proxy.hostname or "", proxy.port or 80) if proxy else (self._host, self._port)
        _check_name(self._host)
        _check_name(host)
        wire = _Wire(_dial(host, port, deadline, self._clock), deadline, self._clock)
        try:
            if proxy:
                _tunnel(wire, proxy, self._host, self._port)
            if self._parts.scheme == "https":
                wire.start_tls(tls_context(self._authorities), self._host)
        except BaseException:
            wire.close()
            raise
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.sock = wire  # of a socket it uses sendall, makefile and close
        connection.auto_open = 0
        return connection, wire


class _Wire:
    """A connected socket none of whose operations outlasts the deadline."""

    def __init__(self, sock: socket.socket, deadline: float, clock: Callable[[], float]) -> None:
        self._sock = sock
        self._clock = clock
        self.deadline = deadline

    def bounded(self) -> socket.socket:
        """Return the socket, with the time that is left as its time-out."""
        self._sock.settimeout(_left(self.deadline, self._clock))
        return self._sock

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Continue encrypted."""
        self._sock = context.wrap_socket(self.bounded(), server_hostname=host)

    def sendall(self, data: "Buffer") -> None:
        """Send everything."""
        self.bounded().sendall(data)

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        """Return the other side's bytes, as a file."""
        return io.BufferedReader(_Reader(self, self._sock.makefile("rb", buffering=0)))

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class _Reader(io.RawIOBase):
    def __init__(self, wire: _Wire, raw: io.RawIOBase) -> None:
        self._wire = wire
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int | None:
        self._wire.bounded()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left(deadline: float, clock: Callable[[], float]) -> float:
    left = deadline - clock()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _dial(host: str, port: int, deadline: float, clock: Callable[[], float]) -> socket.socket:
    """Connect to the first address that answers, with a fair part of the time for each."""
    addresses = _resolve(host, port, deadline, clock)
    for position, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline, clock) / (len(addresses) - position))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            sock.close()
            if position == len(addresses) - 1:
                raise
        else:
            return sock
    raise OSError(f"no address for {host}")


def _check_name(host: str) -> None:
    """Refuse what neither the resolver nor TLS takes, before there is a socket that TLS would leave open."""
    try:
        host.encode("idna")
    except UnicodeError:
        raise TransportError(f"{host!r} is not a host name", retryable=False) from None


def _resolve(host: str, port: int, deadline: float, clock: Callable[[], float]) -> list[Any]:
    """Return what `socket.getaddrinfo` does, or give up: its own time-outs may outlast the invocation."""
    from threading import Thread  # noqa: PLC0415  costs 1 ms

    found: list[list[Any] | Exception] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            found.append(error)

    left = _left(deadline, clock)
    thread = Thread(target=look_up, daemon=True)  # which may go on; no thread can be ended
    thread.start()
    thread.join(left)
    match found:
        case [list(addresses)]:
            return addresses
        case [socket.gaierror() as error]:
            raise TransportError(f"the name {host} was not resolved: {error.strerror}") from error
        case [Exception() as error]:
            raise error
    raise TransportError(f"the name {host} was not resolved in time")


def _proxy_for(parts: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment names for an address."""
    if not any(name.lower() in {"http_proxy", "https_proxy"} for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415  costs 20 ms

    address = getproxies().get(parts.scheme)
    if not address or proxy_bypass(parts.netloc):
        return None
    try:
        proxy = urlsplit(address if "://" in address else f"http://{address}")
        # Behind a slash of the password that is not encoded, the rest of it and the host would be a path.
        valid = (
            proxy.scheme == "http" and proxy.hostname and proxy.port != 0 and "@" not in "".join(proxy[2:])
        )
    except ValueError:
        valid = False
    if not valid:
        variable = f"{parts.scheme.upper()}_PROXY"
        raise TransportError(f"{variable} is not an address of the form http://host:port", retryable=False)
    return proxy


def _tunnel(wire: _Wire, proxy: SplitResult, host: str, port: int) -> None:
    """Have the proxy connect to the host."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    request = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"
    if proxy.username is not None:
        from binascii import b2a_base64  # noqa: PLC0415  rarely needed

        credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
        request += f"Proxy-Authorization: Basic {b2a_base64(credentials, newline=False).decode()}\r\n"
    wire.sendall(f"{request}\r\n".encode())
    response = http.client.HTTPResponse(wire, method="CONNECT")  # type: ignore[arg-type]  # all that is used of a socket
    with response:
        response.begin()
    if response.status != 200:
        raise TransportError(
            f"the proxy {proxy.hostname} answered {response.status} to CONNECT {authority}",
            retryable=response.status >= 500,
        )


def _transport_error(error: Exception, host: str) -> TransportError:
    match error:
        case TimeoutError():
            return TransportError(f"{host} did not answer in time")
        case ssl.SSLCertVerificationError():
            reason = f"the certificate of {host} is not trusted: {error.verify_message}"
            return TransportError(reason, retryable=False)
        case OSError():
            return TransportError(
                f"the connection to {host} failed: {error.strerror or type(error).__name__}"
            )
        case _:
            return TransportError(f"what {host} answered is not HTTP: {type(error).__name__}")
