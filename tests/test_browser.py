"""The site and the tour's page in a real browser: headless Chromium, at 400 and 1400 pixels, light and dark.

`make test` looks at a page of its own, and skips that where there is no browser. `make browser`, which `.ci/run` calls last where one can be had,
looks at the site and the tour's page as well; it sets WENGERT_BROWSER=required: then what is missing is a failure.
"""

import os
import re
from pathlib import Path

import browser as browsers
import pytest

ROOT = Path(__file__).resolve().parents[1]
SITE, TOUR = ROOT / "out" / "docs", ROOT / "out" / "tour.html"
REQUIRED = os.environ.get("WENGERT_BROWSER") == "required"
SIZES = [(400, False), (400, True), (1400, False), (1400, True)]
PAGES = [
    "index.html",
    "tutorials/first-gradient.html",
    "tutorials/network.html",
    "tutorials/quantum-circuit.html",
    "how-to/where-time-goes.html",
    "edges.html",
    "benchmarks.html",
    "reference/index.html",
    "reference/wengert.numpy.html",
    "reference/wengert/grad.html",
    "search.html",
]


def missing(what):
    """Skip, or fail where everything has to be there."""
    (pytest.fail if REQUIRED else pytest.skip)(what)


@pytest.fixture(scope="module")
def browser():
    if browsers.found() is None:
        missing("no Chromium: apt-get install chromium")
    with browsers.Browser() as b:
        yield b


@pytest.fixture
def page(browser, request):
    width, dark = getattr(request, "param", (1400, False))
    p = browser.page(width, 900, dark)
    yield p
    p.close()


def built(path, how):
    if not REQUIRED:  # what is there may be of another day
        pytest.skip(f"{path.relative_to(ROOT)} is looked at by make browser, after {how}")
    if not path.exists():
        missing(f"{path.relative_to(ROOT)} is not built: {how}")
    return path


@pytest.fixture
def site():
    return built(SITE / "index.html", "make docs").parent


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A page with what is hard: long lines of code, headings of three levels, a table, a picture, an error."""
    nbformat = pytest.importorskip("nbformat")
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    from wengert.notebooks.outcome import Failure, Outcome
    from wengert.notebooks.page import page_of

    long = "value = some_function_with_a_long_name(first_argument, second_argument, third_argument, fourth_argument)  # and on"
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    cells = [
        new_markdown_cell("# One\n\nText with `code` and $x^2$.\n\n## Part\n\n### Detail"),
        new_code_cell(long, id="a", outputs=[new_output("stream", text="a number " * 40)], metadata={"seconds": 12.345}),
        new_markdown_cell("# Two\n\n## Part\n\n| a | b | c |\n|---|---|---|\n| a long word | another long one | and a third |"),
        new_code_cell(
            "x = [\n" + "    'a string', # a comment\n" * 3 + "]\nshow(x)", id="b", metadata={"seconds": 0.002},
            outputs=[new_output("display_data", data={"image/png": pixel})],
        ),
        new_code_cell("1 / 0", id="c", metadata={"seconds": 0.1}, outputs=[
            new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=["\x1b[31mZeroDivisionError\x1b[0m: division by zero"])
        ]),
    ]  # fmt: skip
    outcomes = [Outcome(i, name, name, 0.1) for i, name in enumerate("ab", 1)]
    outcomes.append(Outcome(3, "c", "1 / 0", 0.1, Failure("ZeroDivisionError", "division by zero", 1)))
    path = tmp_path_factory.mktemp("page") / "page.html"
    nb = new_notebook(cells=cells)
    assert nbformat.writes(nb)
    path.write_text(page_of(nb, "page", outcomes, 3))
    return path


# --- what a page must be -----------------------------------------------------------------------------------------

RGB = "(s => s.match(/[\\d.]+/g).map(Number))"
CONTRASTS = """(selector => {
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0.5) return c; } return [255, 255, 255]; };
  const worst = {};
  for (const e of document.querySelectorAll(selector)) {
    if (!e.offsetParent || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const a = light(rgb(getComputedStyle(e).color).slice(0, 3)), b = light(ground(e).slice(0, 3));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const key = e.tagName + '.' + e.className; if (!(worst[key] <= ratio)) worst[key] = ratio;
  }
  return worst; })"""


def check_page(page, dark):
    """No trouble, nothing from the network, nothing wider than the window, the scheme that was asked for."""
    assert page.troubles == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in page.requests), page.requests
    width, inner = page.run("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= inner + 1
    ground = page.run(f"{RGB}(getComputedStyle(document.body).backgroundColor)")
    assert (sum(ground[:3]) / 3 < 100) == dark, ground


def contrasts(page, selector):
    """The contrast of text and ground (WCAG 2.1), the worst for each kind of element."""
    return page.run(f"{CONTRASTS}({selector!r})")


# --- the site ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", SIZES, indirect=True, ids=lambda s: f"{s[0]}{'dark' if s[1] else 'light'}")
def test_pages_of_the_site(page, site, request):
    dark = request.node.callspec.params["page"][1]
    for name in PAGES:
        page.open(site / name)
        check_page(page, dark)
        poor = {k: r for k, r in contrasts(page, "article p, article li, article h1, article td").items() if r < 4.5}
        code = page.run(
            "[...document.querySelectorAll('article .highlight')].map(e => getComputedStyle(e).backgroundColor)"
        )
        assert all((sum(map(int, re.findall(r"\d+", c)[:3])) / 3 < 120) == dark for c in code), (name, set(code))
        assert not poor, (name, poor)


def test_navigation(page, site):
    page.open(site / "index.html")
    page.click('.sidebar-tree a[href$="tutorials/first-gradient.html"]', follow=True)
    assert "first-gradient" in page.run("location.pathname")
    page.click("a.next-page", follow=True)
    assert "custom-rules" in page.run("location.pathname")
    page.click('.toc-tree li a[href^="#"]:not([href="#"])')
    assert page.run("location.hash").startswith("#")
    assert page.troubles == []


@pytest.mark.parametrize("page", [(400, False)], indirect=True)
def test_navigation_on_a_phone(page, site):
    page.open(site / "index.html")
    link = '.sidebar-tree a[href$="how-to/index.html"]'
    away = f"document.querySelector('{link}').getBoundingClientRect().right <= 0"
    assert page.run(away)
    page.click("label.nav-overlay-icon")
    page.until(f"document.querySelector('{link}').getBoundingClientRect().left >= 0")
    page.click(link, follow=True)
    assert page.run("location.pathname").endswith("how-to/index.html")
    assert page.troubles == []


def test_every_link_of_the_first_pages_leads_somewhere(page, site):
    for name in ("index.html", "how-to/index.html", "reference/index.html"):
        page.open(site / name)
        links = page.run("[...document.querySelectorAll('a[href]')].map(a => a.href.split('#')[0])")
        files = {Path(re.sub("^file://", "", u)) for u in links if u.startswith("file:")}
        assert len(files) > 10 and [f for f in files if not f.exists()] == []


def test_search_without_a_server(page, site):
    page.open(site / "index.html")
    page.click(".sidebar-search-container input")
    page.type("linearize", enter=True)
    assert "search.html" in page.run("location.href")
    page.until(
        "document.querySelectorAll('#search-results li a').length > 0 && /found/.test(document.querySelector('#search-results').textContent)"
    )
    found = page.run("[...document.querySelectorAll('#search-results li a')].map(a => a.getAttribute('href'))")
    assert any(link.startswith("reference/wengert/linearize.html") for link in found[:5]), found[:5]
    page.click("#search-results li a", follow=True)
    assert page.troubles == []


def test_copying_code(page, site):
    page.open(site / "index.html")
    page.run("document.addEventListener('copy', () => { window.copied = document.activeElement.value; }), 1")
    page.until("document.querySelectorAll('button.copybtn').length > 0")
    page.click("button.copybtn")
    text = page.until("window.copied")
    assert text.startswith("import numpy as np, wengert\n") and ">>>" not in text and "array([0., 1.])" not in text
    assert page.troubles == []


# --- pages of notebooks ------------------------------------------------------------------------------------------

COVERED = """[...document.querySelectorAll('.time')].filter(t => {
  const box = t.getBoundingClientRect(), pre = t.parentElement.querySelector('pre');
  const walk = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) { const r = document.createRange(); r.selectNodeContents(walk.currentNode);
    for (const c of r.getClientRects()) if (c.left < box.right && box.left < c.right && c.top + 2 < box.bottom && box.top < c.bottom - 2) return true; }
  return false; }).map(t => t.parentElement.textContent.slice(0, 60))"""


@pytest.mark.parametrize("page", SIZES, indirect=True, ids=lambda s: f"{s[0]}{'dark' if s[1] else 'light'}")
@pytest.mark.parametrize("which", ["notebook", "tour"])
def test_pages_of_notebooks(page, which, request):
    dark = request.node.callspec.params["page"][1]
    path = request.getfixturevalue("notebook") if which == "notebook" else built(TOUR, "make tour")
    page.open(path)
    check_page(page, dark)
    assert page.run(COVERED) == []  # labels cover no code
    text = "p, li, h1, h2, pre, pre span, td, .time, nav a, footer, summary"
    poor = {k: r for k, r in contrasts(page, text).items() if r < 4.5}
    assert not poor, poor
    headings = page.run("[...document.querySelectorAll('main h1, main h2, main h3')].map(h => h.id)")
    listed = page.run("[...document.querySelectorAll('nav a')].map(a => decodeURI(a.getAttribute('href')).slice(1))")
    assert listed == headings and len(set(headings)) == len(headings)
    assert any(page.run("[...document.querySelectorAll('nav li.level1')].map(a => a.textContent)"))
    page.click("nav li:last-child a")
    page.until(f"decodeURI(location.hash) === '#{headings[-1]}'")
    page.until("document.getElementById(decodeURI(location.hash.slice(1))).getBoundingClientRect().top < 700")


def test_the_browser_sees_trouble(page, tmp_path):
    """The checks above can fail."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<body style='background:#fff;color:#eee'><p>pale</p><script>console.error('one'); nothing.here</script>"
        "<img src='missing.png'><div style='width:3000px'>wide</div><div class=input><span class=time style='position:absolute;"
        "left:0;top:0'>covers</span><pre style='position:absolute;left:0;top:0'>code</pre></div>"
    )
    page.open(bad)
    assert any("one" in t for t in page.troubles) and any("nothing" in t for t in page.troubles)
    assert any("ERR_FILE_NOT_FOUND" in t for t in page.troubles)
    assert page.run("document.documentElement.scrollWidth") > 2000
    assert len(page.run(COVERED)) == 1 and min(contrasts(page, "p").values()) < 2
