"""Pictures show what is true: curves that tend to the limits drawn, contours of the values, errors where they were measured."""

import builtins

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

import smoothsym as ss

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def curves(ax):
    """The curves, and the levels that they tend to."""
    every = [np.array(line.get_data(), dtype=float) for line in ax.get_lines()]
    return [c for c in every if c.shape[1] > 2], [c[1, 0] for c in every if c.shape[1] == 2]


def test_an_operator_against_its_parameter():
    ((alpha, values),), levels = curves(ss.boltzmann.plot([0, 1, 3]))
    assert values[len(values) // 2] == pytest.approx(4 / 3) and (np.diff(values) > 0).all()
    assert levels == [3.0, 0.0]
    assert values[0] == pytest.approx(ss.boltzmann([0.0, 1.0, 3.0], alpha=alpha[0]))


def test_a_curve_is_broken_at_a_pole_and_the_rest_is_seen():
    ax = ss.logsumexp.plot([0, 1, 3])
    ((alpha, values),), _ = curves(ax)
    assert np.isnan(values[alpha == 0]).all() and np.isfinite(values[alpha != 0]).all()
    low, high = ax.get_ylim()
    assert -5 < low < 0 and 3 < high < 8


def test_a_gradient_has_a_curve_for_each_entry():
    drawn, _ = curves(ss.boltzmann.plot([0, 1, 3], of="gradient"))
    assert np.allclose(sum(values for _, values in drawn), 1.0) and len(drawn) == 3


def test_a_function_of_one_entry_over_it_for_some_parameters():
    ax = ss.softplus.plot(alpha=[1, 8], span=(-2, 2))
    drawn, _ = curves(ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["α = 1", "α = 8"]
    assert drawn[1][1][120] == pytest.approx(np.log(2) / 8) and (drawn[0][0][0], drawn[0][0][-1]) == (-2, 2)


def test_contours_over_two_entries():
    ax = ss.boltzmann.plot(alpha=2)
    assert ax.get_title() == "boltzmann, α = 2"
    (found,) = [c for c in ax.collections if hasattr(c, "levels")]
    for level, path in zip(found.levels, found.get_paths(), strict=True):
        for x in path.vertices[::20]:
            assert ss.boltzmann(x, alpha=2) == pytest.approx(level, abs=0.02)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"x": [0, 1], "alpha": 1}, "leave alpha= out"),
        ({"x": [0, float("nan")]}, "finite numbers"),
        ({"of": "hessian"}, "'value' and 'gradient'"),
        ({"span": (1, 1)}, "the smaller first"),
    ],
)
def test_what_cannot_be_drawn_is_said(asked, said):
    with pytest.raises(ValueError, match=said):
        ss.logsumexp.plot(**asked)


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **options):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"smoothsym\[plot\]"):
        ss.logsumexp.plot([0, 1])


@pytest.fixture(scope="module")
def pictured():
    def naive(x):
        return np.log(np.sum(np.exp(x)))

    return ss.audit(naive, ss.logsumexp, alpha=1.0, budget=40, n=2, pictures="all", timeout=None)


def test_the_map_of_an_audit_has_its_errors_where_they_were_measured(pictured):
    ax = pictured.plot()
    (image,) = ax.get_images()
    steps = np.asarray(image.get_array())
    assert steps.shape == (32, 32) and steps[-1, -1] == 5 and steps[16, 18] <= 1
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert {"overflow edge", "near zero", "ties"} <= set(names)


def test_errors_over_condition_and_bound(pictured):
    for what in ("condition", "bound"):
        ax = pictured.plot(what)
        points = [line for line in ax.get_lines() if line.get_marker() == "o"]
        wanted = [q for q in pictured.points if what == "condition" or q.bound is not None]
        assert sum(len(line.get_xdata()) for line in points) == len(wanted) > 10
        assert all(len(line.get_xdata()) for line in points)


def test_an_audit_without_pictures_says_how_to_have_them(pictured):
    plain = ss.audit(lambda x: x.max(), ss.logsumexp, alpha=1.0, budget=10, n=2, timeout=None)
    with pytest.raises(ValueError, match="pictures='all'"):
        plain.plot()
    with pytest.raises(ValueError, match="did you mean 'map'"):
        pictured.plot("maps")
