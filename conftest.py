"""Which files are tests depends on what is installed: those for PyTorch and JAX need them, unless the run says that they are there."""

import os
from importlib.util import find_spec
from pathlib import Path

REQUIRED = os.environ.get("SMOOTHSYM_LIBRARIES") == "required"

collect_ignore = [
    str(path)
    for library in ("torch", "jax")
    for path in Path(__file__).parent.glob(f"smoothsym/kernels/{library}_*.py")
    if find_spec(library) is None and not REQUIRED
]
