"""Lists every number and absolute in the prose of README and docs/, with what backs it.

    python tools/claims.py               # those that nothing backs; the exit status is 1 if there are some
    python tools/claims.py --all         # all of them, each with its backing
    python tools/claims.py --all docs/edges.md

A claim is a sentence with a number, or with "always", "never" or "unchanged", or a row of a table with a number. It is backed by

- a test, `tests/test_x.py::test_name`, or a tool that measures it, `tools/x.py`, both of which have to be there;
- a record: a file of docs/ that a tool has written (`docs/benchmarks.json`), or a page of docs/campaigns/ that names its command and
  its commit; in such a page every claim is backed. "record" stands for the section of the page itself, which has to name both;
- a value of the code, `value: wengert.compile.engine:LIBRARIES = 64`, which has to be that;
- code in the page itself, which the tests run ("code");
- nothing, where it claims nothing: names of dtypes and processors, versions, years, sizes and settings in an example ("definition").

`claims.toml` has the backings: for a whole page, for its tables, and for parts of sentences. A sentence without one is weakened or
goes. `tests/test_claims.py` runs this, and holds the README to more words.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TABLE = tomllib.loads((Path(__file__).parent / "claims.toml").read_text())
NUMBERS = (
    "twice|thrice|half|halves|third|thirds|quarter|quarters|tenth|tenths|fifth|fifths|dozen|dozens|ten|tens|twelve|twenty|thirty|forty|"
    "fifty|sixty|eighty|ninety|hundred|hundreds|thousand|thousands|million|millions|percent"
)
CLAIM = re.compile(rf"\d|%|\b(?:{NUMBERS}|always|never|unchanged)\b", re.IGNORECASE)
# What has a digit and claims nothing: dtypes, processors, versions, sections, years, shapes and ranks.
NAMES = re.compile(
    r"\b(?:aarch|AAPCS|x86_)\d+\b|\b(?:u?int|float|complex|bfloat|ml_dtypes |x86-|SSE|AVX-?|fp|SHA-|UTF-|ISO |IEEE |DLMF |RFC |base)\d[\w.-]*"
    r"|\b(?:float|dtype)0\b|\b(?:[1-9]\d?|[kn])-?(?:bit|D|d)\b|\b(?:8|16|32|64|80|128|256|512) bits?\b"
    r"|\b(?:Python|NumPy|SciPy|JAX|jaxlib|LLVM|llvmlite|CPython|glibc|OpenBLAS|PyTorch|IPython|Optax|version|Wengert|Linux|macOS) "
    r"v?\d[\d.]*\w*(?:(?:,| and| to| or) \d[\d.]+)*|>=?\d[\d.]*"
    r"|\((?:[^()]*\b)?(?:1[6-9]|20)\d\d[^()]*\)|\b(?:1[89]|20)\d\d-\d\d-\d\d\b|\b(?:chapter|section|page|pages|equation|Table|Figure|order|orders) \d[\d.–-]*"
    r"|\bv[1-4]\b|\b[LBCH][1-9]\b|\bC\d\d\b|\bNEP \d+|\bPEP \d+|\bO\(\d\)|\bexit status \d|\bi[0-9]86\b|\bstatus [012]\b"
)


COMMAND = re.compile(r"(?:tests|tools|benchmarks|examples)/[\w/]+(?:\.py)?\b|python -m |make \w+")
COMMIT = re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,10}\b")


class Claim(NamedTuple):
    """A sentence or a row of a table, and what backs it; None where nothing does. `section`: the text around it, as it stands."""

    page: str
    text: str
    backing: str | None
    section: str


def pages() -> list[str]:
    found = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("docs/*/*.md")]
    return sorted(str(p.relative_to(ROOT)) for p in found)


def sections(page: str) -> list[str]:
    """The page in parts that begin with headings of the second level."""
    text = re.sub(r"\A---\n.*?\n---\n", "", (ROOT / page).read_text(), flags=re.DOTALL)
    return re.split(r"^(?=## )", text, flags=re.MULTILINE)


def prose(text: str) -> list[str]:
    """The sentences and rows of a text; without code, links' targets, headings' marks and directives."""
    text = re.sub(r"^(`{3,}|:{3,}).*?^\1`*\s*$", "\n", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"`{1,2}[^`]*`{1,2}", "`…`", text)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", "$…$", text, flags=re.DOTALL)
    text = re.sub(r"^>>>.*|^\.\.\. .*", "", text, flags=re.MULTILINE)
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-|#*]|\d+\.) ?)", text)
    blocks = [" ".join(re.sub(r"^\s*\d+\. ", "", b).split()) for b in blocks]
    return [s for b in blocks for s in ([b] if b.startswith("|") else re.split(r"(?<=[.:;])\s+(?=[A-Z`\[*])", b)) if s]


def is_claim(sentence: str) -> bool:
    return bool(CLAIM.search(NAMES.sub("", sentence)))


def readme() -> dict[str, str]:
    """Parts of the README's sentences, which the test has with truths about records too."""
    tree = ast.parse((ROOT / "tests/test_claims.py").read_text())
    table = next(n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "README")
    assert isinstance(table, ast.Dict)
    parts = [ast.literal_eval(k) for k in table.keys if k is not None]
    return {re.sub(r"`[^`]*`", "`…`", part): "tests/test_claims.py::test_a_claim_of_the_readme" for part in parts}


def claims() -> list[Claim]:
    """All of them, in the order of the pages."""
    found = []
    table = {**TABLE, "README.md": {"rows": readme() | TABLE.get("README.md", {}).get("rows", {})}}
    for page in pages():
        entry = table.get(page, {})
        for section in sections(page):
            for sentence in filter(is_claim, prose(section)):
                rows = entry.get("rows", {})
                backing = next((b for part, b in rows.items() if part in sentence), None)
                if backing is None and sentence.startswith("|"):
                    backing = entry.get("tables")
                found.append(Claim(page, sentence, backing or entry.get("page") or campaign(page), section))
    return found


def campaign(page: str) -> str | None:
    """A page of docs/campaigns/ is a record itself if it says how it was made, and of which commit it is."""
    text = (ROOT / page).read_text()
    return page if page.startswith("docs/campaigns/") and COMMAND.search(text) and COMMIT.search(text) else None


def value_of(place: str) -> Any:
    """A setting of the library, or a constant of a file as it is written there."""
    module, _, name = place.partition(":")
    if "." in name:
        owner, _, name = name.partition(".")
        return getattr(getattr(importlib.import_module(module), owner), name)
    tree = ast.parse((ROOT / "src" / (module.replace(".", "/") + ".py")).read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [name]:
            return eval(ast.unparse(node.value), {"__builtins__": {}})  # a number, or powers and shifts of some
    return None


def lacking(claim: Claim) -> str | None:
    """What a backing lacks; None where it is as it says."""
    backing = claim.backing or ""
    if backing == "record":
        known = COMMAND.search(claim.section), COMMIT.search(claim.section)
        heading = claim.section.partition("\n")[0]
        return None if all(known) else f"the section {heading!r} does not name a command and a commit"
    if backing == "code":
        return (
            None if re.search(r"^(?:```|>>> )", (ROOT / claim.page).read_text(), re.MULTILINE) else "there is no code"
        )
    if backing.startswith("definition: "):
        return None
    for place in re.split(r"[,;] ", backing):
        if place.startswith("value: "):
            name, _, value = place.removeprefix("value: ").partition(" = ")
            if value_of(name) != eval(value, {"__builtins__": {}}):
                return f"{name} is {value_of(name)}"
            continue
        path, _, test = place.partition("::")
        path = path.split()[0]
        if not (ROOT / path).exists():
            return f"{path} is not there"
        if path.startswith("docs/campaigns/") and campaign(path) is None:
            return f"{path} does not name its command and its commit"
        if test and not re.search(rf"^\s*(?:def|class) {re.escape(test)}\b", (ROOT / path).read_text(), re.MULTILINE):
            return f"{path} has no {test}"
    return None


def unused() -> list[str]:
    """Rows of the table that no sentence has any more."""
    found = []
    for page, entry in TABLE.items():
        sentences = [s for part in sections(page) for s in prose(part)] if (ROOT / page).exists() else []
        found += [f"{page}: {part}" for part in entry.get("rows", {}) if not any(part in s for s in sentences)]
    return found


def main(arguments: list[str]) -> int:
    wanted = [a for a in arguments if not a.startswith("--")]
    rows = claims()
    shown = [c for c in rows if ("--all" in arguments or c.backing is None) and (not wanted or c.page in wanted)]
    for c in shown:
        print(f"{c.page}: {c.text[:200]}\n    {c.backing or 'NOTHING BACKS IT'}")
    bad = [f"{c.page}: {c.backing}: {why}" for c in rows if c.backing and (why := lacking(c))]
    for line in dict.fromkeys([*bad, *(f"{u}: nobody says it any more" for u in unused())]):
        print(line)
    missing = sum(c.backing is None for c in rows)
    print(f"{len(rows)} claims, {missing} of them without a backing")
    return 1 if missing or bad or unused() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
