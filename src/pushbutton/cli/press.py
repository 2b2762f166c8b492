import typer


def add(app: typer.Typer, panel: str) -> None: ...
