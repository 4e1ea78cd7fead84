"""The CDS Hooks clients a site trusts: a JSON file, read once at start."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from corrin import UsageError
from corrin.api.auth.fetch import trusted


class HooksClient(BaseModel):
    """One client.

    Attributes:
        iss: as its tokens say it, letter by letter.
        jwks_url: where its keys are; https, or http on this machine.
        jku: what its tokens may say as ``jku``; else the same URL.
        tenants: of which its tokens must name one; when None, what they say is not looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    iss: str = Field(min_length=1)
    jwks_url: str
    jku: str | None = Field(default=None, min_length=1)
    tenants: list[str] | None = Field(default=None, min_length=1)

    @field_validator("jwks_url")
    @classmethod
    def _trusted(cls, given: str) -> str:
        if not trusted(given):
            raise ValueError("keys are fetched by https only (or http on this machine)")
        return given

    @property
    def registered_jku(self) -> str:
        """The one ``jku`` that is taken."""
        return self.jku or self.jwks_url


def hooks_clients(path: Path) -> tuple[HooksClient, ...]:
    """The clients of a file.

    Raises:
        corrin.UsageError: it cannot be read, is of another form, or names an issuer twice.
    """
    try:
        found = tuple(TypeAdapter(list[HooksClient]).validate_json(path.read_bytes()))
    except OSError as error:
        raise UsageError(
            f"The file of CDS Hooks clients cannot be read: {error.strerror or 'unknown'}.",
            "Name it with CORRIN_HOOKS_CLIENTS, readable by the user the service runs as.",
        ) from None
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "the whole"
        raise UsageError(
            f"The file of CDS Hooks clients is not usable, at {where}: {wrong['msg']}.",
            "It is a JSON list of {iss, jwks_url, jku?, tenants?}; see docs/authentication.md.",
        ) from None
    if not found:
        raise UsageError("The file of CDS Hooks clients names none.", "Name one, or leave it out.")
    if len({client.iss for client in found}) < len(found):
        raise UsageError(
            "The file of CDS Hooks clients names an issuer twice.",
            "Keep one entry for each iss; its tenants go into one list.",
        )
    return found
