"""What servers that break things on purpose do with a connection, and ask of it."""

import os
import socket
import struct


def client_has_left(connection: socket.socket) -> bool:
    """Tell whether the client has closed the connection, which a first write would not show."""
    before = connection.gettimeout()
    connection.settimeout(0)
    try:
        # Not SSLSocket's own method, which refuses to peek.
        return not socket.socket.recv(connection, 1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(before)


def reset(connection: socket.socket) -> None:
    """Break the connection with a TCP reset in place of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
