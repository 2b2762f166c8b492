"""Files that people brought for a run, downloaded as they were pressed."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.errors import NoSuchArtifact
from pushbutton.runtime import history, input_files
from pushbutton.web.http import sending
from pushbutton.web.http.context import actor_of, core_of
from pushbutton.web.http.numbers import number_of
from pushbutton.web.http.operation import operation


@operation(
    "A file that was brought for an input",
    "runs",
    description="`name` is the input's. The file as it was pressed: one that is not what it was is not shown.",
)
async def download(request: Request, number: str, name: str) -> Response:
    core = core_of(request)
    run = await history.given(core, actor_of(request), number_of(number))
    upload = input_files.named(core.catalog.tasks().get(run.task), run.inputs).get(name)
    file = await input_files.look(core, run, name, upload) if upload else None
    missing = NoSuchArtifact(run.id, name[:200])
    if file is None or upload is None:
        raise missing
    return await sending.file(request, core.files, file.name, upload.name, missing)
