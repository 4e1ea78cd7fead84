"""Which paths are answered without a token. Whatever is not named here asks for one."""

from __future__ import annotations

import re

from starlette.types import Scope

METRICS = "/metrics"
HEALTH = ("/livez", "/readyz")

_READ = ("GET", "HEAD")

# What a FHIR client reads before it can ask for a token at all.
_METADATA = "/fhir/metadata"

# Rules, packs, code systems and the pages about them: no patient's data, and cards link there.
_CATALOGUE = re.compile(
    r"/|/docs|/openapi\.json|/v1/profiles|/page/static/.+|/examples(?:/[^/]+)?|/rules(?:/.*)?"
    r"|/v1/(?:rules|packs|analytes)(?:/[^/]+)?|/v1/packs/[^/]+/source-attributes"
    r"|/fhir/(?:CodeSystem|ValueSet|Library|PlanDefinition|OperationDefinition)(?:/[^/]+)?"
)


def path_of(scope: Scope) -> str:
    """The path of a request as the router sees it: without what an app is mounted under."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def is_open(path: str, method: str, *, catalogue: bool) -> bool:
    """Whether a request needs no token.

    Args:
        path: of the request, or of a route as its template.
        catalogue: whether what holds no patient's data is open to read.
    """
    if path in HEALTH:
        return True
    if method not in _READ:
        return False
    return path == _METADATA or (catalogue and _CATALOGUE.fullmatch(path) is not None)


def brings_body(scope: Scope) -> bool:
    """Whether a body comes with a request, or may."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )
