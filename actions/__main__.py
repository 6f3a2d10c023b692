"""`python -m actions`: serve."""

from actions.app import create
from service.process import serve

DEFAULT_PORT = 8082


def main() -> None:
    """Serve until stopped."""
    serve(create, DEFAULT_PORT)


if __name__ == "__main__":
    main()
