"""What stands behind the sentences of the README and the documents: a test, or a number of a benchmark's record.

A sentence of the README with a number or an absolute ("every", "cannot" ...) has to be in README; those of the documents are
`tools/claims.py`'s. A sentence without a backing is weakened or goes.
"""

import importlib.util
import json
import math
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EAGER = json.loads((ROOT / "docs/benchmarks.json").read_text())["eager"]
COMPILED = json.loads((ROOT / "docs/benchmarks_compiled.json").read_text())["rows"]


def eager_times():
    """Microseconds of small gradients and Hessian-vector products."""
    small = ("Hessian-vector product", "grad of a scalar", "grad of sum")
    return [row["wengert"] for name, row in EAGER["microseconds"].items() if name.startswith(small)]


def compiled_over_jax():
    rows = [r["run"] for r in COMPILED.values() if not r["overhead"]]
    ratios = [r["jax"] / r["wengert"] for r in rows if "jax" in r and "wengert" in r]
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def calls():
    """Microseconds of a call that computes next to nothing."""
    return [1e6 * r["run"]["wengert"] for r in COMPILED.values() if r["overhead"]]


def needed():
    """The packages that are installed with the library."""
    return set(re.findall(r'"(\w+)>=', re.search(r"^dependencies = (.*)$", text("pyproject.toml"), re.MULTILINE)[1]))


# A part of the sentence, and what backs it: a test, or a truth about records.
README = {
    "float64 is the default": "tests/test_settings.py::test_an_override_is_its_threads_own",
    "nested in any order": "tests/test_nesting.py",
    "take tens of microseconds": lambda: len(eager_times()) == 5 and all(10 < t < 100 for t in eager_times()),
    "some forty times less than JAX before `jit`": lambda: 36 < EAGER["geometric_mean_over_jax"] < 50,
    "some six times faster than JAX's": lambda: 5.5 < compiled_over_jax() < 6.5,
    "about a microsecond or less": lambda: len(calls()) == 5 and max(calls()) < 1.2,
    "Python's `if` and `while` work": "tests/test_guards.py",
    "Loops differentiate in every mode": "tests/test_control.py",
    "within a budget of memory": "tests/test_loop_memory.py::test_a_gradient_within_a_budget",
    "One rule for each operation": "tests/test_primitives.py",
    "there is one formula to get right": "tests/test_primitives.py",
    "Taylor mode gives any order in one pass": "tests/test_jet.py",
    "the chain rule step by step, with your lines": "tests/test_explain.py",
    "runs many tutorials as they are": "tests/test_jax_programs.py",
    "it does not change": "tests/test_jax_names.py",
    "with NumPy, SciPy, llvmlite and three small packages (ml_dtypes, optree, opt_einsum)": lambda: (
        needed() == {"numpy", "scipy", "llvmlite", "ml_dtypes", "optree", "opt_einsum"}
    ),
    "A clone and Python 3.11 or later are enough": lambda: 'requires-python = ">=3.11"' in text("pyproject.toml"),
    "every claim checked as it is made": "tests/test_tour.py",
    "adding an operation is one declaration in one place": "tests/test_primitives.py",
}
NUMBERS = "two|three|four|five|six|ten|tens|forty|hundred|thousand|once|twice|half|third|most|microseconds?"
CLAIM = re.compile(rf"\d|\b(?:{NUMBERS}|always|never|unchanged|every|cannot|any|exactly|same)\b", re.IGNORECASE)
# Words and numbers that claim nothing: names, versions of licenses, how to call something.
NONE = re.compile(r"Apache-2\.0|sh\b.*|Two commands|once\.$|in any case|\[CHANGELOG")


def text(name):
    return (ROOT / name).read_text()


def sentences(document):
    """The prose of a document, code blocks and link targets left out."""
    prose = re.sub(r"```.*?```", "", document, flags=re.DOTALL)
    prose = re.sub(r"\]\([^)]*\)", "]", prose)
    blocks = re.split(r"\n\s*\n|\n(?=[-|#] ?)", prose)
    return [s for b in blocks for s in re.split(r"(?<=[.:;])\s+(?=[A-Z`])", " ".join(b.split())) if s]


def holds(backing):
    if callable(backing):
        return backing()
    path, _, test = backing.partition("::")
    return (ROOT / path).exists() and (not test or f"def {test}(" in text(path))


@pytest.mark.parametrize("claim", README)
def test_a_claim_of_the_readme(claim):
    assert claim in " ".join(text("README.md").split()), "the README says it no more: take the claim out"
    assert holds(README[claim])


def test_no_sentence_of_the_readme_is_without_a_backing():
    missing = [
        s
        for s in sentences(text("README.md"))
        if CLAIM.search(NONE.sub("", s)) and not any(claim in s for claim in README)
    ]
    assert missing == []


def tool():
    """`tools/claims.py`, which lists what the documents say and what backs it."""
    spec = importlib.util.spec_from_file_location("claims", ROOT / "tools/claims.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


CLAIMS = tool()


def test_every_number_and_absolute_of_the_documents_is_backed():
    """By tools/claims.toml: back it there, or weaken the sentence."""
    rows = CLAIMS.claims()
    assert len(rows) > 1000 and {c.page for c in rows} > {"README.md", "docs/edges.md", "docs/how-to/service.md"}
    assert [(c.page, c.text) for c in rows if c.backing is None] == []
    assert [(c.page, c.text[:80], why) for c in rows if (why := CLAIMS.lacking(c))] == []
    assert CLAIMS.unused() == []


@pytest.mark.parametrize(
    "text", ["It is never wrong.", "It takes 7 ms.", "half the time", "twice as long", "It is 1e5.", "in 12 %"]
)
def test_what_is_a_claim(text):
    assert CLAIMS.is_claim(text)


@pytest.mark.parametrize(
    "text", ["of float64 and x86-64", "Python 3.11", "(Griewank 2008)", "32 bits", "It is quick.", "on 2026-11-30"]
)
def test_what_is_none(text):
    assert not CLAIMS.is_claim(text)


@pytest.mark.parametrize(
    "backing, word",
    [
        ("tests/test_claims.py::test_nothing", "has no test_nothing"), ("tests/test_gone.py", "is not there"),
        ("value: wengert.compile.engine:LIBRARIES = 65", "is 64"), ("value: wengert.config:config.max_paths = 65", "is 64"),
        ("docs/campaigns/../index.md", "does not name"), ("record", "does not name a command and a commit"),
        ("code", "no code"),
    ],
)  # fmt: skip
def test_backings_that_are_none(backing, word):
    assert word in CLAIMS.lacking(CLAIMS.Claim("docs/accuracy.md", "It is 7.", backing, "## Part\n\nIt is 7."))
    good = "value: wengert.compile.engine:LIBRARIES = 64; tests/test_claims.py::test_what_is_none"
    assert CLAIMS.lacking(CLAIMS.Claim("docs/edges.md", "It is 7.", good, "")) is None
    section = "## Part\n\nIt is 7 by `tools/claims.py` on 9bf01eb."
    assert CLAIMS.lacking(CLAIMS.Claim("docs/edges.md", "It is 7.", "record", section)) is None


def test_the_sentences_of_a_page():
    text = "A 1.\nB is `x 2`.\n\n```sh\n9 never\n```\n\n1. C ([d](e9.md)).\n2. D.\n\n| a | 3 |\n| b | 4 |\n\n>>> 5\n"
    assert CLAIMS.prose(text) == ["A 1.", "B is `…`.", "C ([d]).", "D.", "| a | 3 |", "| b | 4 |"]


def test_the_reader_of_sentences_finds_claims():
    assert CLAIM.search("It is never wrong") and CLAIM.search("7 times") and not CLAIM.search("It is quick")
    assert sentences("A. B is `x`.\n\n```sh\n9 never\n```\n- C ([d](e9.md)) is.") == [
        "A.",
        "B is `x`.",
        "- C ([d]) is.",
    ]
