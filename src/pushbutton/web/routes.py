"""Every address of the web, in one table. Of two that fit, the first one counts."""

from __future__ import annotations

from typing import Final

from starlette.routing import Route

from .api import approvals, credentials, health, inputs, metrics, notes, output, runs, tasks, uploads
from .api import aside as aside_api
from .api import audit as audit_api
from .api import channels as channels_api
from .api import files_seen as files_seen_api
from .api import hooks as hooks_api
from .api import pauses as pauses_api
from .api import presets as presets_api
from .api import schedules as schedules_api
from .api import told as told_api
from .api import workers as workers_api
from .api.reference import Call, Stream, openapi
from .live import endpoints as live
from .pages import administration, base, device, find, history, link_holder, links, people, profile, sign_in, task_form
from .pages import approvals as approvals_page
from .pages import aside as aside_page
from .pages import audit as audit_page
from .pages import channels as channels_page
from .pages import comments as comments_page
from .pages import files_seen as files_seen_page
from .pages import hooks as hooks_page
from .pages import messages as messages_page
from .pages import pauses as pauses_page
from .pages import presets as presets_page
from .pages import reference as reference_page
from .pages import run as run_page
from .pages import schedule as schedule_page
from .pages import schedules as schedules_page
from .pages import settings as settings_page
from .pages import tasks as tasks_page
from .pages import tokens as tokens_page
from .pages import workers as workers_page


def page(path: str, endpoint: base.Endpoint) -> Route:
    return Route(path, base.page(endpoint))


def form(path: str, endpoint: base.Endpoint, limits: base.Limits = base.few) -> Route:
    """The route of a form that pages send."""
    return Route(path, base.page(endpoint, limits), methods=["POST"])


REPORTS: Final[tuple[Route, ...]] = (Call("POST", "/api/runs/{number}/events", runs.report_events),)
"""The routes that jobs call."""

API: Final[tuple[Route, ...]] = (
    # Streams and bytes first: their paths lie below those of the rest.
    Stream("/api/events", live.all_events),
    Stream("/api/tasks/{slug}/events", live.task_events),
    Stream("/api/runs/{number}/events", live.run_events),
    Stream("/api/runs/{number}/output/stream", live.output_stream),
    Stream("/api/runs/{number}/output", output.output),
    Stream("/api/runs/{number}/output/lines", output.lines),
    Stream("/api/runs/{number}/output/search", output.find),
    Stream("/api/runs/{number}/output/plain", output.plain),
    Call("GET", "/api/tasks", tasks.tasks),
    Call("GET", "/api/tasks/{slug}", tasks.task),
    Call("POST", "/api/tasks/{slug}/runs", tasks.press_task),
    Call("GET", "/api/runs", runs.runs),
    Call("GET", "/api/runs/{number}", runs.run),
    Call("POST", "/api/runs/{number}/cancel", runs.cancel_run),
    Call("POST", "/api/runs/{number}/move", runs.move_run),
    Call("POST", "/api/runs/{number}/comments", runs.comment),
    Call("POST", "/api/tasks/{slug}/pause", pauses_api.pause),
    Call("POST", "/api/tasks/{slug}/resume", pauses_api.resume),
    Call("GET", "/api/tasks/{slug}/presets", presets_api.listed),
    Call("POST", "/api/tasks/{slug}/presets", presets_api.keep),
    Call("DELETE", "/api/tasks/{slug}/presets/{id}", presets_api.remove),
    Call("GET", "/api/tasks/{slug}/files", files_seen_api.listed),
    Call("POST", "/api/tasks/{slug}/files/{number}/again", files_seen_api.again),
    Call("POST", "/api/pause", pauses_api.pause_everything),
    Call("POST", "/api/resume", pauses_api.resume_everything),
    Call("GET", "/api/schedules", schedules_api.listed),
    Call("POST", "/api/schedules", schedules_api.make),
    Call("POST", "/api/schedules/pause", schedules_api.pause_all),
    Call("POST", "/api/schedules/resume", schedules_api.resume_all),
    Call("GET", "/api/schedules/{slug}/{name}", schedules_api.one),
    Call("PUT", "/api/schedules/{slug}/{name}", schedules_api.change),
    Call("DELETE", "/api/schedules/{slug}/{name}", schedules_api.remove),
    Call("GET", "/api/schedules/{slug}/{name}/firings", schedules_api.firings),
    Call("POST", "/api/schedules/{slug}/{name}/pause", schedules_api.pause),
    Call("POST", "/api/schedules/{slug}/{name}/resume", schedules_api.resume),
    Call("GET", "/api/channels", channels_api.listed),
    Call("POST", "/api/channels", channels_api.add),
    Call("DELETE", "/api/channels/{name}", channels_api.remove),
    Call("POST", "/api/channels/{name}/test", channels_api.test),
    Call("GET", "/api/told", told_api.told),
    Call("GET", "/api/workers", workers_api.listed),
    Call("POST", "/api/workers/{name}/drain", workers_api.drain),
    Call("POST", "/api/workers/{name}/resume", workers_api.resume),
    Call("POST", "/api/runs/{number}/lose", runs.lose_run),
    Call("GET", "/api/approvals", approvals.approvals),
    Call("GET", "/api/runs/{number}/plan", approvals.plan_of_run),
    Call("POST", "/api/runs/{number}/approve", approvals.approve_run),
    Call("POST", "/api/runs/{number}/reject", approvals.reject_run),
    *REPORTS,
    Call("POST", "/api/events", notes.say),
    Call("GET", "/api/runs/{number}/artifacts/{name}", runs.artifact),
    Call("GET", "/api/runs/{number}/tables/{place}", runs.table),
    Call("POST", "/api/uploads", uploads.upload),
    Call("GET", "/api/health", health.health),
    Stream("/livez", health.live),
    Stream("/readyz", health.ready),
    Stream("/metrics", metrics.metrics),
    Call("GET", "/api/audit", audit_api.records),
    Call("POST", "/api/audit/check", audit_api.check),
    Call("GET", "/api/runs/{number}/inputs/{name}", inputs.download),
    Call("GET", "/api/aside", aside_api.listed),
    Call("POST", "/api/runs/{number}/release", aside_api.release),
    Call("GET", "/api/tokens", credentials.list_tokens),
    Call("POST", "/api/tokens", credentials.make_token),
    Call("DELETE", "/api/tokens/{name}", credentials.revoke_token),
    Call("GET", "/api/links", credentials.list_links),
    Call("POST", "/api/links", credentials.make_link),
    Call("DELETE", "/api/links/{name}", credentials.revoke_link),
    Call("POST", "/hooks/{id}", hooks_api.call),
    Call("GET", "/api/hooks", hooks_api.listed),
    Call("POST", "/api/hooks", hooks_api.make),
    Call("GET", "/api/hooks/{id}", hooks_api.one),
    Call("DELETE", "/api/hooks/{id}", hooks_api.remove),
    Call("POST", "/api/hooks/{id}/pause", hooks_api.pause),
    Call("POST", "/api/hooks/{id}/resume", hooks_api.resume),
    Call("POST", "/api/hooks/{id}/secret", hooks_api.renew),
    Call("GET", "/api/hooks/{id}/deliveries", hooks_api.deliveries),
    Call("POST", "/api/hooks/{id}/deliveries/{number}/again", hooks_api.again),
    Call("POST", "/api/asks", credentials.ask),
    Call("POST", "/api/asks/answer", credentials.answered),
)

PAGES: Final[tuple[Route, ...]] = (
    page("/", tasks_page.tasks),
    page("/tasks/{slug}", task_form.task),
    form("/tasks/{slug}", task_form.press, task_form.limits),
    form("/tasks/{slug}/presets", presets_page.keep, task_form.limits),
    form("/tasks/{slug}/presets/{id}/remove", presets_page.remove),
    form("/tasks/{slug}/pause", pauses_page.pause),
    form("/tasks/{slug}/resume", pauses_page.resume),
    page("/tasks/{slug}/files", files_seen_page.listed),
    form("/tasks/{slug}/files", files_seen_page.again),
    form("/pause", pauses_page.pause_everything),
    form("/resume", pauses_page.resume_everything),
    page("/tasks/{slug}/hand-over", links.form),
    form("/tasks/{slug}/hand-over", links.make, links.limits),
    page("/tasks/{slug}/hook", hooks_page.form),
    form("/tasks/{slug}/hook", hooks_page.make, hooks_page.limits),
    form("/tasks/{slug}/follow", messages_page.follow),
    page("/runs/{number}", run_page.run),
    page("/runs/{number}/updates", run_page.updates),
    page("/runs/{number}/stop", run_page.stop_question),
    form("/runs/{number}/stop", run_page.stop),
    page("/runs/{number}/move", run_page.move_question),
    form("/runs/{number}/move", run_page.move),
    form("/runs/{number}/comments", comments_page.comment),
    form("/runs/{number}/tell", messages_page.await_end),
    form("/runs/{number}/approve", approvals_page.approve_run),
    form("/runs/{number}/reject", approvals_page.reject_run),
    page("/inbox", approvals_page.inbox),
    page("/approvals", approvals_page.moved),
    page("/schedules", schedules_page.listed),
    page("/calendar/{text}.ics", schedules_page.feed),
    form("/schedules/calendar", schedules_page.subscribe),
    form("/schedules/pause", schedules_page.pause_all),
    form("/schedules/resume", schedules_page.resume_all),
    page("/tasks/{slug}/schedule", schedule_page.form),
    form("/tasks/{slug}/schedule", schedule_page.make, schedule_page.limits),
    page("/schedules/{slug}/{name}", schedule_page.one),
    form("/schedules/{slug}/{name}", schedule_page.change, schedule_page.limits),
    form("/schedules/{slug}/{name}/remove", schedule_page.remove),
    form("/schedules/{slug}/{name}/pause", schedules_page.pause),
    form("/schedules/{slug}/{name}/resume", schedules_page.resume),
    page("/find", find.find),
    page("/history", history.runs),
    page("/history.csv", history.runs_csv),
    form("/history/views", history.keep),
    form("/history/views/{id}/remove", history.remove),
    page("/administration", administration.overview),
    page("/administration/tasks", administration.tasks),
    page("/administration/secrets", administration.secrets),
    page("/administration/storage", administration.storage),
    page("/administration/settings", administration.settings),
    page("/workers", workers_page.listed),
    form("/workers/{name}/drain", workers_page.drain),
    form("/workers/{name}/resume", workers_page.resume),
    form("/runs/{number}/lose", workers_page.lose),
    page("/aside", aside_page.page),
    form("/aside", aside_page.decide),
    form("/theme", settings_page.settings),
    form("/favourites", settings_page.favourite),
    page("/link/{text}", link_holder.link),
    form("/link/{text}", link_holder.press, link_holder.limits),
    page("/signin", sign_in.form),
    form("/signin", sign_in.password),
    page("/signin/code", sign_in.code_form),
    form("/signin/code", sign_in.code),
    page("/signin/elsewhere", sign_in.elsewhere),
    page("/signin/return", sign_in.returned),
    form("/signout", sign_in.sign_out),
    page("/invite/{secret}", sign_in.invitation),
    form("/invite/{secret}", sign_in.redeem),
    page("/profile", profile.profile),
    form("/profile/password", profile.password),
    page("/profile/factor", profile.factor_form),
    form("/profile/factor", profile.factor),
    form("/profile/factor/drop", profile.drop_factor),
    form("/profile/sessions/{id}", profile.end_session),
    page("/profile/messages", messages_page.shown),
    form("/profile/messages", messages_page.keep, messages_page.limits),
    form("/profile/messages/address", messages_page.address),
    page("/profile/address/{text}", messages_page.question),
    form("/profile/address/{text}", messages_page.confirm),
    page("/profile/tokens", tokens_page.listed),
    form("/profile/tokens", tokens_page.make, tokens_page.limits),
    form("/profile/tokens/revoke", tokens_page.revoke),
    page("/profile/links", links.listed),
    form("/profile/links/revoke", links.revoke),
    page("/profile/hooks", hooks_page.listed),
    page("/profile/hooks/{id}", hooks_page.one),
    form("/profile/hooks/{id}/{what}", hooks_page.act_on),
    page("/confirm", device.asked),
    form("/confirm", device.answer),
    page("/channels", channels_page.listed),
    page("/channels/new", channels_page.form),
    form("/channels/new", channels_page.add, channels_page.limits),
    form("/channels/{name}/remove", channels_page.remove),
    form("/channels/{name}/test", channels_page.test),
    page("/people", people.people),
    form("/people", people.add),
    form("/people/grants", people.grant),
    page("/people/{name}", people.person),
    form("/people/{name}", people.change),
    form("/people/{name}/{what}", people.act_on),
    page("/audit", audit_page.trail),
    form("/audit/check", audit_page.check),
    page("/audit.csv", audit_page.as_table),
    page("/audit.jsonl", audit_page.as_lines),
    page("/api", reference_page.api_page),
    Route("/api/openapi.json", openapi),
)

ROUTES: Final[tuple[Route, ...]] = (*API, *PAGES)
