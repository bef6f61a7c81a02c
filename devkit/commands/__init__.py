"""One module a command, each with main(options) that returns the exit code."""
