"""The catalogue: what is read and said here, on what it rests, and how caches may keep it."""

from __future__ import annotations

from pathlib import Path

import html5lib
import pytest
from fastapi.testclient import TestClient

from corrin import terminology
from corrin.api import Settings, create_app
from corrin.api.interpreter import Interpreter
from corrin.packs.library import open_library
from support import places
from unit import own_packs

READ = (
    "/v1/analytes",
    "/v1/analytes/total_b12",
    "/v1/packs",
    "/v1/packs/ng239",
    "/v1/packs/ng239/source-attributes",
    "/v1/profiles",
    "/v1/rules",
    "/v1/rules/b12-confirmed-total",
    "/",
    "/docs",
    "/openapi.json",
)
SITE = places.ROOT / "fixtures" / "site" / "example.yaml"


@pytest.fixture(scope="module")
def site() -> TestClient:
    """A service under a site file, which moves a cut-off."""
    return TestClient(create_app(Settings(site_file=Path(SITE))))


@pytest.mark.parametrize("path", READ)
def test_kept_by_its_digest(client: TestClient, path: str) -> None:
    found = client.get(path)
    assert found.status_code == 200
    tag = found.headers["etag"]
    assert found.headers["cache-control"] == "public, max-age=300, must-revalidate"
    for given in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == found.content


@pytest.mark.parametrize("path", READ)
def test_head_tells_the_same_without_the_body(client: TestClient, path: str) -> None:
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "cache-control", "content-type"):
        assert head.headers[name] == whole.headers[name]


def test_what_no_token_was_asked_for_may_be_kept_by_shared_caches(client: TestClient) -> None:
    """Where one was, see the tests of the gate."""
    assert client.get("/v1/packs").headers["cache-control"].startswith("public,")


# --- results that are read ------------------------------------------------------------------


def test_every_analyte_is_told(client: TestClient) -> None:
    found = client.get("/v1/analytes").json()
    terms = terminology.load()
    assert [one["id"] for one in found["analytes"]] == list(terms.analytes)
    assert found["count"] == len(terms.analytes)
    b12 = next(one for one in found["analytes"] if one["id"] == "total_b12")
    window = terms.analytes["total_b12"].plausible
    assert window is not None
    assert (b12["plausible"]["low"], b12["plausible"]["high"]) == (
        f"{window.low:f}",
        f"{window.high:f}",
    )
    assert b12["plausible"]["evidence"][0]["row"] == window.evidence
    assert {one["code"] for one in b12["loinc"]} >= {"2132-9", "14685-2"}


@pytest.mark.parametrize("sought", ["B12", "2132-9", "vitamin  b12"])
def test_filter_by_name_or_code(client: TestClient, sought: str) -> None:
    found = client.get("/v1/analytes", params={"q": sought}).json()
    assert "total_b12" in {one["id"] for one in found["analytes"]}
    assert found["count"] < len(terminology.load().analytes)


@pytest.mark.parametrize("name", ["total_b12", "2132-9", "Vitamin B12"])
def test_one_analyte_by_any_of_its_names(client: TestClient, name: str) -> None:
    assert client.get(f"/v1/analytes/{name}").json()["id"] == "total_b12"


def test_rejected_code_says_why(client: TestClient) -> None:
    rejected = next(one for one in terminology.load().rejected if one.system == "http://loinc.org")
    found = client.get(f"/v1/analytes/{rejected.code}")
    assert found.status_code == 404
    assert rejected.why in found.json()["detail"]


# --- packs and profiles ---------------------------------------------------------------------


def test_packs_and_where_they_run(client: TestClient) -> None:
    found = {one["id"]: one for one in client.get("/v1/packs").json()["packs"]}
    library = open_library()
    assert set(found) == set(library.packs)
    assert found["safety"]["run_by"] == ["uk", "us"]
    assert found["ng239"]["run_by"] == ["uk"]
    for name, bound in library.packs.items():
        assert found[name]["digest"] == bound.pack.digest
        assert found[name]["rules"] == len(bound.pack.rules)


def test_source_attributes_are_the_thirteen(client: TestClient) -> None:
    found = client.get("/v1/packs/safety/source-attributes").json()
    head = open_library().packs["safety"].pack.head
    assert found["attributes"] == head.source_attributes.model_dump()
    assert len(found["attributes"]) == 13 and all(found["attributes"].values())


def test_profiles_name_the_default(client: TestClient) -> None:
    found = client.get("/v1/profiles").json()
    assert [(one["id"], one["default"]) for one in found["profiles"]] == [
        ("uk", True),
        ("us", False),
    ]
    assert found["site"] is None
    assert found["profiles"][0]["packs"][0] == "safety"


# --- rules ----------------------------------------------------------------------------------


def test_every_rule_is_listed_and_shown(client: TestClient) -> None:
    listed = client.get("/v1/rules").json()["rules"]
    library = open_library()
    for kind, ids in (
        ("rule", [r.id for p in library.packs.values() for r in p.pack.rules]),
        ("restriction", [r.id for p in library.packs.values() for r in p.pack.restrictions]),
        ("decision", [t for p in library.packs.values() for t in p.decisions]),
    ):
        assert sorted(one["id"] for one in listed if one["kind"] == kind) == sorted(ids)
    for one in listed[::40]:
        found = client.get(f"/v1/rules/{one['id']}", params={"pack": one["pack"]})
        assert found.status_code == 200
        assert {name: found.json()[name] for name in one} == one


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"pack": "safety"}, lambda one: one["pack"] == "safety"),
        ({"topic": "potassium"}, lambda one: one["topic"] == "potassium"),
        ({"urgency": "emergency"}, lambda one: one["urgency"] == "emergency"),
        ({"kind": "decision"}, lambda one: one["kind"] == "decision"),
        (
            {"pack": "safety", "urgency": "urgent"},
            lambda one: (one["pack"], one["urgency"]) == ("safety", "urgent"),
        ),
    ],
)
def test_filters(client: TestClient, query: dict[str, str], holds: object) -> None:
    everything = client.get("/v1/rules").json()["rules"]
    found = client.get("/v1/rules", params=query).json()
    assert callable(holds)
    assert found["rules"] == [one for one in everything if holds(one)]
    assert 0 < found["count"] == len(found["rules"]) < len(everything)


def test_what_braces_are_is_said_where_there_are_any(client: TestClient) -> None:
    rules = {one.id: one.note for pack in open_library().packs.values() for one in pack.pack.rules}
    with_some = next(name for name, note in rules.items() if "{" in note.summary)
    without = next(name for name, note in rules.items() if "{" not in note.summary + note.detail)
    for form in ("text/html", "text/plain"):
        for name, said in ((with_some, True), (without, False)):
            page = client.get(f"/v1/rules/{name}", headers={"Accept": form}).text
            assert ("in braces is filled in" in page) == said


def test_a_rule_tells_all_it_rests_on(client: TestClient) -> None:
    found = client.get("/v1/rules/b12-confirmed-total").json()
    cut = next(one for one in found["thresholds"] if one["name"] == "total_b12_low")
    content = open_library().packs["ng239"].pack.thresholds["total_b12_low"]
    assert content.value is not None
    assert {one["unit"]: one["value"] for one in cut["figures"]} == {
        unit: f"{value:f}" for unit, value in content.value.items()
    }
    assert cut["evidence"][0]["check"] and cut["evidence"][0]["sources"][0]["title"]
    rule = next(r for r in open_library().packs["ng239"].pack.rules if r.id == found["id"])
    assert [one["row"] for one in found["evidence"]] == list(rule.evidence)
    assert [one["expect"] for one in found["cases"]] == [one.expect for one in rule.cases]
    assert found["note"]["summary"] == rule.note.summary
    assert all(found["when"]) and found["urgency"] == rule.note.urgency


def test_cut_off_of_one_name_is_shown_from_the_pack_it_stands_in(client: TestClient) -> None:
    """A pack that has a cut-off of a name another has too does not lend it its own figures."""
    found = client.get("/v1/rules/b12_status", params={"pack": "nih-ods"}).json()
    library = open_library()
    for cut in found["thresholds"]:
        assert cut["says"] == library.packs[cut["pack"]].pack.thresholds[cut["name"]].meaning
    assert {one["pack"] for one in found["thresholds"] if one["name"] == "mma_upper"} == {
        "ng239",
        "nih-ods",
    }


def test_decision_is_that_of_the_pack_that_decides(client: TestClient) -> None:
    found = client.get("/v1/rules/b12_status").json()
    assert (found["pack"], found["decides_in"]) == ("ng239", ["uk"])
    other = client.get("/v1/rules/b12_status", params={"pack": "aafp-2025"}).json()
    assert (other["pack"], other["decides_in"]) == ("aafp-2025", ["us"])
    assert "aafp-2025" in found["also_in"]


@pytest.mark.parametrize("name", ["b12-confirmed-total", "b12_status", "restriction"])
def test_page_and_text_of_an_entry(client: TestClient, name: str) -> None:
    if name == "restriction":
        listed = client.get("/v1/rules", params={"kind": "restriction"}).json()["rules"]
        name = listed[0]["id"]
    path = f"/v1/rules/{name}"
    entry = client.get(path).json()
    page = client.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in page.headers["vary"]
    html5lib.HTMLParser(strict=True).parse(page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src" not in policy
    assert "<script" not in page.text and " style=" not in page.text
    text = client.get(path, headers={"Accept": "text/plain"})
    assert text.headers["content-type"].startswith("text/plain")
    words = " ".join(text.text.split())
    for row in entry["evidence"]:
        assert row["row"] in page.text and row["row"] in words
    for case in entry["cases"]:
        assert case["expect"] in words
    tags = {client.get(path, headers={"Accept": a}).headers["etag"] for a in ("text/html", "*/*")}
    assert len(tags) == 2
    assert client.get(path, params={"_format": "text"}).text == text.text


def test_every_entry_can_be_shown_to_people(client: TestClient, interpreter: Interpreter) -> None:
    from corrin.api.catalogue import pages
    from corrin.api.catalogue.shelf import prepare

    shelf = prepare(interpreter)
    for several in shelf.rules.values():
        for entry in several:
            pack = shelf.packs[entry.pack]
            assert entry.title in pages.html(entry, pack).replace("&#39;", "'").replace(
                "&#34;", '"'
            ).replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
            assert pages.text(entry, pack).count("\n") > 5


# --- what is not there ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/v1/packs/ng240", "ng239"),
        ("/v1/packs/ng293/source-attributes", "ng239"),
        ("/v1/rules/b12-confirmed-totl", "b12-confirmed-total"),
        ("/v1/analytes/potasium", "potassium"),
    ],
)
def test_unknown_id_names_the_nearest(client: TestClient, path: str, near: str) -> None:
    found = client.get(path)
    assert found.status_code == 404
    assert found.headers["content-type"] == "application/problem+json"
    assert near in found.json()["faults"][0]["nearest"]


def test_what_was_sent_is_not_repeated(client: TestClient) -> None:
    for path in ("/v1/rules/", "/v1/packs/", "/v1/analytes/", "/v1/analytes?x="):
        assert "zebra-name" not in client.get(f"{path}zebra-name").text
    assert "zebra" not in client.get("/v1/rules?pack=zebra&topic=zebra").text


@pytest.mark.parametrize(
    "query",
    [
        "pack=ng239&pack=safety",
        "urgncy=soon",
        "urgency=sooner",
        "pack=ng240",
        "topic=potasium",
        "kind=note",
        "q=b12",
    ],
)
def test_a_filter_that_filters_nothing_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/v1/rules?{query}").status_code == 422


@pytest.mark.parametrize(
    ("query", "path", "says"),
    [
        ("urgency=sooner", "urgency", "'emergency', 'urgent', 'soon' or 'routine'"),
        ("kind=note", "kind", "'rule', 'restriction' or 'decision'"),
        ("topic=" + "z" * 121, "topic", "longer than 120 characters"),
        ("pack=ng240", "pack", "no pack of this id"),
        ("pack=ng239&pack=safety", "pack", "more than once"),
    ],
)
def test_a_filter_is_refused_in_plain_words(
    client: TestClient, query: str, path: str, says: str
) -> None:
    found = client.get(f"/v1/rules?{query}").json()
    assert found["faults"][0]["path"] == path
    assert says in found["detail"]
    assert "error" not in found["detail"] and "string_" not in found["detail"]


@pytest.mark.parametrize("path", READ[:7])
def test_form_that_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_long_ids_cost_nothing(client: TestClient) -> None:
    for path in ("/v1/rules/", "/v1/packs/", "/v1/analytes/"):
        assert client.get(path + "a" * 5000).status_code == 422


# --- under a site file ----------------------------------------------------------------------


def test_rules_are_those_of_the_site(site: TestClient) -> None:
    found = site.get("/v1/rules/b12-confirmed-total").json()
    assert found["by_site"] == ["cut-off total_b12_low"]
    cut = next(one for one in found["thresholds"] if one["name"] == "total_b12_low")
    published = open_library().packs["ng239"].pack.thresholds["total_b12_low"].value
    assert published is not None
    for unit, value in published.items():
        assert f"{value:f} {unit}" in cut["upstream"]
        assert f"{value:f} {unit}" not in cut["used"]
    assert cut["set_by"] and cut["because"] and cut["source"]
    for kind in ("text/html", "text/plain"):
        said = site.get("/v1/rules/b12-confirmed-total", headers={"Accept": kind}).text
        said = " ".join(said.split())
        assert "set by the site" in said and cut["upstream"] in said
    profiles = site.get("/v1/profiles").json()
    assert [one["id"] for one in profiles["profiles"]] == ["uk"]
    assert cut["set_by"] == f"{profiles['site']['id']}@{profiles['site']['version']}"
    assert any("total_b12_low" in one for one in profiles["site"]["changes"])
    pack = next(one for one in site.get("/v1/packs").json()["packs"] if one["id"] == "ng239")
    assert pack["set_by_site"] == 1


# --- what a site adds -----------------------------------------------------------------------


def test_packs_run_besides_those_of_the_profile() -> None:
    client = TestClient(create_app(Settings(packs=("bsh-2014",))))
    packs = {one["id"]: one for one in client.get("/v1/packs").json()["packs"]}
    assert packs["bsh-2014"]["run_by"] == ["uk", "us"]
    assert packs["mayo-acasm"]["run_by"] == []


def test_packs_of_ones_own_are_shown_and_compared(tmp_path: Path) -> None:
    own_packs.framework(tmp_path, "own-probe", 200, 12)
    client = TestClient(create_app(Settings(packs_folders=(str(tmp_path),))))
    shown = client.get("/v1/rules/b12_status", params={"pack": "own-probe"}).json()
    cuts = {one["name"]: one["used"] for one in shown["thresholds"]}
    assert cuts["total_b12_low"] == "200 ng/L"
    body = own_packs.text(own_packs.person(own_packs.b12(190)))
    found = client.post(
        "/v1/compare?packs=ng239,own-probe&as_of=2026-11-01",
        content=body,
        headers={"Content-Type": "application/fhir+json"},
    )
    assert found.status_code == 200
    assert [one["framework"]["origin"] for one in found.json()["columns"]] == [
        "installed",
        "folder",
    ]
