"""What streams promise, once more on the way through ASGI: as under another server, or inside another application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .serving import Served
from .test_streams import (  # noqa: F401  run here with the server below
    CHATTY,
    PRINTER,
    finished,
    test_a_finished_runs_stream_is_its_events_the_last_of_them_the_end_and_the_final_chunk,
    test_a_foreign_last_id_gets_a_runs_events_from_the_first,
    test_a_hundred_clients_cut_at_any_byte_get_the_output_to_the_byte,
    test_a_hundred_clients_cut_at_any_byte_miss_no_event_and_see_none_twice,
    test_a_quiet_stream_is_kept_open_by_comments_and_says_when_to_come_back,
    test_a_running_runs_stream_goes_on_to_its_end_and_the_final_chunk,
    test_clients_that_never_read_cost_little_hurt_nobody_and_are_dropped,
    test_head_gives_the_headers_and_no_body,
    test_headers_come_at_once_and_keep_proxies_from_holding_back,
    test_idle_viewers_cost_little_and_give_everything_back,
    test_who_has_everything_of_a_finished_run_is_told_to_stop_asking,
    test_whoever_comes_while_events_are_written_at_full_speed_gets_all_of_them,
)
from .worlds import script

WITHOUT = """
from pushbutton.web.http import connection
from pushbutton.web.live import writer
writer.CONNECTION = "a key that no request has"
open(__file__ + ".used", "w").close()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that finds no connection of its own behind a request."""
    folder, python = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("python")
    (python / "sitecustomize.py").write_text(WITHOUT)
    script(folder, "chatty.py", CHATTY)
    script(folder, "printer.py", PRINTER)
    script(folder, "quiet.sh", "echo hello; exec sleep 300")
    script(folder, "short.sh", 'echo "status one" >&3; echo hello')
    with Served(folder, ping=0.2, stall=1.5, env={"PYTHONPATH": str(python)}) as served:
        assert (python / "sitecustomize.py.used").exists()
        yield served
