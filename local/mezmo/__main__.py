"""The stand-in by hand: ``python -m local.mezmo --tls`` listens until SIGINT or SIGTERM."""

import argparse
import secrets
import signal
import threading

from local.mezmo.stand_in import MezmoStandIn


def main() -> None:
    """Print the address, the CA file and the key, one a line; then serve until a signal."""
    parser = argparse.ArgumentParser(
        prog="python -m local.mezmo", description="A strict stand-in for Mezmo's ingestion, on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument(
        "--key", action="append", help="an ingestion key it knows, repeatable; default: a new one"
    )
    parser.add_argument(
        "--tls", action="store_true", help="https, under a certificate authority made for the run"
    )
    arguments = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    keys: list[str] = arguments.key or [secrets.token_hex(16)]
    try:
        stand_in = MezmoStandIn(keys, tls=arguments.tls, port=arguments.port)
    except ValueError as error:
        parser.error(str(error))
    with stand_in as mezmo:
        print(f"address: {mezmo.log_analysis_url}")
        print(f"pipeline: {mezmo.pipeline_url('<route>')}")
        print(f"record: {mezmo.url}/stand-in/record")
        print(f"CA file: {mezmo.ca_file or 'none, no TLS'}")
        print(f"key: {'as given' if arguments.key else keys[0]}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
