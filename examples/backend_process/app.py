"""A page with one button: `python examples/backend_process/app.py`, then http://127.0.0.1:8080/."""

import logging
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pushbutton import Event, Pushbutton
from pushbutton.web.http.origin_guard import Guard

HERE = Path(__file__).parent
TASK = "backend-process"
buttons = Pushbutton(HERE / "process.py")


def show(event: Event) -> tuple[str, str] | None:
    """The frames of the stream: what was said, and which run is in which state."""
    if event.kind == "state":
        return "state", f"{event.run} {event.data['state']}"
    if event.kind not in {"status", "note"}:
        return None
    source = event.data.get("source") or ("BackendProcess" if event.kind == "status" else "Pushbutton")
    time = datetime.fromtimestamp(event.at / 1e6).astimezone()
    return "status_event", f"{time:%H:%M:%S} {source}: {event.data['text']}"


async def page(_: Request) -> Response:
    return FileResponse(HERE / "page" / "index.html")


async def run(_: Request) -> Response:
    await buttons.press(TASK)
    return Response(status_code=204)


async def stream(request: Request) -> Response:
    last = await buttons.latest(TASK)
    return await buttons.stream(request, show, task=TASK, first=[("state", f"{last.id} {last.state}" if last else "0")])


async def status_event(request: Request) -> Response:
    if not (text := request.query_params.get("data", "")[:2000]):
        return PlainTextResponse("Say something, such as /status_event?data=hello\n", 400)
    await buttons.say(text, source="Visitor", task=TASK)
    return Response(status_code=204)


app = Starlette(
    routes=[
        Route("/", page),
        Route("/run", run, methods=["POST"]),
        Route("/stream", stream),
        Route("/status_event", status_event, methods=["POST"]),
        Mount("/page", StaticFiles(directory=HERE / "page")),
        Mount("/", buttons),  # everything else: Pushbutton's own pages and API
    ],
    middleware=[Middleware(Guard, hosts=frozenset({"localhost"}))],  # no other web site presses our button
    lifespan=buttons.lifespan,
)

if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    logging.getLogger("pushbutton").setLevel(logging.INFO)  # says where it serves
    buttons.serve(app)
