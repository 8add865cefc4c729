"""The release that this handler belongs to; written when the package is built."""

VERSION = "0.0.0"
