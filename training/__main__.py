"""`python -m training` is `dafx-train`; also the place that says what training needs."""

import sys


def main() -> None:
    """Entry point of the console command."""
    try:
        from training.cli import app
    except ModuleNotFoundError as error:
        print(
            f"error: training needs {error.name}: pip install 'dafx-bridge[train]'",
            file=sys.stderr,
        )
        sys.exit(1)
    app()


if __name__ == "__main__":
    main()
