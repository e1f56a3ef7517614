"""`python -m training` is `dafx-train`; also the place that says what training needs."""

import sys


def main() -> None:
    """Entry point of the console command."""
    try:
        from bridge.cli.printing import encode_anything
        from training.cli import app
    except ModuleNotFoundError as error:
        print(
            f"error: training needs {error.name}: pip install 'dafx-bridge[train]'",
            file=sys.stderr,
        )
        sys.exit(1)
    encode_anything()
    app()


if __name__ == "__main__":
    main()
