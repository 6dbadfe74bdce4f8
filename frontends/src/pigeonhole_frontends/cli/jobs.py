"""`pigeonhole jobs`: the running platform's jobs, over its API."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pigeonhole_frontends.cli.exit_codes import ExitCode
from pigeonhole_frontends.cli.options import HomeOption, JsonOption, platform_settings
from pigeonhole_frontends.cli.terminal import fail, percent, print_json, progress, reported_errors, stdout, table

if TYPE_CHECKING:
    from pigeonhole_api.client import PlatformClient
    from pigeonhole_api.models import Document, Job

app = typer.Typer(
    help="Submit files to the running platform and follow them.", no_args_is_help=True, rich_markup_mode=None
)

UrlOption = Annotated[
    str,
    typer.Option("--url", help="The API; by default the platform on this machine.", envvar="PIGEONHOLE_APP_API_URL"),
]
TokenOption = Annotated[
    str, typer.Option("--token", help="The access token; by default this machine's.", envvar="PIGEONHOLE_APP_TOKEN")
]
ReferenceArgument = Annotated[str, typer.Argument(help="The job's reference or id.")]


@app.command("list")
def list_jobs(
    url: UrlOption = "", token: TokenOption = "", home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """List the jobs, the newest first.

    Examples:

      pigeonhole jobs list

      pigeonhole jobs list --json
    """
    with connected(url, token, home) as client:
        jobs = client.jobs().jobs
    if as_json:
        print_json([job.model_dump(mode="json") for job in jobs])
    else:
        columns = ("reference", "state", "documents", "classified", "review", "failed", "created")
        rows = [_row(job) for job in jobs]
        stdout().print(table("", columns, rows, right=("documents", "classified", "review", "failed")))


@app.command("submit")
def submit(
    reference: Annotated[str, typer.Argument(help="Your own name for the job; the same name again is the same job.")],
    files: Annotated[list[Path], typer.Argument(help="The files; of two with one name the second is numbered.")],
    wait: Annotated[bool, typer.Option(help="Wait for the results and print them.")] = True,
    url: UrlOption = "",
    token: TokenOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Upload files as one job and print their classes.

    Examples:

      pigeonhole jobs submit monday-batch scans/*.pdf

      pigeonhole jobs submit monday-batch scans/*.pdf --no-wait
    """
    missing = [path for path in files if not path.is_file()]
    if missing:
        fail(f"'{missing[0]}' is not a file.", ExitCode.USAGE)
    with connected(url, token, home) as client:
        job = client.submit_job(reference, [(path.name, path) for path in files])
        if wait:
            _wait(client, job)
        _print_job(client, job.id, as_json=as_json)


@app.command("show")
def show(
    reference: ReferenceArgument,
    url: UrlOption = "",
    token: TokenOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a job's documents and their classes.

    Examples:

      pigeonhole jobs show monday-batch

      pigeonhole jobs show monday-batch --json
    """
    with connected(url, token, home) as client:
        _print_job(client, _find(client, reference).id, as_json=as_json)


@app.command("cancel")
def cancel(reference: ReferenceArgument, url: UrlOption = "", token: TokenOption = "", home: HomeOption = None) -> None:
    """Cancel what a job has not begun yet.

    Examples:

      pigeonhole jobs cancel monday-batch

      pigeonhole jobs cancel job_0190a0b0
    """
    with connected(url, token, home) as client:
        typer.echo(client.cancel(_find(client, reference).id).state)


@app.command("retry")
def retry(reference: ReferenceArgument, url: UrlOption = "", token: TokenOption = "", home: HomeOption = None) -> None:
    """Try a job's failed documents again.

    Examples:

      pigeonhole jobs retry monday-batch

      pigeonhole jobs retry job_0190a0b0
    """
    with connected(url, token, home) as client:
        typer.echo(client.retry(_find(client, reference).id).state)


@contextmanager
def connected(url: str, token: str, home: Path | None) -> Iterator["PlatformClient"]:
    """Give a client of the platform that was named, or of this machine's; failures are said in one sentence."""
    with reported_errors():
        from pigeonhole_api.client import PlatformClient

        found_url, found_token = _local_platform(home) if not (url and token) else (url, token)
        with PlatformClient(url or found_url, token or found_token) as client:
            yield client


def _local_platform(home: Path | None) -> tuple[str, str]:
    from pigeonhole_frontends.laptop.home import Home

    folder = Home(platform_settings(home).home)
    try:
        address = json.loads(folder.address_file.read_bytes())["api"]
    except (OSError, ValueError, KeyError):
        fail(
            f"No platform is running in '{folder.root}'.",
            ExitCode.UNAVAILABLE,
            "Start it with: pigeonhole serve; or give --url and --token.",
        )
    return str(address), folder.token()


def _find(client: "PlatformClient", reference: str) -> "Job":
    if reference.startswith("job_"):
        return client.job(reference)
    job = client.job_by_reference(reference)
    if job is None:
        fail(f"There is no job with the reference '{reference}'.", ExitCode.FAILED, "pigeonhole jobs list")
    return job


def _wait(client: "PlatformClient", job: "Job") -> None:
    with progress("Sorting", total=job.counts.total) as bar:
        client.wait(job.id, on_progress=lambda now: bar.show("Sorting", ended_documents(now), now.counts.total))


def ended_documents(job: "Job") -> int:
    """Return how many of a job's documents have come to an end."""
    counts = job.counts
    return counts.classified + counts.needs_review + counts.failed + counts.cancelled


def _print_job(client: "PlatformClient", job_id: str, *, as_json: bool) -> None:
    job, documents = client.job(job_id), list(client.all_documents(job_id))
    if as_json:
        values: dict[str, Any] = job.model_dump(mode="json")
        print_json({**values, "documents": [document.model_dump(mode="json", by_alias=True) for document in documents]})
    else:
        rows = [_document_row(document) for document in documents]
        columns = ("file", "state", "class", "confidence", "remark")
        stdout().print(table(f"{job.reference}: {job.state}", columns, rows, right=("confidence",)))
    if any(document.state == "failed" for document in documents):
        raise typer.Exit(ExitCode.REFUSED)


def _document_row(document: "Document") -> tuple[str, ...]:
    prediction = document.prediction
    remark = document.error.detail if document.error else ""
    class_name = (prediction and prediction.class_name) or "-"
    return (
        document.name,
        document.state,
        class_name,
        percent(prediction.confidence if prediction else None),
        remark,
    )


def _row(job: "Job") -> tuple[str, ...]:
    counts = job.counts
    numbers = (counts.total, counts.classified, counts.needs_review, counts.failed)
    return (job.reference, job.state, *(str(number) for number in numbers), str(job.created_at))
