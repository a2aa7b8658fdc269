"""Libraries that a test needs: it is skipped without them, and fails where the run says that they are there."""

import os
from importlib import import_module

import pytest


def needed(name):
    """A module; SMOOTHSYM_LIBRARIES=required makes its absence a failure."""
    if os.environ.get("SMOOTHSYM_LIBRARIES") == "required":
        return import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install -e '.[libraries]'")
