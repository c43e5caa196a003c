"""Run the command as `python -m flows.cli`."""

from flows.cli import command

if __name__ == "__main__":
    command()
