"""What a deployment sets, from the environment (``CORRIN_*``). The only reader of it.

What others' standards name there (``OTEL_*``, ``PROMETHEUS_*``) is asked for here as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from corrin.api.loopback import is_loopback
from corrin.intake.limits import Limits
from corrin.interpretation import UsageError
from corrin.zone import zone_of

MiB = 1024 * 1024

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
_URL = re.compile(_ORIGIN.pattern + r"(/[^\s?#]*)?")

Words = Annotated[tuple[str, ...], NoDecode]
"""Several values, separated by commas or spaces in the environment."""


class Settings(BaseSettings):
    """Settings of one service process; every default is safe on its own.

    Raises:
        pydantic.ValidationError: a value cannot be used, or values do not go together.
    """

    model_config = SettingsConfigDict(
        env_prefix="CORRIN_", frozen=True, extra="ignore", str_strip_whitespace=True
    )

    # Where it listens, and how the world calls it.
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0: any free")
    workers: int = Field(default=1, ge=1, le=64, description="processes")
    public_url: str = Field(
        default="",
        description="URL under which clients reach the service, without a final slash; it stands "
        "in every canonical URL and link, and tokens are made out to it",
    )
    trusted_proxies: Words = Field(
        default=(), description="addresses or networks whose X-Forwarded-* headers are believed"
    )
    allowed_origins: Words = Field(
        default=(), description="origins of browser clients that may call (CORS); none by default"
    )
    tls_certificate: Path | None = Field(default=None, description="PEM certificate chain")
    tls_key: Path | None = Field(default=None, description="PEM private key")
    tls_client_ca: Path | None = Field(
        default=None, description="PEM of the authorities whose client certificates are required"
    )

    # What it runs.
    profile: str = Field(default="uk", description="profile used when a request names none")
    packs: Words = Field(
        default=(), description="packs run besides the profile's: id or id@version"
    )
    packs_folders: Words = Field(default=(), description="folders of packs of one's own")
    site_file: Path | None = Field(default=None, description="what the site sets for itself")
    zone: str = Field(
        default="UTC",
        description="where dates and times without a zone were written, at every door, like "
        "Australia/Sydney",
    )

    # Who may call.
    auth: Literal["none", "jwt"] = Field(
        default="none",
        description="none: loopback only; jwt: every door that takes data asks a token",
    )
    open_catalogue: bool = Field(
        default=True,
        description="under jwt, rules, packs, code systems and the pages about them are read "
        "without a token",
    )
    token_issuer: str = Field(
        default="", description="iss of access tokens (SMART Backend Services)"
    )
    token_audience: str = Field(default="", description="aud of access tokens; else the public URL")
    token_jwks_url: str = Field(default="", description="where the issuer's keys are")
    token_scopes: Words = Field(
        default=(
            "system/Observation.rs",
            "system/Observation.read",
            "system/*.rs",
            "system/*.read",
        ),
        description="scopes of which an access token must carry one",
    )
    hooks_clients: Path | None = Field(
        default=None,
        description="JSON file of CDS Hooks clients: a list of {iss, jwks_url, jku?, tenants?}",
    )
    token_leeway_seconds: int = Field(
        default=30, ge=0, le=60, description="how far a client's clock may be off"
    )
    token_life_seconds: int = Field(
        default=600, ge=60, le=3600, description="longest life of a CDS Hooks client's token"
    )
    replay_entries: int = Field(
        default=100_000, ge=100, description="token ids remembered until they expire, per process"
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="bearer token that /metrics asks for; else it is open"
    )

    # How much one request may hold and take.
    body_bytes: int = Field(default=16 * MiB, ge=1024, description="largest body, after unpacking")
    hooks_body_bytes: int = Field(default=5 * MiB, ge=1024, description="the same, for CDS Hooks")
    batch_bytes: int = Field(
        default=256 * MiB, ge=1024, description="largest NDJSON stream of cases, after unpacking"
    )
    batch_lines: int = Field(default=100_000, ge=1, description="cases in one NDJSON stream")
    line_bytes: int = Field(default=1 * MiB, ge=1024, description="largest line of that stream")
    depth: int = Field(default=64, ge=8, le=64, description="how deep JSON may nest")
    entries: int = Field(default=5_000, ge=1, le=20_000, description="resources in one request")
    inline_bytes: int = Field(
        default=64 * 1024, ge=0, description="bodies up to this are answered without a thread"
    )
    buffered_bytes: int = Field(
        default=128 * MiB,
        ge=1024,
        description="held of all bodies together, small ones not counted; else 429",
    )
    concurrency: int = Field(default=64, ge=1, description="requests in work at once; else 429")
    wait_seconds: float = Field(
        default=2.0, gt=0, description="how long a request may have waited for its turn; else 429"
    )
    connections: int = Field(
        default=512, ge=2, description="open connections; one that asks nothing makes room"
    )
    threads: int = Field(default=2, ge=1, le=64, description="threads for large requests")
    keep_alive_seconds: int = Field(
        default=65, ge=1, description="how long an idle connection is kept for the next request"
    )
    header_seconds: float = Field(default=10, gt=0, description="until a request's head is there")
    body_seconds: float = Field(default=30, gt=0, description="until a request's body is there")
    request_seconds: float = Field(default=30, gt=0, description="until a request is answered")
    shutdown_seconds: int = Field(
        default=30, ge=1, description="what is in flight may still take when told to stop"
    )

    # What it tells its operator.
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least that is logged"
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="json: one object a line; console: for a person to read"
    )
    metrics: bool = Field(default=True, description="serve /metrics")
    docs: bool = Field(default=True, description="serve /docs and /openapi.json")
    page: bool = Field(default=True, description="serve the page for people at /")

    @field_validator(
        "trusted_proxies",
        "allowed_origins",
        "packs",
        "packs_folders",
        "token_scopes",
        mode="before",
    )
    @classmethod
    def _several(cls, given: object) -> object:
        return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given

    @field_validator("public_url")
    @classmethod
    def _whole_url(cls, given: str) -> str:
        if given and not _URL.fullmatch(given):
            raise ValueError(
                "this is no URL like https://apps.example.org/corrin: "
                "it begins with https:// or http://, and has no query"
            )
        return given

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, given: str) -> str:
        try:
            zone_of(given)
        except UsageError as error:
            raise ValueError(f"{error.message} {error.hint}") from None
        return given

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            try:
                ip_network(one, strict=False)
            except ValueError:
                raise ValueError(f"{one} is no address or network, like 10.0.0.0/8") from None
        return given

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            if not _ORIGIN.fullmatch(one):
                raise ValueError(
                    f"{one} is no origin, like https://ehr.example.org: name each in full, "
                    "without a path or a final slash"
                )
        return given

    @model_validator(mode="after")
    def _together(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("CORRIN_TLS_CERTIFICATE and CORRIN_TLS_KEY go together")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError(
                "CORRIN_TLS_CLIENT_CA asks for client certificates, which needs "
                "CORRIN_TLS_CERTIFICATE and CORRIN_TLS_KEY"
            )
        if self.auth == "none" and not self.loopback:
            raise ValueError(
                "CORRIN_AUTH=none listens on loopback only; set CORRIN_AUTH=jwt, or let "
                "CORRIN_HOST be 127.0.0.1 behind a gateway that checks tokens"
            )
        if self.auth == "jwt" and not self.public_url:
            raise ValueError("CORRIN_AUTH=jwt needs CORRIN_PUBLIC_URL: tokens are made out to it")
        return self

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)

    @property
    def base(self) -> str:
        """The public URL, without a final slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        scheme = "https" if self.tls_certificate else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"

    def limits(self, *, hooks: bool = False) -> Limits:
        """What the reader holds one request to."""
        return Limits(
            bytes=self.hooks_body_bytes if hooks else self.body_bytes,
            depth=self.depth,
            entries=self.entries,
        )


def standard(name: str) -> str:
    """A variable of somebody else's standard; empty where it is not set."""
    return os.environ.get(name, "")


def variables(prefix: str) -> dict[str, str]:
    """The variables whose names begin with a prefix, by name."""
    return {name: os.environ[name] for name in sorted(os.environ) if name.startswith(prefix)}


def put(values: Mapping[str, str]) -> None:
    """Set variables, for this process and those it starts."""
    os.environ.update(values)
