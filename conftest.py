"""Which files are tests depends on what is installed: those for PyTorch and JAX need them, unless the run says that they are there."""

import os
from importlib.util import find_spec

REQUIRED = os.environ.get("SMOOTHSYM_LIBRARIES") == "required"

collect_ignore = [
    f"smoothsym/kernels/{library}_autograd.py"
    for library in ("torch", "jax")
    if find_spec(library) is None and not REQUIRED
]
