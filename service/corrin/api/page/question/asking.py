"""What is asked about an answer: the case comes along, the answer is made again and asked.

Every such door answers the part alone where script asks for it, and otherwise the whole page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from corrin import UsageError
from corrin.api.error import as_problem
from corrin.api.page import layout
from corrin.api.page.answer import view
from corrin.api.page.answered import Answered, answer
from corrin.api.page.enter import again, form
from corrin.api.page.submission import Fields, submission_of
from corrin.api.problem import Problem
from corrin.intake import IntakeError


async def asked(request: Request, fields: Fields, show: Callable[[Answered], Response]) -> Response:
    """What is shown of the answer of the case that came along, or why there is none.

    Made in a thread, since it takes longer than an interpretation.
    """
    interpreter = layout.interpreter(request)

    def job() -> Response:
        return show(answer(submission_of(fields), interpreter))

    try:
        return await to_thread.run_sync(job, limiter=interpreter.threads)
    except (Problem, IntakeError, UsageError) as error:
        return _refused(request, error)


def whole(
    request: Request, answered: Answered, fields: Fields, status: int = 200, **more: Any
) -> Response:
    """The whole page with its answer, and with what was asked of it."""
    filled = form.form_of(again.entered(fields), layout.interpreter(request), settled=True)
    seen = {**view.view(answered), **more}
    return layout.show(request, "home.html.j2", status, form=filled, **seen)


def _refused(request: Request, error: Exception) -> Response:
    """Why there is no answer to what was asked."""
    problem = as_problem(error)
    name = "faults.html.j2" if layout.in_part(request) else "refused.html.j2"
    return layout.show(request, name, problem.status, problem=problem)
