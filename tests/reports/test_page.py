"""The page is one whole file: nothing from elsewhere, nothing of a target's taken for markup, and all of its data under the schema."""

import json
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import smoothsym as ss
from smoothsym.auditing.measuring.picture import Point, level
from smoothsym.cli import main
from smoothsym.reports import Entry, data, page, schema, svg, write

EVIL = "</script><img src=x onerror=alert(1)>&\"'"


def naive(x, alpha):
    return np.log(np.sum(np.exp(alpha * x))) / alpha


def raising(x, alpha):
    if max(x, default=0) > 3:
        raise ValueError(EVIL)
    return naive(x, alpha)


def sound(x, alpha):
    return ss.logsumexp(x, alpha=alpha)


class Page(HTMLParser):
    """What a browser would see: tags that balance, attributes, and the text of each element."""

    VOID = ("meta", "input", "img")

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.texts = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        if self.open:
            self.texts.append((self.open[-1], text))

    def of(self, tag):
        return [text for (name, _), text in self.texts if name == tag]


@pytest.fixture(scope="module")
def entries():
    options = {"budget": 40, "n": (1, 2), "pictures": "all", "timeout": None}
    audits = [ss.audit(f, ss.logsumexp, alpha=1.0, **options) for f in (naive, raising, sound)]
    return [
        Entry(audit, name, limits=limits)
        for audit, name, limits in zip(audits, ("naive", EVIL, "sound"), ("", EVIL, ""), strict=True)
    ]


@pytest.fixture(scope="module")
def seen(entries):
    return Page(page(entries, ["absent"]))


def test_tags_balance_and_nothing_is_fetched(seen, entries):
    assert not seen.open
    assert {"img", "link", "iframe", "object"}.isdisjoint(tag for tag, _ in seen.tags)
    assert not any({"src", "href", "onerror", "style"} & set(attrs) for _, attrs in seen.tags)
    assert not any(word in text for text in seen.of("style") for word in ("http", "url(", "@import"))


def test_markup_of_a_target_would_be_caught(entries):
    text = page(entries).replace("&lt;img src=x onerror=alert(1)&gt;", "<img src=x onerror=alert(1)>")
    assert any(tag == "img" and "onerror" in attrs for tag, attrs in Page(text).tags)


def test_what_a_target_is_called_and_raises_is_text(seen):
    assert EVIL in seen.of("span")
    assert any(EVIL in text for text in seen.of("code") + seen.of("dd") + seen.of("p"))


def test_the_ranking_comes_first(seen):
    assert seen.of("h1") == ["2 of 3 fall short; worst first"]
    names = [text for (tag, attrs), text in seen.texts if tag == "span" and attrs.get("class") == "who"]
    assert names == ["naive", EVIL, "sound"]
    assert seen.of("title")[0] == seen.of("h1")[0]


def test_each_finding_can_be_run_and_repaired(seen, entries):
    code = "\n".join(seen.of("pre"))
    for finding in entries[0].audit.findings:
        assert finding.reproduction in code
        assert not finding.repair or finding.repair.splitlines()[-1] in code
    assert any(finding.repair for finding in entries[0].audit.findings)


def test_the_data_inside_is_the_report_and_keeps_to_the_schema(seen, entries):
    (text,) = (t for (tag, attrs), t in seen.texts if tag == "script" and attrs.get("id") == "data")
    found = json.loads(text)
    assert found == json.loads(json.dumps(data(entries, ["absent"])))
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(found, schema())


@pytest.mark.parametrize(
    "broken",
    [
        lambda d: d["audits"][0]["audit"].pop("verdict"),
        lambda d: d["audits"][0]["audit"].update(verdict="fine"),
        lambda d: d["audits"][0]["audit"]["findings"][0].update(inputs=["0.1"]),
        lambda d: d["audits"][0]["audit"].update(max_ulp=-1.0),
        lambda d: d["audits"][0].update(stray=1),
        lambda d: d.update(of="three"),
    ],
)
def test_the_schema_refuses_other_data(entries, broken):
    found = json.loads(json.dumps(data(entries)))
    broken(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, schema())


def test_a_page_is_written_whole_or_not_at_all(tmp_path, entries, monkeypatch):
    path = tmp_path / "page.html"
    write(path, entries)
    before = path.read_bytes()
    assert before.endswith(b"</html>\n")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space"):
        write(path, entries[:1])
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_a_name_that_is_no_unicode_is_written(tmp_path, entries):
    write(tmp_path / "page.html", [Entry(entries[2].audit, "\ud800")])
    (tmp_path / "page.html").read_text("utf-8")


# ---- pictures ------------------------------------------------------------------------------------------------------------------


def test_every_cell_of_a_map_is_drawn_in_its_level(entries):
    audit = entries[0].audit
    runs = svg._runs(audit.map.scaled, audit.tol)
    for which in range(6):
        cells = sum(level(e, audit.tol) == which for line in audit.map.scaled for e in line if e is not None)
        assert cells == sum(size for _, _, size in runs.get(which, []))
    assert len(runs) > 1


def test_levels_are_told_by_the_tolerance():
    assert [level(e, 8.0) for e in (0.0, 1.0, 1.1, 8.0, 8.1, 1e3, 1e4, 1e10, float("inf"))] == [
        0,
        0,
        1,
        1,
        2,
        2,
        3,
        4,
        5,
    ]
    assert level(float("nan"), 8.0) == 0  # nothing is known of it, and it is not drawn


def test_a_line_keeps_its_shape_with_fewer_places():
    places = [(q / 100, (q / 100) ** 2) for q in range(101)]
    text = svg._polyline(places)
    drawn = np.array([list(map(float, pair)) for pair in np.reshape(text[1:].split(), (-1, 2)).tolist()])
    assert len(drawn) < 30
    for x, y in (svg._at(*place) for place in places):
        assert abs(np.interp(x, drawn[:, 0], drawn[:, 1]) - y) < 1.0
    assert svg._polyline(places[:1]).count(" ") == 1


def test_what_is_above_a_line_is_marked():
    def point(scaled, error, bound):
        return Point(2, (), None, scaled, error, error / scaled, bound)

    below, above = point(2.0, 20.0, 30.0), point(20.0, 2000.0, 30.0)
    for picture in (svg.over_condition, lambda points, tol: svg.over_bound(points)):
        assert 'class="dots falls"' in picture([below, above], 8.0)
        assert 'class="dots falls"' not in picture([below], 8.0)


# ---- the command ---------------------------------------------------------------------------------------------------------------


def test_the_command_writes_a_page(tmp_path, capsys):
    path = tmp_path / "page.html"
    target = "numpy:logaddexp"
    assert main(["audit", target, "--as", "logsumexp", "--alpha", "1", "--budget", "20", "--html", str(path)]) in (0, 1)
    assert "numpy:logaddexp as logsumexp value in float64" in Page(path.read_text()).of("h1")[0]


@pytest.mark.parametrize("place", ["missing/page.html", "."])
def test_a_page_that_cannot_be_written_is_told_before_the_work(tmp_path, capsys, place):
    asked = str(tmp_path / place)
    assert main(["audit", "nowhere:nothing", "--as", "logsumexp", "--html", asked]) == 2
    assert "--html" in capsys.readouterr().err


def test_the_schema_is_shipped():
    assert (Path(ss.__file__).parent / "reports" / "report.schema.json").is_file()


def test_an_audit_that_came_to_no_end_is_told():
    from smoothsym.auditing.main import unfinished
    from smoothsym.auditing.targets import targets

    target = targets()[0]
    text = page([Entry.of(target, unfinished(target, "float64", 0, ArithmeticError("no <such> number")))])
    assert any("no <such> number" in said for said in Page(text).of("p"))
