"""`python -m rowgate`: the same commands as the console scripts."""

from rowgate.cli import main

if __name__ == "__main__":
    main()
