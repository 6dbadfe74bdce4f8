"""What the command's exit codes mean; `pigeonhole --help` lists them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the `pigeonhole` command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_BETTER = 3
    REFUSED = 4
    UNAVAILABLE = 5


EXPLANATIONS = {
    ExitCode.OK: "done",
    ExitCode.FAILED: "failed; the sentence on stderr says why",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.NOT_BETTER: "trained and registered, but a gate stopped the model from serving",
    ExitCode.REFUSED: "some files were refused; the others are done",
    ExitCode.UNAVAILABLE: "the platform, the registry or a tool is not there",
}
