"""`rowgate console`: where the web console is, and a browser that shows it."""

import webbrowser

import httpx

from rowgate.cli.engine import Engine
from rowgate.cli.failures import OUTPUT, CommandError


def console(engine: Engine, *, in_browser: bool) -> None:
    """Print the console's address, and open it where asked to.

    Raises `CommandError` where no engine answers, or it serves no console.
    """
    url = engine.url("/console")
    try:
        status = httpx.get(url, timeout=10, follow_redirects=True).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(f"No engine answers at {url}: {error}.") from None
    if status != httpx.codes.OK:
        raise CommandError(
            f"{url} answers with status {status}: start the engine with "
            "HASURA_GRAPHQL_ENABLE_CONSOLE=true."
        )
    OUTPUT.print(url, markup=False)
    if in_browser and not webbrowser.open(url):
        raise CommandError("No browser can be opened here.")
