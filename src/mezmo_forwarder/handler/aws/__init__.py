"""Calls to AWS without an SDK. Nothing here knows of lines."""
