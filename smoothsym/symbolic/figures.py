"""A figure is a few lines through exact points, drawn as SVG in the reader's own colours: the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape

Point = tuple[Fraction, Fraction]

_DASHES = ("", "7 4", "2 3", "9 3 2 3", "14 4")
_STYLE = "svg{color:#24292f;background:none}@media(prefers-color-scheme:dark){svg{color:#d0d7de}}"
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 118, 30, 42


@dataclass(frozen=True)
class Curve:
    """A named line through points; its name stands at its end, or where `label` says."""

    name: str
    points: Sequence[Point]
    label: Point | None = None


@dataclass(frozen=True)
class Figure:
    """Curves over a frame: `across` and `up` name the axes, each with the numbers that are marked on it.

    >>> line = Curve("y = x", [(Fraction(0), Fraction(0)), (Fraction(1), Fraction(1))])
    >>> Figure("A line", [line], ("x", (0, 1)), ("y", (0, 1))).svg().count("<polyline")
    1
    """

    title: str
    curves: Sequence[Curve]
    across: tuple[str, Sequence[Fraction | int | str]]
    up: tuple[str, Sequence[Fraction | int | str]]
    width: int = 420
    height: int = 260

    def svg(self) -> str:
        """The drawing; marks span the frame, and points are placed to a tenth of a pixel by exact arithmetic."""
        (name_x, marks_x), (name_y, marks_y) = self.across, self.up
        xs, ys = ([Fraction(mark) for mark in marks] for marks in (marks_x, marks_y))
        x0, y0 = min(xs), min(ys)
        per_x, per_y = Fraction(self.width) / (max(xs) - x0), Fraction(self.height) / (max(ys) - y0)

        def place(point: Point) -> tuple[Fraction, Fraction]:
            return _LEFT + (point[0] - x0) * per_x, _TOP + self.height - (point[1] - y0) * per_y

        right, bottom = _LEFT + self.width, _TOP + self.height
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + _RIGHT} {bottom + _BOTTOM}" '
            f'width="{right + _RIGHT}" height="{bottom + _BOTTOM}" font-family="sans-serif" font-size="12" role="img">',
            f"<title>{escape(self.title)}</title>",
            f"<style>{_STYLE}</style>",
            '<g fill="none" stroke="currentColor">',
            f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" stroke-width="1"/>',
        ]
        for mark in xs:
            out.append(f'<path d="M{_tenths(place((mark, y0))[0])} {bottom}v4"/>')
        for mark in ys:
            out.append(f'<path d="M{_LEFT} {_tenths(place((x0, mark))[1])}h-4"/>')
        for curve, dash in zip(self.curves, _cycle(len(self.curves)), strict=True):
            drawn = " ".join(",".join(map(_tenths, place(point))) for point in curve.points)
            dashed = f' stroke-dasharray="{dash}"' if dash else ""
            out.append(f'<polyline points="{drawn}" stroke-width="1.6" stroke-linejoin="round"{dashed}/>')
        out += ["</g>", '<g fill="currentColor">']
        for mark, shown in zip(xs, marks_x, strict=True):
            out.append(_text(place((mark, y0))[0], Fraction(bottom + 18), str(shown), "middle"))
        for mark, shown in zip(ys, marks_y, strict=True):
            out.append(_text(Fraction(_LEFT - 8), place((x0, mark))[1] + 4, str(shown), "end"))
        for curve in self.curves:
            across, down = place(curve.label or curve.points[-1])
            out.append(_text(across + 6, down + 4, curve.name, "start"))
        out.append(_text(Fraction(_LEFT + self.width, 1), Fraction(bottom + 34), name_x, "end"))
        out.append(_text(Fraction(_LEFT), Fraction(_TOP - 14), name_y, "middle"))
        return "\n".join([*out, "</g>", "</svg>", ""])


def _cycle(count: int) -> list[str]:
    return [_DASHES[place % len(_DASHES)] for place in range(count)]


def _tenths(number: Fraction | int) -> str:
    """A number to one digit after the point, halves up."""
    tenths = (Fraction(number) * 20 + 1) // 2
    sign, (whole, part) = "-" if tenths < 0 else "", divmod(abs(tenths), 10)
    return f"{sign}{whole}" + (f".{part}" if part else "")


def _text(across: Fraction, down: Fraction, shown: str, anchor: str) -> str:
    return f'<text x="{_tenths(across)}" y="{_tenths(down)}" text-anchor="{anchor}">{escape(shown)}</text>'
