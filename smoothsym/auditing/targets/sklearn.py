"""scikit-learn: softmax and norms of rows, and rows over their norms."""

from __future__ import annotations

from typing import Any

from smoothsym.auditing.targets.target import HERE, Later, Library

extmath, preprocessing = Later("sklearn.utils.extmath"), Later("sklearn.preprocessing")
SKLEARN = Library("scikit-learn", f"{HERE}.sklearn", "sklearn", "scikit-learn")


@SKLEARN.computes("softmax", alpha=1.0)
def softmax(x: Any) -> Any:
    return extmath.softmax(x[None])[0]


@SKLEARN.computes("pnorm", p=2.0)
def row_norms(x: Any) -> Any:
    return extmath.row_norms(x[None])[0]


@SKLEARN.computes("normalized", p=1.0, name="normalize, l1", limits="a row of zeros stays zeros")
def normalize_l1(x: Any) -> Any:
    return preprocessing.normalize(x[None], norm="l1")[0]


@SKLEARN.computes("normalized", p=2.0, name="normalize, l2", limits="a row of zeros stays zeros")
def normalize_l2(x: Any) -> Any:
    return preprocessing.normalize(x[None], norm="l2")[0]
