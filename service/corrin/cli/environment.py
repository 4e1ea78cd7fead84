"""The settings of the service as a command finds them: read, and what is wrong with them told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from corrin.cli.trouble import ExitCode, Stopped, Trouble

if TYPE_CHECKING:
    from corrin.api.settings import Settings

PREFIX = "CORRIN_"
_PASSWORD = re.compile(r"//[^/@\s]+@")
_SEE = "`corrin config` lists every setting, what it means and what it is."


def settings(given: Mapping[str, object]) -> Settings:
    """The settings of the environment, with some given by options, which come first.

    What was given is put into the environment, where further processes find it.

    Args:
        given: by the name of a setting; None where the option was not used.

    Raises:
        Stopped: a setting cannot be used, or the service is not installed (2).
    """
    used = {name: str(value) for name, value in given.items() if value is not None}
    try:
        from pydantic import ValidationError

        from corrin.api.settings import Settings, put
    except ImportError as error:
        raise Stopped(
            ExitCode.USAGE,
            Trouble(
                "The service is not installed.",
                why=f"There is no module {error.name}.",
                do="Install Corrin with its service: pip install 'corrin[service]'",
            ),
        ) from error
    put({variable(name): value for name, value in used.items()})
    try:
        return Settings()
    except ValidationError as error:
        raise Stopped(
            ExitCode.USAGE, *(_wrong(one, used) for one in error.errors(include_url=False))
        ) from None


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def unknown() -> list[Trouble]:
    """A trouble for each variable that looks like a setting and is none."""
    from corrin.api.settings import Settings, variables

    known = [variable(name) for name in Settings.model_fields]
    found = []
    for name in variables(PREFIX):
        if name.upper() in known:
            continue
        near = get_close_matches(name, known, 1, 0.8)
        if near:
            found.append(
                Trouble(
                    "A setting of this name does not exist; it was not used.",
                    name,
                    do=f"Did you mean {near[0]}?",
                )
            )
    return found


def told(settings: Settings) -> list[dict[str, Any]]:
    """Every setting in effect: its variable, value, default, where it comes from, what it says.

    Secrets are masked: a token whole, a password within a URL.
    """
    rows = []
    for name, field in type(settings).model_fields.items():
        given = name in settings.model_fields_set
        rows.append(
            {
                "setting": name,
                "variable": variable(name),
                "value": _shown(getattr(settings, name)),
                "default": _shown(field.get_default()),
                "from": "environment" if given else "default",
                "says": field.description or "",
            }
        )
    return rows


def defaults(kind: type[Settings]) -> list[tuple[str, str, str]]:
    """Every setting before anything is set: its variable, what it is, its default in words."""
    rows = []
    for name, field in kind.model_fields.items():
        value = field.get_default()
        if isinstance(value, tuple):
            value = " ".join(value)
        said = (
            ""
            if value is None or value == ""
            else f"`{str(value).lower() if isinstance(value, bool) else value}`"
        )
        rows.append((variable(name), field.description or "", said))
    return rows


def _shown(value: object) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, tuple):
        return [_shown(one) for one in value]
    return _PASSWORD.sub("//***@", str(value))  # a secret shows as stars of itself


def _wrong(error: Mapping[str, Any], used: Mapping[str, str]) -> Trouble:
    from corrin.api.settings import Settings, standard

    said = error["msg"].removeprefix("Value error, ")
    why = said[:1].upper() + said[1:] + ("" if said.endswith(".") else ".")
    if not error["loc"]:
        return Trouble("The settings do not go together.", "the environment", why, _SEE)
    name = str(error["loc"][0])
    field = Settings.model_fields.get(name)
    where = variable(name)
    if name in used:
        where += f" (--{name.replace('_', '-')})"
    do = f"What it means: {field.description}. {_SEE}" if field and field.description else _SEE
    if name == "port" and standard(where).startswith("tcp://"):
        do = (
            "Kubernetes sets this variable for a Service named corrin: set "
            "enableServiceLinks: false in the pod, or name the Service otherwise."
        )
    return Trouble("A setting cannot be used.", where, why, do)
