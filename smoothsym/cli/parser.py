"""What may be written on the command line, and how it is said; nothing heavy is imported before it is known what is wanted."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

from smoothsym import __version__
from smoothsym.cli.inputs import MINUS, PARAMETERS, natural, positive, real
from smoothsym.errors import unknown

ABOUT = """What is true of a smooth maximum, what its value is, and what float code computes instead.

  smoothsym list                               what there is
  smoothsym derive boltzmann                   gradient, Hessian, limits and series, for every n
  smoothsym prove                              laws: proved, refuted with a witness, or neither
  smoothsym reference logsumexp 0 -40          certified digits
  smoothsym bound logsumexp                    how wrong float code can be: a theorem
  smoothsym audit                              the main job: everything installed, worst first
  smoothsym audit mymodule:f --as logsumexp    your own float code
  smoothsym table logsumexp                    hard inputs with certified outputs, to keep
  smoothsym code logsumexp --lang c            source to paste
"""
EXIT = """Exit status: 0 all hold; 1 something falls short, or is refused, broken or refuted;
2 the command is wrong."""

OPERATOR = """OP is an operator of the catalogue, your own as module:name, or an expression, of this grammar:

  numbers       2   0.1 (one tenth, exactly)   1e-3   1/3
  entries       x[1], x[2]; x[j] under a sum over j; x[i] for a value for each entry i
  names         n, how many entries there are; alpha, p, eps and any other word, a parameter
  arithmetic    + - * / ** (or ^) and parentheses
  functions     exp log sqrt abs sign sinh cosh tanh
  of all of x   sum(..., j) and mean(..., j) over j = 1..n, or short sum(exp(x)), mean(x);
                maximum(x), minimum(x)"""
DERIVE = """  smoothsym derive logsumexp                   a page: derivatives, limits, series
  smoothsym derive pnorm --of p --latex        of one formula, as LaTeX
  smoothsym derive boltzmann --n 3             written out for x1, x2, x3
  smoothsym derive "log(1 + sum(exp(alpha*x[j]), j))/alpha"
  smoothsym derive --check                     run ./derivations again, step by step"""
PROVE = """Proved holds for every n that is named. Refuted has a witness that excludes the law.
Supported met no violation at sampled points, and is no proof. Undecided is none of these.
The exit status is 1 where a law that the operator itself states is refuted."""
REFERENCE = """  smoothsym reference logsumexp 0 -40 --digits 50
  smoothsym reference boltzmann -1.5 2 1/3 --alpha -0x1p-3 --dtype float32
  smoothsym reference pnorm --data rows.npy --p 3 --of gradient
  smoothsym reference mellowmax 1 2 9 --weights 3,1,0

Numbers are taken exactly: 0.1 is one tenth, and not the float nearest to it.
Write decimals, fractions such as 1/3, hex floats such as -0x1p-3, inf or nan.
The rows of a file are the floats that it holds."""
CODE = """  smoothsym code logsumexp --of gradient --lang c
  smoothsym code "(sum(x[j]**p, j)/n)**(1/p)" --domain positive --lang torch
  smoothsym code boltzmann --lang fpcore --n 3 --alpha 1 --range x=-10,10

The function takes x and the parameters. Array code takes rows along the last axis. C99
needs <math.h> alone; it returns a number, or writes to `out`."""
BOUND = """  smoothsym bound logsumexp                    as a formula, and what it rests on
  smoothsym bound logsumexp --of gradient --kernel naive --latex
  smoothsym bound boltzmann --x "0, -40" --alpha 2 --dtype float32
  smoothsym bound mymodule:f --data rows.npy   your own: def f(xp, x, alpha)

The formula is to first order. The numbers are upper bounds, under the assumptions that
are printed: second order, underflow and the length of sums are in them."""
AUDIT = """  smoothsym audit
  smoothsym audit --as pnorm --dtype float32
  smoothsym audit package.module:function --as logsumexp --of gradient --data rows.npy

  smoothsym audit torch:logsumexp --as logsumexp --alpha 1 --of gradient --arrays torch --with dim=-1
  smoothsym audit --checkpoint done.jsonl      killed, the same line goes on from there
  smoothsym audit --html page.html

A target is called with one row, a 1-D array, as target(x, alpha=a) over sampled
parameters; where the parameter is given here, as target(x). With --arrays it gets arrays of
that library, which then takes the derivatives of --of. Modules of the current directory are found. Without a target, naive kernels are audited beside the rest, to
be caught; they do not count in the exit status."""


TABLE = """  smoothsym table                              the catalogue's set, into ./tables
  smoothsym table logsumexp -o lse.jsonl       300 hard rows, values and gradients
  smoothsym table softplus --alpha 1 --format csv --dtype float32,float64
  smoothsym table --check lse.jsonl            recertify: each wrong row, how wrong, and what is right
  smoothsym table --check mine.csv --as logsumexp --columns x=in*,value=out --alpha 1

A table holds inputs as hex floats and bit patterns, and outputs as decimals of 40 digits and
correctly rounded bit patterns of float16, bfloat16, float32 and float64; each row says why
it is there. Formats: jsonl, npz, csv (as NumPy's validation sets), parquet (as SciPy's
xsref), c (a header of C99 and C++).
--check takes JSON Lines, .npz, .csv and .parquet of any layout. Columns are named by --columns:
x (or x1, x2, ...), value, gradient, dtype, a parameter; * stands for any characters. Text
is a decimal as floats print it, a hex float, or a bit pattern such as 0x3f800000."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest option suggested."""

    def __init__(self, **settings: Any) -> None:
        shape = argparse.RawDescriptionHelpFormatter
        super().__init__(**{"formatter_class": shape, "allow_abbrev": False, **settings})
        self.options: list[str] = []

    def add_argument(self, *names: Any, **settings: Any) -> Any:
        action = super().add_argument(*names, **settings)
        if hasattr(self, "options"):
            self.options += action.option_strings
        return action

    def error(self, message: str) -> NoReturn:
        raise ValueError(message.replace(MINUS, "-"))


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments of a command, with `run`, what runs it. Raises ValueError for what cannot be understood.

    >>> parse(["reference", "pnorm", "--p", "3", "1", "2"]).numbers
    ['1', '2']
    """
    whole_parser, commands = _build()
    if not argv:
        argv = ["--help"]
    if not argv[0].startswith("-") and argv[0] not in commands:
        raise unknown("command", argv[0], commands)
    args, rest = whole_parser.parse_known_args(argv)
    # Options may stand between numbers, or between an operator and its numbers; argparse leaves over those that follow.
    many = {"reference": "numbers", "prove": "operators"}.get(argv[0])
    if many and not any(text.startswith("-") for text in rest):
        getattr(args, many).extend(rest)
        rest = []
    if rest:
        known = commands[argv[0]].options if argv[0] in commands else []
        near = get_close_matches(rest[0], known, n=1)
        raise ValueError(
            f"{argv[0]} has no place for {rest[0].replace(MINUS, '-')!r}"
            + (f"; did you mean {near[0]}?" if near else f"; smoothsym {argv[0]} --help says what it takes")
        )
    return args


def _build() -> tuple[Parser, dict[str, Parser]]:
    whole_parser = Parser(prog="smoothsym", description=ABOUT, epilog=EXIT)
    whole_parser.add_argument("--version", action="version", version=f"smoothsym {__version__}")
    words = whole_parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands: dict[str, Parser] = {}

    def command(name: str, help: str, run: str, description: str = "", epilog: str = EXIT) -> Parser:
        made = words.add_parser(
            name, help=help, description=f"{help[0].upper()}{help[1:]}.\n\n{description}".strip(), epilog=epilog
        )
        made.set_defaults(run=_later(run))
        made.add_argument("--json", action="store_true", help="print strict JSON instead of text")
        commands[name] = made
        return made

    command("list", "the catalogue: formula, parameter, domain, kernels", "facts:listed")

    derive = command("derive", "gradient, Hessian, derivative by the parameter, limits, series", "derive:run", DERIVE)
    _operator(derive, nargs="?")
    _of(derive)
    derive.add_argument("--n", type=_number(positive), metavar="N", help="write the formula out for x1, ..., xN")
    derive.add_argument("--latex", action="store_true", help="print LaTeX, each formula in full")
    runs = {"nargs": "?", "const": "derivations", "metavar": "DIRECTORY"}
    derive.add_argument("--check", **runs, help="run derivations again and compare their texts (./derivations)")
    derive.add_argument("--weave", **runs, help="run derivations and write their texts (./derivations)")

    prove = command("prove", "the verdict on every law, printed as it is reached", "facts:prove", PROVE)
    prove.add_argument("operators", nargs="*", default=[], metavar="OP", help="which operators (all of the catalogue)")
    _domain(prove)

    reference = command("reference", "certified digits and correctly rounded floats", "reference:run", REFERENCE)
    _operator(reference)
    reference.add_argument("numbers", nargs="*", default=[], metavar="NUMBER", help="the entries of x")
    _data(reference, "rows instead of numbers")
    _of(reference, ", or an expression")
    reference.add_argument("--digits", type=_number(positive), metavar="K", help="significant digits (30)")
    _dtype(reference, "print the correctly rounded floats")
    reference.add_argument(
        "--engine", default="mpmath", metavar="NAME", help="of the enclosures: mpmath or arb (mpmath)"
    )
    reference.add_argument("--weights", metavar="LIST", help="how many times each entry counts, such as 1,2,1/3")
    reference.add_argument("--where", metavar="LIST", help="1 for entries that count and 0 for others, such as 1,0,1")
    reference.add_argument("--v", metavar="LIST", help="the vector of --of jvp, vjp or hvp")
    _parameters(reference, {"alpha": " (1)", "p": " (2)", "eps": " (1)"})

    bound = command("bound", "how wrong a float kernel, or your code, can be", "bound:run", BOUND)
    _operator(bound)
    bound.add_argument("--of", default="value", metavar="WHAT", help="value or gradient (value)")
    bound.add_argument("--kernel", metavar="NAME", help="stable, naive or compensated (stable)")
    bound.add_argument("--x", metavar="NUMBERS", help='the entries of a row: "0, -40"')
    _data(bound, "rows to bound the error at")
    _dtype(bound, "of x (float64)")
    bound.add_argument("--latex", action="store_true", help="print the formula as LaTeX")
    bound.add_argument("--fpcore", action="store_true", help="print the formula as FPCore, for --n entries")
    _fpcore(bound)
    _parameters(bound, {"alpha": " (1)", "p": " (2)", "eps": " (1)"})

    audit = command("audit", "float code against certified values; the main job", "audit:run", AUDIT)
    audit.add_argument("target", nargs="?", metavar="TARGET", help="package.module:function (everything installed)")
    audit.add_argument("--as", dest="operator", metavar="OP", help="the operator that the target should compute")
    _domain(audit)
    audit.add_argument(
        "--of", metavar="WHAT", help="value, gradient, jvp, vjp, the parameter, or an expression in x[i] (value)"
    )
    _dtype(audit, "of x (float64)")
    _data(audit, "rows to use instead of cases")
    _parameters(audit, dict.fromkeys(PARAMETERS, "; the target is then called as target(x)"))
    audit.add_argument("--n", nargs="+", type=_number(positive), metavar="N", help="the lengths of rows")
    audit.add_argument("--budget", type=_number(positive), metavar="N", help="how many rows to try (300)")
    audit.add_argument("--seconds", type=_number(real), metavar="S", help="a cap on the time")
    audit.add_argument(
        "--timeout", type=_number(real), metavar="S", help="seconds a call may take before it hangs (10)"
    )
    audit.add_argument("--seed", type=_number(natural), default=0, metavar="S", help="of the random numbers (0)")
    audit.add_argument("--tol", type=_number(real), metavar="T", help="the scaled error that is allowed (8)")
    audit.add_argument("--arrays", metavar="NAME", help="call it with arrays of torch, jax or array_api_strict")
    audit.add_argument("--device", metavar="NAME", help="where those arrays are: cuda")
    audit.add_argument("--compiled", action="store_true", help="under jax.jit or torch.compile")
    audit.add_argument(
        "--with", dest="keywords", action="append", metavar="NAME=VALUE", help="pass a keyword: dim=-1, ord=p"
    )
    audit.add_argument(
        "--pairs",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="call it as f(x[0], x[1]), or as f(x) (found out by a call)",
    )
    audit.add_argument("--batched", action="store_true", help="call the target with a 2-D array of rows")
    audit.add_argument(
        "--exhaustive", action="store_true", help="every row of one float32, or of one or two 16-bit floats"
    )
    audit.add_argument("--checkpoint", metavar="FILE", help="keep what is done there, and go on from it")
    audit.add_argument(
        "--shard", type=_number(natural), metavar="K", help="one of the parts that the work is divided into, alone"
    )
    audit.add_argument(
        "--library", action="append", metavar="NAME", help="of what is installed, only this; may be repeated"
    )
    audit.add_argument("--jobs", type=_number(positive), metavar="N", help="processes (all cores; for one target 1)")
    audit.add_argument("--dask", metavar="ADDRESS", help="the scheduler of a Dask cluster: tcp://HOST:8786")
    audit.add_argument("--full", action="store_true", help="every finding, with Python that shows it")
    audit.add_argument("--html", metavar="FILE", help="write a page with pictures, findings and repairs, too")

    table = command("table", "reference tables: built, exported, recertified", "table:run", TABLE)
    _operator(table, nargs="?")
    table.add_argument("-o", "--output", metavar="PATH", help="where to write (OP.jsonl; of the whole set ./tables)")
    table.add_argument("--format", metavar="NAME", help="jsonl, npz, csv, parquet or c (jsonl)")
    table.add_argument("--of", metavar="LIST", help="the outputs: value, gradient, hessian, ... (value,gradient)")
    table.add_argument("--dtype", metavar="LIST", help="the formats of the inputs (all four; of a file what it says)")
    table.add_argument("--rows", type=_number(positive), metavar="N", help="how many rows an operator (300)")
    table.add_argument("--n", nargs="+", type=_number(positive), metavar="N", help="the lengths of rows (1 2 3 5 16)")
    _data(table, "rows to use instead of cases")
    _parameters(table, dict.fromkeys(PARAMETERS, " (sampled)"))
    table.add_argument("--seed", type=_number(natural), default=0, metavar="S", help="of the random numbers (0)")
    table.add_argument("--engine", metavar="NAME", help="of the enclosures: mpmath or arb (mpmath)")
    table.add_argument("--jobs", type=_number(positive), metavar="N", help="processes (1; for the whole set all cores)")
    table.add_argument("--check", metavar="FILE", help="recertify a table, ours or anybody's")
    table.add_argument("--as", dest="operator_of", metavar="OP", help="the operator that a file is of (--check)")
    table.add_argument("--columns", metavar="LIST", help="where a file has what: x=in*,value=out0 (--check)")
    table.add_argument(
        "--ulp", type=_number(real), metavar="U", help="the error that is allowed (0: rounded correctly)"
    )
    table.add_argument(
        "--decimals", action="store_true", help="outputs are decimals, right to their last digit (--check)"
    )

    code = command("code", "source of a formula, in its stable form, to paste", "code:run", CODE)
    _operator(code)
    _of(code, ", or an expression")
    code.add_argument("--lang", default="numpy", metavar="NAME", help="numpy, torch, jax, c, fpcore or latex (numpy)")
    code.add_argument("--form", metavar="NAME", help="naive, stable, or float: stable, and guarded (float)")
    _fpcore(code)
    _parameters(code, dict.fromkeys(PARAMETERS, ", as a number in fpcore"))
    return whole_parser, commands


def _operator(parser: Parser, **settings: Any) -> None:
    parser.add_argument("operator", metavar="OP", help="which operator", **settings)
    _domain(parser)


def _domain(parser: Parser) -> None:
    parser.add_argument("--domain", metavar="NAME", help="where the entries of an expression lie: real or positive")
    parser.epilog = f"{OPERATOR}\n\n{EXIT}"


def _of(parser: Parser, also: str = "") -> None:
    parser.add_argument(
        "--of", default="value", metavar="WHAT", help=f"value, gradient, hessian, the parameter{also} (value)"
    )


def _data(parser: Parser, what: str) -> None:
    parser.add_argument("--data", metavar="FILE", help=f"{what}: .npy, .npz, .csv or .txt")


def _dtype(parser: Parser, what: str) -> None:
    parser.add_argument("--dtype", metavar="NAME", help=f"float16, bfloat16, float32 or float64: {what}")


def _fpcore(parser: Parser) -> None:
    parser.add_argument("--n", type=_number(positive), metavar="N", help="how many entries fpcore has")
    parser.add_argument(
        "--range", action="append", metavar="NAME=LOW,HIGH", help="where x or a parameter lies in fpcore"
    )


def _parameters(parser: Parser, also: dict[str, str]) -> None:
    about = {"alpha": "the sharpness", "p": "the power", "eps": "the smoothing"}
    for name in PARAMETERS:
        parser.add_argument(f"--{name}", metavar=name[0].upper(), help=f"{about[name]}{also[name]}")
    parser.add_argument("--parameter", action="append", metavar="NAME=VALUE", help="a parameter of another name")


def _later(place: str) -> Callable[[argparse.Namespace], int]:
    """What runs a command, imported when it runs."""
    module, _, name = place.partition(":")

    def run(args: argparse.Namespace) -> int:
        return int(getattr(import_module(f"smoothsym.cli.{module}"), name)(args))

    return run


def _number(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader of numbers whose reasons argparse passes on."""

    def number(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return number
